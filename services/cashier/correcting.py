"""Correct what was charged: a reversing entry, that a second person approves where money moved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.cashier.models import Correction, Receipt, ServiceRendered
from services.cashier.recording import Visit, issue_receipt
from services.cashier.rules import Means
from services.consulates.queries import get_consulate
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.db import violated_constraint
from services.kernel.errors import Conflict, WrongState
from services.kernel.ids import new_id
from services.kernel.money import Money
from services.kernel.tables import get_row


@dataclass(frozen=True)
class RequestCorrection:
    """Take one service back that was recorded, for a ``reason``."""

    rendered: UUID
    reason: str


def request_correction(
    session: Session, command: RequestCorrection, *, now: datetime, actor: Actor
) -> Correction:
    """Ask for it. Where nothing was charged it is done at once.

    Raises NotFound, `WrongState` for a correction itself, Conflict "correction_waits" where there
    is one already.
    """
    row = get_row(session, ServiceRendered, command.rendered)
    if row.reverses_id is not None:
        raise WrongState(state="reversed")
    correction = Correction(
        id=new_id(),
        rendered_id=row.id,
        consulate_code=row.consulate_code,
        reason=command.reason,
        requested_by=actor.account_id,
        requested_at=now,
    )
    _add(session, correction)
    _audit(session, row, "charge.correction_requested", now, actor)
    if row.charged_minor == 0:
        correction.approved, correction.decided_at = True, now
        _reverse(session, row, correction, now=now, actor=actor)
    return correction


def decide_correction(
    session: Session, id: UUID, *, approve: bool, now: datetime, actor: Actor
) -> Correction:
    """A second person approves it, or doesn't.

    Raises NotFound, `WrongState` for one that was decided, Conflict "own_correction" for whoever
    asked for it.
    """
    correction = get_row(session, Correction, id, lock=True)
    if correction.approved is not None:
        raise WrongState(state="approved" if correction.approved else "refused")
    if correction.requested_by == actor.account_id:
        raise Conflict("own_correction")
    row = get_row(session, ServiceRendered, correction.rendered_id)
    correction.approved, correction.decided_at = approve, now
    correction.decided_by = actor.account_id
    if approve:
        _reverse(session, row, correction, now=now, actor=actor)
    else:
        _audit(session, row, "charge.correction_refused", now, actor)
    return correction


def _add(session: Session, correction: Correction) -> None:
    session.add(correction)
    try:
        session.flush()
    except IntegrityError as error:
        if violated_constraint(error) == "uq_corrections_rendered_id":
            raise Conflict("correction_waits") from None
        raise


def _reverse(
    session: Session, row: ServiceRendered, correction: Correction, *, now: datetime, actor: Actor
) -> None:
    """The same sum the other way, on the day of the correction and in the cash of who asked."""
    zone = ZoneInfo(get_consulate(session, row.consulate_code).time_zone)
    day, charged = now.astimezone(zone).date(), Money(-row.charged_minor, row.currency)
    visit = Visit(row.appointment_id, row.consulate_code, row.account_id, day)
    requester = replace(actor, account_id=correction.requested_by)
    before = session.get(Receipt, row.receipt_id) if row.receipt_id else None
    means = Means(before.means) if before else Means.NOT_TOLD
    receipt = (
        issue_receipt(session, visit, charged, means, now=now, actor=requester)
        if charged.minor
        else None
    )
    session.add(
        ServiceRendered(
            id=new_id(),
            appointment_id=row.appointment_id,
            attendee=row.attendee,
            person_id=row.person_id,
            consulate_code=row.consulate_code,
            account_id=row.account_id,
            day=day,
            service_code=row.service_code,
            act=row.act,
            charged_minor=charged.minor,
            currency=row.currency,
            receipt_id=receipt.id if receipt else None,
            officer_id=correction.requested_by,
            rendered_at=now,
            reverses_id=row.id,
            reason=correction.reason,
        )
    )
    session.flush()
    _audit(session, row, "charge.corrected", now, actor)


def _audit(
    session: Session, row: ServiceRendered, action: str, now: datetime, actor: Actor
) -> None:
    subject = audit.Subject("service_rendered", row.id, row.account_id, row.consulate_code)
    audit.record(session, subject, action=action, now=now, actor=actor)
