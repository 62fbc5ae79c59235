"""Evaluate the rules, and tell of each that came to hold or holds no longer.

What was told and the items of the outbox that carry it are written in one transaction: a crash
loses none and repeats none. A state is told once a period; one that goes on isn't told again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.alerts.models import AlertMail, AlertNotice, AlertReader, AlertRule
from services.alerts.reading import Reading, read
from services.alerts.rules import State
from services.kernel.ids import new_id
from services.outbox.delivery import enqueue

TOPIC = "alerts.notice"


def list_active(session: Session) -> Sequence[UUID]:
    """The rules that are to be looked at, the longest unseen first."""
    place = (AlertRule.looked_at.nulls_first(), AlertRule.id)
    rows = select(AlertRule.id).where(AlertRule.paused_at.is_(None)).order_by(*place)
    return session.scalars(rows).all()


def evaluate(session: Session, rule_id: UUID, *, now: datetime) -> AlertNotice | None:
    """Look at one rule; returns what there is to tell. Nothing where it is paused by now, or there
    is no target to hold it against. Raises Unavailable: the moment isn't settled yet."""
    rule = session.scalars(
        select(AlertRule)
        .where(AlertRule.id == rule_id, AlertRule.paused_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if rule is None:
        return None
    reading = read(session, rule.watch, now=now)
    rule.looked_at = now
    session.flush()
    if reading.holds is None or reading.holds is (_last_state(session, rule) == State.RAISED):
        return None
    return _tell(session, rule, reading, now)


def _last_state(session: Session, rule: AlertRule) -> str | None:
    newest = (
        select(AlertNotice.state)
        .where(AlertNotice.rule_id == rule.id)
        .order_by(AlertNotice.at.desc(), AlertNotice.id.desc())
        .limit(1)
    )
    return session.scalar(newest)


def _tell(session: Session, rule: AlertRule, reading: Reading, now: datetime) -> AlertNotice | None:
    """Nothing where this period was told of this state before."""
    notice: AlertNotice | None = session.scalar(
        insert(AlertNotice)
        .values(
            id=new_id(),
            rule_id=rule.id,
            state=(State.RAISED if reading.holds else State.CLEARED).value,
            day=reading.first,
            last_day=reading.last,
            value=reading.value,
            against=reading.against,
            as_of=reading.as_of,
            at=now,
        )
        .on_conflict_do_nothing(constraint="uq_alert_notices_period_state")
        .returning(AlertNotice)
    )
    if notice is not None:
        for reader in _readers(session, rule):
            mail = AlertMail(id=new_id(), rule_id=rule.id, notice_id=notice.id, staff_id=reader)
            session.add(mail)
            enqueue(session, TOPIC, mail.id)
        session.flush()
    return notice


def _readers(session: Session, rule: AlertRule) -> Sequence[UUID]:
    wanted = (AlertReader.rule_id == rule.id, AlertReader.stopped_at.is_(None))
    return session.scalars(select(AlertReader.staff_id).where(*wanted)).all()
