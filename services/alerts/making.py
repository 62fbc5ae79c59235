"""Make a rule, pause it and let it go on; a reader may want no more of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.alerts.models import AlertReader, AlertRule
from services.alerts.names import check_narrowed
from services.alerts.rules import Watch, find_fault
from services.kernel import audit
from services.kernel.audit import OFFICE_ROLES, Actor, Role
from services.kernel.errors import Invalid, NotFound
from services.kernel.ids import new_id
from services.kernel.tables import get_row
from services.monitoring.figures import refuse_others
from services.monitoring.indicators import INDICATORS
from services.staff.accounts import list_by_email
from services.staff.models import StaffAccount

# They may open what a message leads to: the network's figures, or an office's own.
READERS = frozenset({Role.ANALYST, Role.AUDITOR, Role.ADMIN})


@dataclass(frozen=True)
class MakeAlert:
    """``readers``: whom to tell, by the addresses that their accounts have."""

    watch: Watch
    why: str
    readers: Sequence[str]
    language: str


def make_alert(session: Session, command: MakeAlert, *, now: datetime, actor: Actor) -> AlertRule:
    """Begin to watch. Raises what `check_watch` and `find_readers` raise."""
    watch = own_watch(command.watch, actor)
    check_watch(session, watch, actor)
    readers = find_readers(session, command.readers, watch.consulate)
    rule = AlertRule(
        id=new_id(),
        indicator=watch.indicator,
        consulate_code=watch.consulate,
        country=watch.country,
        program=watch.program,
        status=watch.status,
        span=watch.span,
        condition=watch.condition,
        amount=watch.limit,
        why=command.why,
        language=command.language,
        made_at=now,
        made_by=actor.account_id,
    )
    session.add(rule)
    session.flush()
    session.add_all([AlertReader(rule_id=rule.id, staff_id=reader.id) for reader in readers])
    session.flush()
    _audit(session, rule, "alert.make", now, actor)
    return rule


def own_watch(watch: Watch, actor: Actor) -> Watch:
    """Staff of an office watch their own, whatever was asked."""
    return replace(watch, consulate=actor.consulate) if actor.consulate else watch


def check_watch(session: Session, watch: Watch, actor: Actor) -> None:
    """Raise Invalid where its parts don't go together or name what isn't there; NotFound for an
    unknown office. Staff of an office watch its service levels, which they have on their page."""
    fault = find_fault(watch)
    if fault:
        raise fault
    if actor.role in OFFICE_ROLES and not (watch.is_level and watch.consulate == actor.consulate):
        raise Invalid("alert_own_levels", field="indicator")
    check_narrowed(session, watch.consulate, watch.country, watch.program)
    if not watch.is_level:
        refuse_others(INDICATORS[watch.indicator], {*watch.only}, field="program")


def find_readers(
    session: Session, addresses: Sequence[str], consulate: str | None
) -> Sequence[StaffAccount]:
    """The accounts of these addresses that may open the figures. Raises Invalid ``reader_unknown``
    with the addresses that none has."""
    wanted = list(dict.fromkeys(address.strip().lower() for address in addresses))
    readers = {
        (member.email or "").lower(): member
        for member in list_by_email(session, wanted)
        if may_read(member, consulate)
    }
    unknown = [address for address in wanted if address not in readers]
    if unknown or not wanted:
        raise Invalid("reader_unknown", field="readers", addresses=", ".join(unknown))
    return list(readers.values())


def may_read(member: StaffAccount, consulate: str | None) -> bool:
    """Whether the account may open figures of the office, or of all without one."""
    if member.role in READERS:
        return True
    own = consulate is not None and member.consulate_code == consulate
    return own and member.role == Role.SUPERVISOR


def pause(session: Session, rule: UUID, *, now: datetime, actor: Actor) -> AlertRule:
    """Watch no longer; nothing happens to one that is paused. Raises NotFound."""
    return _set_paused(session, rule, True, now, actor)


def resume(session: Session, rule: UUID, *, now: datetime, actor: Actor) -> AlertRule:
    """Watch again; nothing happens to one that is active. Raises NotFound."""
    return _set_paused(session, rule, False, now, actor)


def _set_paused(
    session: Session, rule: UUID, paused: bool, now: datetime, actor: Actor
) -> AlertRule:
    row = get_row(session, AlertRule, rule)
    changed = session.execute(
        update(AlertRule)
        .where(AlertRule.id == rule, AlertRule.paused_at.is_(None) == paused)
        .values(
            paused_at=now if paused else None,
            paused_by=actor.account_id if paused else None,
        )
        .returning(AlertRule.id)
    ).first()
    if changed:
        _audit(session, row, "alert.pause" if paused else "alert.resume", now, actor)
        session.refresh(row)
    return row


def stop_reading(session: Session, rule: UUID, *, now: datetime, actor: Actor) -> None:
    """Whoever asks is told no more of the rule. Raises NotFound for one who wasn't."""
    stopped = session.execute(
        update(AlertReader)
        .where(AlertReader.rule_id == rule, AlertReader.staff_id == actor.account_id)
        .values(stopped_at=now)
        .returning(AlertReader.rule_id)
    ).first()
    if stopped is None:
        raise NotFound()


def _audit(session: Session, rule: AlertRule, action: str, now: datetime, actor: Actor) -> None:
    subject = audit.Subject("alert_rule", rule.id)
    audit.record(session, subject, action=action, now=now, actor=actor)
