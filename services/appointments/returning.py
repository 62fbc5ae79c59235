"""Come back without another booking: the pass of who couldn't be served.

While it is good, the person's claims stay. So nobody who comes back is sent away at the door
because of a booking made meanwhile, and nobody else takes their name. Who would rather book anew
gives the pass up, which is what cancelling means then and what `already_booked` advises.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.appointments.errors import WrongState
from services.appointments.models import Appointment, Claim, ReturnPass
from services.appointments.rules import Status, last_day_to_return
from services.consulates.queries import get_consulate
from services.kernel import audit


def give_pass(session: Session, found: Appointment, *, now: datetime) -> None:
    """Good for some weeks from the day at the office."""
    held = session.get(ReturnPass, found.id)
    if held is None:
        held = ReturnPass(
            appointment_id=found.id,
            consulate_code=found.consulate_code,
            account_id=found.account_id,
        )
        session.add(held)
    held.valid_until = last_day_to_return(found.day, today_at_office(session, found, now))
    session.flush()


def use_pass(session: Session, found: Appointment, *, now: datetime) -> None:
    """The person is back: it serves once. Raises `WrongState` when it isn't good any more."""
    held = _good_pass(session, found, now)
    held.valid_until = None
    held.returned_on = today_at_office(session, found, now)
    session.flush()


def give_up_pass(
    session: Session, found: Appointment, *, now: datetime, actor: audit.Actor
) -> None:
    """The person won't come back and may book again. Raises `WrongState`, as `use_pass`."""
    _good_pass(session, found, now).valid_until = None
    session.flush()
    drop_claims(session, found.id)
    audit.record(
        session,
        actor=actor,
        action="appointment.give_up_pass",
        subject_kind="appointment",
        subject_id=found.id,
        now=now,
        person_account_id=found.account_id,
        consulate=found.consulate_code,
    )


def end_passes(session: Session, *, before: date, most: int) -> int:
    """Passes whose last day came before that day end. Returns how many."""
    expired = session.scalars(
        select(ReturnPass)
        .where(ReturnPass.valid_until < before)
        .order_by(ReturnPass.valid_until)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for held in expired:
        held.valid_until = None
        drop_claims(session, held.appointment_id)
    session.flush()
    return len(expired)


def list_passes(
    session: Session, appointments: Sequence[Appointment], *, now: datetime
) -> dict[UUID, date]:
    """Their last day, by appointment: of those that are good today."""
    waiting = {a.id: a for a in appointments if a.status == Status.NOT_SERVED}
    if not waiting:
        return {}
    rows = session.execute(
        select(ReturnPass.appointment_id, ReturnPass.valid_until).where(
            ReturnPass.appointment_id.in_(waiting), ReturnPass.valid_until.is_not(None)
        )
    )
    return {
        id: until
        for id, until in rows
        if until is not None and today_at_office(session, waiting[id], now) <= until
    }


def day_at_desk(session: Session, found: Appointment) -> date:
    """In whose agenda it stands: that of the day when its people came back, or its own."""
    held = session.get(ReturnPass, found.id)
    return (held.returned_on if held else None) or found.day


def drop_claims(session: Session, appointment: UUID) -> None:
    """Its people may book the same services again."""
    session.execute(delete(Claim).where(Claim.appointment_id == appointment))


def today_at_office(session: Session, found: Appointment, now: datetime) -> date:
    """The day on the wall calendar of the appointment's office."""
    zone = ZoneInfo(get_consulate(session, found.consulate_code).time_zone)
    return now.astimezone(zone).date()


def _good_pass(session: Session, found: Appointment, now: datetime) -> ReturnPass:
    held = session.get(ReturnPass, found.id)
    until = held.valid_until if held else None
    if held is None or until is None or until < today_at_office(session, found, now):
        raise WrongState(state=found.status)
    return held
