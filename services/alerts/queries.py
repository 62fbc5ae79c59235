"""Read rules, whom they tell, and what was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.alerts.making import may_read
from services.alerts.models import AlertMail, AlertNotice, AlertReader, AlertRule
from services.alerts.reading import Reading
from services.alerts.rules import State
from services.kernel.tables import get_row
from services.messages.models import SentMessage
from services.staff.accounts import find_active
from services.staff.models import StaffAccount

MOST_NOTICES = 100


@dataclass(frozen=True)
class Reader:
    """Whom a rule tells; ``stopped``: they want no more of it."""

    account: UUID
    name: str
    stopped: bool


@dataclass(frozen=True)
class Delivery:
    """A notice to one reader: the state of its message, None before it was begun."""

    name: str
    state: str | None


@dataclass(frozen=True)
class Told:
    """A notice, and to whom it went."""

    notice: AlertNotice
    deliveries: Sequence[Delivery]


def list_rules(session: Session) -> Sequence[AlertRule]:
    """Those of the scope, the active ones first, the newest first."""
    place = (AlertRule.paused_at.is_not(None), AlertRule.made_at.desc(), AlertRule.id)
    return session.scalars(select(AlertRule).order_by(*place)).all()


def get_rule(session: Session, id: UUID) -> AlertRule:
    """One rule. Raises NotFound."""
    return get_row(session, AlertRule, id)


def list_readers(session: Session, rule: UUID) -> Sequence[Reader]:
    """Whom it tells, by name."""
    rows = session.execute(
        select(StaffAccount.id, StaffAccount.name, AlertReader.stopped_at)
        .join(AlertReader, AlertReader.staff_id == StaffAccount.id)
        .where(AlertReader.rule_id == rule)
        .order_by(StaffAccount.name, StaffAccount.id)
    )
    return [Reader(id, name, stopped is not None) for id, name, stopped in rows]


def list_told(session: Session, rule: UUID) -> Sequence[Told]:
    """What it told, the newest first, with what became of each message."""
    notices = session.scalars(
        select(AlertNotice)
        .where(AlertNotice.rule_id == rule)
        .order_by(AlertNotice.at.desc(), AlertNotice.id)
        .limit(MOST_NOTICES)
    ).all()
    deliveries: dict[UUID, list[Delivery]] = {notice.id: [] for notice in notices}
    rows = session.execute(
        select(AlertMail.notice_id, StaffAccount.name, SentMessage.state)
        .join(StaffAccount, StaffAccount.id == AlertMail.staff_id)
        .outerjoin(SentMessage, SentMessage.ref == AlertMail.id)
        .where(AlertMail.rule_id == rule)
        .order_by(StaffAccount.name)
    )
    for notice, name, state in rows:
        if notice in deliveries:
            deliveries[notice].append(Delivery(name, state))
    return [Told(notice, deliveries[notice.id]) for notice in notices]


def reading_of(notice: AlertNotice) -> Reading:
    """What was read when it was told."""
    return Reading(
        first=notice.day,
        last=notice.last_day,
        as_of=notice.as_of,
        value=notice.value,
        against=notice.against,
        holds=notice.state == State.RAISED,
    )


@dataclass(frozen=True)
class Mail:
    """A notice as it goes to one reader."""

    rule: AlertRule
    notice: AlertNotice
    email: str


def find_mail(session: Session, id: UUID) -> Mail | None:
    """The notice of a mail; None where its reader is no longer there, has no address, or wants no
    more of it, and where the rule was paused."""
    mail = session.get(AlertMail, id)
    if mail is None:
        return None
    rule, notice = (session.get_one(AlertRule, mail.rule_id),
                    session.get_one(AlertNotice, mail.notice_id))  # fmt: skip
    reader = session.get_one(AlertReader, (mail.rule_id, mail.staff_id))
    member = find_active(session, mail.staff_id)
    if rule.paused_at or reader.stopped_at or member is None or not member.email:
        return None
    return Mail(rule, notice, member.email) if may_read(member, rule.consulate_code) else None
