"""Come back without another booking: the pass of who couldn't be served, or came late.

A pass is no appointment: meanwhile the person may book the same service again, should another day
suit them better. So their claims are put away with the pass, and taken again when they come back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.appointments.errors import ClaimTaken
from services.appointments.models import Appointment, Claim, ResemblanceKey, ReturnPass
from services.appointments.rules import RETURNABLE, Status, last_day_to_return
from services.consulates.queries import get_consulate
from services.kernel.errors import WrongState

# Noted in the outcome of who came after being marked as absent: their place, and when they came.
LATE_ARRIVAL = "late_arrival"


def give_pass(session: Session, appointment: Appointment, *, now: datetime) -> None:
    """To who couldn't be served, for some weeks from the day at the office; to who was noted as
    absent, for that day only and once."""
    keys, today = drop_claims(session, appointment.id), today_at_office(session, appointment, now)
    until = last_day_to_return(appointment.day, today)
    if appointment.status == Status.NO_SHOW:
        if LATE_ARRIVAL in (appointment.outcome or {}):
            return
        until = day_at_desk(session, appointment)
    held = session.get(ReturnPass, appointment.id)
    if held is None:
        held = ReturnPass(
            appointment_id=appointment.id,
            consulate_code=appointment.consulate_code,
            account_id=appointment.account_id,
        )
        session.add(held)
    held.valid_until, held.person_keys = until, keys
    session.flush()


def use_pass(session: Session, appointment: Appointment, *, now: datetime) -> None:
    """Use a return pass, once.

    Raises `WrongState` when it isn't good any more, `ClaimTaken` when they hold another
    appointment for the same by now.
    """
    held = session.get(ReturnPass, appointment.id)
    today = today_at_office(session, appointment, now)
    if held is None or held.valid_until is None or held.valid_until < today:
        raise WrongState(state=appointment.status)
    take_claims(session, appointment, held.person_keys)
    held.valid_until, held.person_keys, held.returned_on = None, [], today
    session.flush()


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
        held.valid_until, held.person_keys = None, []
    session.flush()
    return len(expired)


def list_passes(
    session: Session, appointments: Sequence[Appointment], *, now: datetime
) -> dict[UUID, date]:
    """Their last day, by appointment: of those that are good today."""
    waiting = {a.id: a for a in appointments if a.status in RETURNABLE}
    if not waiting:
        return {}
    rows = session.execute(
        select(ReturnPass.appointment_id, ReturnPass.valid_until).where(
            ReturnPass.appointment_id.in_(waiting), ReturnPass.valid_until.is_not(None)
        )
    )
    today = today_at_offices(session, waiting.values(), now)
    return {
        id: until
        for id, until in rows
        if until is not None and today[waiting[id].consulate_code] <= until
    }


def day_at_desk(session: Session, appointment: Appointment) -> date:
    """In whose agenda it stands: that of the day when its people came back, or its own."""
    held = session.get(ReturnPass, appointment.id)
    return (held.returned_on if held else None) or appointment.day


def beyond_today(
    session: Session, appointments: Sequence[Appointment], *, now: datetime
) -> list[Appointment]:
    """Those that are not in today's agenda of their office: neither of today nor back today."""
    today = today_at_offices(session, appointments, now)
    others = {a.id: a for a in appointments if a.day != today[a.consulate_code]}
    if not others:
        return []
    rows = session.execute(
        select(ReturnPass.appointment_id, ReturnPass.returned_on).where(
            ReturnPass.appointment_id.in_(others), ReturnPass.returned_on.is_not(None)
        )
    )
    back = {id for id, day in rows if day == today[others[id].consulate_code]}
    return [appointment for appointment in others.values() if appointment.id not in back]


def take_claims(session: Session, appointment: Appointment, keys: Sequence[bytes]) -> None:
    """Claim each of its services for the people of ``keys``. Raises `ClaimTaken`.

    In key order, as bookings do, so that two requests wait and never deadlock.
    """
    rows = [
        {
            "person_key": key,
            "service_code": service,
            "account_id": appointment.account_id,
            "appointment_id": appointment.id,
        }
        for key in sorted(keys)
        for service in sorted(appointment.services)
    ]
    taken = session.execute(
        insert(Claim).on_conflict_do_nothing().returning(Claim.person_key), rows
    ).all()
    if len(taken) < len(rows):
        raise ClaimTaken()


def drop_claims(session: Session, appointment: UUID) -> list[bytes]:
    """Its people may book the same services again. Returns the keys under which they claimed."""
    dropped = session.execute(
        delete(Claim).where(Claim.appointment_id == appointment).returning(Claim.person_key)
    )
    session.execute(delete(ResemblanceKey).where(ResemblanceKey.appointment_id == appointment))
    return sorted(set(dropped.scalars()))


def today_at_office(session: Session, appointment: Appointment, now: datetime) -> date:
    """The day on the wall calendar of the appointment's office."""
    return today_at_offices(session, [appointment], now)[appointment.consulate_code]


def today_at_offices(
    session: Session, appointments: Iterable[Appointment], now: datetime
) -> dict[str, date]:
    """The day on the wall calendar of each office that the appointments are at, by its code."""
    codes = {appointment.consulate_code for appointment in appointments}
    zones = {code: ZoneInfo(get_consulate(session, code).time_zone) for code in codes}
    return {code: now.astimezone(zone).date() for code, zone in zones.items()}
