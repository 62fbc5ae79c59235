"""Take the desk's last step back, within a minute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.appointments.errors import ChargedAlready, NothingToUndo
from services.appointments.lifecycle import LIFECYCLE, list_members, move_members
from services.appointments.models import Appointment, DeskStep, Member, ReturnPass, Visit
from services.appointments.returning import drop_claims, take_claims
from services.appointments.rules import LIVE, UNDO_WITHIN, Status, Step
from services.appointments.visiting import last_step
from services.cashier.correcting import RequestCorrection, request_correction
from services.cashier.models import ServiceRendered
from services.kernel.audit import Actor

# Why what was recorded at the end of a visit is taken back.
UNDONE = "Se deshizo en la ventanilla"


def undo(session: Session, id: UUID, *, now: datetime, actor: Actor) -> Appointment:
    """Bring everybody whom the last step moved back to where they were.

    Raises NotFound, `ChargedAlready`, `NothingToUndo` when it is older, was undone, or somebody
    moved on since; `ClaimTaken` when they booked the same again meanwhile.
    """
    appointment = LIFECYCLE.lock(session, id)
    steps = last_step(session, id, since=now - UNDO_WITHIN)
    members = {each.n: each for each in list_members(session, appointment)}
    if not steps or any(members[step.n].status != step.status for step in steps):
        raise NothingToUndo()
    for status in sorted({step.before["status"] for step in steps}):
        own = [step for step in steps if step.before["status"] == status]
        _move_back(session, appointment, own, members, Status(status), now=now, actor=actor)
    for step in steps:
        _restore(session, appointment, members[step.n], step)
        step.undone_at = now
    if steps[0].step == Step.COMPLETE:
        _take_back_services(session, id, at=steps[0].at, now=now, actor=actor)
    session.flush()
    return appointment


def _take_back_services(
    session: Session, appointment: UUID, *, at: datetime, now: datetime, actor: Actor
) -> None:
    """Correct what the step recorded. What was charged needs a second person, as any correction
    of money: raises `ChargedAlready`."""
    rows = session.scalars(
        select(ServiceRendered)
        .where(ServiceRendered.appointment_id == appointment, ServiceRendered.rendered_at == at)
        .order_by(ServiceRendered.id)
    ).all()
    if any(row.charged_minor for row in rows):
        raise ChargedAlready()
    for row in rows:
        request_correction(session, RequestCorrection(row.id, UNDONE), now=now, actor=actor)


def _move_back(
    session: Session,
    appointment: Appointment,
    steps: Sequence[DeskStep],
    members: dict[int, Member],
    status: Status,
    *,
    now: datetime,
    actor: Actor,
) -> None:
    before = {step.n: step.before for step in steps}
    first = steps[0].before
    move_members(
        session,
        appointment,
        [members[step.n] for step in steps],
        status,
        now=now,
        actor=actor,
        action="appointment.undo",
        back=True,
        columns_of=lambda member: {
            "desk": before[member.n]["desk"],
            "outcome": before[member.n]["outcome"],
        },
        desk=first["desk"],
        outcome=first["whole_outcome"],
    )


def _restore(session: Session, appointment: Appointment, member: Member, step: DeskStep) -> None:
    """Claims, pass and place in the queue as they were."""
    before = step.before
    mine = {"appointment_id": appointment.id, "n": member.n}
    session.execute(
        delete(Visit).where(Visit.appointment_id == appointment.id, Visit.n == member.n)
    )
    if before["visit"] is not None:
        session.add(Visit(**{**_columns(before["visit"]), **mine}))
    held = session.get(ReturnPass, (appointment.id, member.n))
    if held is not None:
        kept = _columns(before["pass"] or {"person_keys": []})
        held.valid_until, held.returned_on = kept.get("valid_until"), kept.get("returned_on")
        held.person_keys = kept["person_keys"]
    session.flush()
    if Status(before["status"]) not in LIVE:
        drop_claims(session, appointment, member)
    elif Status(step.status) not in LIVE:
        keys = [bytes.fromhex(key) for key in before["keys"]]
        take_claims(session, appointment, keys, n=member.n)


def _columns(kept: dict[str, Any]) -> dict[str, Any]:
    return {name: _read(name, value) for name, value in kept.items() if name != "appointment_id"}


def _read(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "person_keys":
        return [bytes.fromhex(key) for key in value]
    if name.endswith("_at"):
        return datetime.fromisoformat(value)
    if name in ("day", "valid_until", "returned_on"):
        return date.fromisoformat(value)
    return UUID(value) if name.endswith(("_id", "_by")) else value
