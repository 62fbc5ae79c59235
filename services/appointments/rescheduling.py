"""Move an appointment to another time or office, at once or not at all.

It stays the same appointment: its folio, its people and what they come for. The places that it
leaves are given back later, at a moment that nobody can know (`freeing`), so that a move can't hand
a place to somebody who waits for it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from services.appointments.errors import SlotNotOffered
from services.appointments.finding_seats import find_seats, take_seats
from services.appointments.freeing import seats_of, vacate
from services.appointments.lifecycle import LIFECYCLE, count_members, note_ages
from services.appointments.mobile import Mobile, get_mobile, mobile_at, mobile_places
from services.appointments.models import Appointment, Seat, VacatedPlace
from services.appointments.rules import PRODUCTION_LIMITS, BookingLimits, Status, Step
from services.appointments.seating import Party
from services.appointments.steps import who_may
from services.citizens.errors import TooManyAttempts
from services.citizens.models import Person
from services.consulates.models import Consulate
from services.kernel import audit
from services.kernel.audit import OFFICE_ROLES, Actor
from services.kernel.db import driver_connection
from services.kernel.errors import Invalid, NotFound
from services.outbox.delivery import enqueue

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class RescheduleAppointment:
    """``consulate`` when it moves to another office too; ``place``: to that mobile consulate of the
    office, else to where a booking of that start leads."""

    appointment: UUID
    start: datetime
    consulate: str | None = None
    place: UUID | None = None


def reschedule(
    session: Session,
    command: RescheduleAppointment,
    *,
    now: datetime,
    actor: Actor,
    limits: BookingLimits = PRODUCTION_LIMITS,
) -> Appointment:
    """Take places at the other time, leave those of before; to where it is already: no change.

    Raises NotFound, also for the place, `WrongState` once it is over or its time has begun, Invalid
    ``consulate_not_found``, `SlotNotOffered`, `SlotTaken`, `TooManyAttempts` after too many moves
    within a day.
    """
    appointment = LIFECYCLE.lock(session, command.appointment)
    coming = who_may(session, appointment, Step.RESCHEDULE, now=now)
    consulate = command.consulate or appointment.consulate_code
    zone = _zone_of(session, consulate, actor)
    if _is_there(session, appointment, command, consulate) and appointment.orphaned_at is None:
        return appointment
    mobile = _mobile_there(session, appointment, command, consulate)
    day = command.start.astimezone(ZoneInfo(mobile.place.time_zone if mobile else zone)).date()
    if command.start <= now:
        raise SlotNotOffered(field="start")
    _refuse_hoarding(session, appointment, limits, now)
    count_members(session, appointment, coming, now=now, sign=-1)
    same_day = (consulate, day) == (appointment.consulate_code, appointment.day)
    stays = same_day and _stays(session, appointment, mobile)
    wanted = replace(command, consulate=consulate, place=mobile.id if mobile else None)
    ends_at = _move_seats(session, appointment, wanted, stays, actor, limits=limits, now=now)
    _place(session, appointment, consulate, day, command.start, ends_at, now)
    note_ages(session, appointment, coming)
    count_members(session, appointment, coming, now=now)
    subject = audit.Subject.of("appointment", appointment)
    audit.record(session, subject, action="appointment.reschedule", now=now, actor=actor)
    enqueue(session, "appointments.rescheduled", appointment.id)
    return appointment


def party_to_move(session: Session, appointment: Appointment) -> Party:
    """Who would be seated, with what they need of a window, the kept places that they may use and
    the mobile consulate that they are at, as long as it takes bookings: times to move to are looked
    for by it. Of nobody where nobody can move."""
    here = mobile_places(session, [appointment.id]).get(appointment.id)
    party = _party(appointment, session.scalars(seats_of(appointment, Status.BOOKED)).all())
    return replace(party, place=str(here.id)) if here and here.takes_bookings else party


def _party(appointment: Appointment, seats: Sequence[Seat]) -> Party:
    skills, share = (seats[0].skills, seats[0].share) if seats else ((), "")
    people = len({seat.person_id for seat in seats})
    services = tuple(appointment.services)
    return Party(appointment.starts_at, services, people, frozenset(skills), share)


def _zone_of(session: Session, consulate: str, actor: Actor) -> str:
    """The clock of the office that it moves to; staff move within their own."""
    zone = session.scalar(select(Consulate.time_zone).where(Consulate.code == consulate))
    if actor.role in OFFICE_ROLES and consulate != actor.consulate:
        raise NotFound("not_found", field="consulate")
    if zone is None:
        raise Invalid("consulate_not_found", field="consulate")
    return zone


def _is_there(
    session: Session, appointment: Appointment, command: RescheduleAppointment, consulate: str
) -> bool:
    """Whether it is at that time and place already."""
    if (consulate, command.start) != (appointment.consulate_code, appointment.starts_at):
        return False
    here = mobile_places(session, [appointment.id]).get(appointment.id)
    return command.place in (None, here and here.id)


def _mobile_there(
    session: Session, appointment: Appointment, command: RescheduleAppointment, consulate: str
) -> Mobile | None:
    """The mobile consulate that it moves to, if it is one."""
    if command.place:
        return get_mobile(session, consulate, command.place)
    return mobile_at(session, consulate, appointment.services[0], command.start)


def _refuse_hoarding(
    session: Session, appointment: Appointment, limits: BookingLimits, now: datetime
) -> None:
    """Each move holds the old places for a while too. The appointment's lock is held."""
    moves, first = session.execute(
        select(
            func.count(VacatedPlace.move_id.distinct()), func.min(VacatedPlace.vacated_at)
        ).where(VacatedPlace.appointment_id == appointment.id, VacatedPlace.vacated_at > now - _DAY)
    ).one()
    if moves >= limits.moves_per_day:
        raise TooManyAttempts(retry_after=int((first + _DAY - now).total_seconds()) + 1)


def _move_seats(
    session: Session,
    appointment: Appointment,
    command: RescheduleAppointment,
    stays: bool,
    actor: Actor,
    *,
    limits: BookingLimits,
    now: datetime,
) -> datetime:
    """Seat each person for each service from the start on; returns when the last one ends.
    ``stays``: they are counted on their day already."""
    session.flush()
    consulate = command.consulate or appointment.consulate_code
    seats = session.scalars(seats_of(appointment, Status.BOOKED)).all()
    people = sorted({seat.person_id for seat in seats})
    party = replace(
        _party(appointment, seats),
        start=command.start,
        of_day=stays,
        place=str(command.place or ""),
    )
    connection = driver_connection(session)
    held = [seat.hold_id for seat in seats if seat.hold_id]
    plan = find_seats(connection, consulate, party, holder=actor.account_id, now=now, leaving=held)
    vacate(session, appointment, limits=limits, now=now, of_day=not stays)
    if stays:
        _count_off(session, seats)
    take_seats(connection, appointment.id, plan, party, people)
    for seat in seats:
        session.expire(seat)
    return max(each.ends_at for each in plan.seats)


def _count_off(session: Session, seats: Sequence[Seat]) -> None:
    """Who moves within a day counts there once; its places are locked."""
    counts = [
        {"slot_id": str(seat.slot_id), "service": seat.service_code, "people": -1} for seat in seats
    ]
    session.execute(_COUNT_ON_DAYS, {"counts": json.dumps(counts)})


_COUNT_ON_DAYS = text("SELECT count_on_days(CAST(:counts AS jsonb))")


def _stays(session: Session, appointment: Appointment, mobile: Mobile | None) -> bool:
    """Whether all are counted on their day at the place that it moves to."""
    seats = session.scalars(seats_of(appointment, Status.BOOKED)).all()
    here = mobile_places(session, [appointment.id]).get(appointment.id)
    return (here and here.id) == (mobile and mobile.id) and all(seat.counted for seat in seats)


def _place(
    session: Session,
    appointment: Appointment,
    consulate: str,
    day: date,
    start: datetime,
    ends_at: datetime,
    now: datetime,
) -> None:
    """Write when and where it is; its people belong to the office that will see them."""
    if consulate != appointment.consulate_code:
        people = select(Seat.person_id).where(Seat.appointment_id == appointment.id)
        session.execute(
            update(Person)
            .where(Person.id.in_(people))
            .values(consulate_code=consulate)
            .execution_options(synchronize_session=False)
        )
    appointment.consulate_code, appointment.day = consulate, day
    appointment.starts_at, appointment.ends_at = start, ends_at
    appointment.orphaned_at = None
    appointment.changed_at, appointment.sequence = now, appointment.sequence + 1
    session.flush()
