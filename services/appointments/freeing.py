"""Free the places of a cancelled or moved appointment, at a moment that nobody can know.

A place that is free at once goes to whoever was told to wait for it: that is how appointments are
sold. So it stays taken; an item of the outbox, due after a delay drawn by lot, gives it back in the
transaction that ends the item, hence once.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, insert, select, text
from sqlalchemy.orm import Session

from services.appointments.models import Appointment, Member, Seat, VacatedPlace
from services.appointments.rules import BookingLimits, Status, free_after
from services.kernel.ids import new_id
from services.outbox.delivery import enqueue

_LOTS = 1_000_000

# Slots and sets in the order that bookings lock them.
_LOCK = """
    SELECT FROM slot_sets t JOIN slots ON slots.id = t.slot_id
    WHERE t.slot_id IN (SELECT slot_id FROM {left})
    ORDER BY slots.starts_at, t.slot_id, t.set_no FOR UPDATE OF t
"""
# What a change of the opening hours has uncounted meanwhile isn't counted as free again.
_FREE = """
    WITH given AS (
        UPDATE {left} AND counted RETURNING slot_id, service_code, {places} AS places
    )
    UPDATE slot_sets s SET taken = taken - (
        SELECT coalesce(sum(g.places), 0) FROM given g
        WHERE g.slot_id = s.slot_id AND g.service_code = ANY (s.services))
    WHERE s.slot_id IN (SELECT slot_id FROM given)
"""
_LOCK_APPOINTMENT = text("SELECT FROM appointments WHERE id = :appointment FOR NO KEY UPDATE")
_LOCK_CANCELLED = text(_LOCK.format(left="seats WHERE appointment_id = :appointment"))
_FREE_CANCELLED = text(
    _FREE.format(left="seats SET counted = false WHERE appointment_id = :appointment", places="1")
)
_LOCK_ONE = text(_LOCK.format(left="seats WHERE person_id = :person"))
_FREE_ONE = text(
    _FREE.format(left="seats SET counted = false WHERE person_id = :person", places="1")
)
_LOCK_VACATED = text(_LOCK.format(left="vacated_places WHERE move_id = :move"))
_FREE_VACATED = text(
    _FREE.format(left="vacated_places SET counted = false WHERE move_id = :move", places="places")
)


def free_later(
    session: Session,
    appointment: Appointment,
    leaving: Sequence[Member],
    *,
    limits: BookingLimits,
    now: datetime,
) -> None:
    """Ask for the places of who cancels to be freed, in the transaction that cancels them.

    Nobody cancels twice: one item for a whole party, or one for each of those who leave it.
    """
    delay = _delay(appointment.starts_at, limits, now)
    if len(leaving) == appointment.people:
        enqueue(session, "appointments.free_places", appointment.id, delay_seconds=delay)
        return
    for member in leaving:
        enqueue(session, "appointments.free_attendee", member.person_id, delay_seconds=delay)


def seats_of(appointment: Appointment, status: Status) -> Select[Any]:
    """The seats of its people with that status."""
    return (
        select(Seat)
        .join(
            Member,
            and_(Member.appointment_id == Seat.appointment_id, Member.person_id == Seat.person_id),
        )
        .where(Seat.appointment_id == appointment.id, Member.status == status)
    )


def vacate(
    session: Session, appointment: Appointment, *, limits: BookingLimits, now: datetime
) -> None:
    """Keep which places it leaves, to be freed later, in the transaction that moves it; one that
    the opening hours had no place for any more leaves none."""
    seats = session.scalars(seats_of(appointment, Status.BOOKED).where(Seat.counted))
    places = Counter((seat.slot_id, seat.service_code) for seat in seats)
    move = new_id()
    rows = [
        {
            "move_id": move,
            "slot_id": slot,
            "service_code": service,
            "appointment_id": appointment.id,
            "places": count,
            "vacated_at": now,
        }
        for (slot, service), count in places.items()
    ]
    if not rows:
        return
    session.execute(insert(VacatedPlace), rows)
    delay = _delay(appointment.starts_at, limits, now)
    enqueue(session, "appointments.free_vacated", move, delay_seconds=delay)


def _delay(starts_at: datetime, limits: BookingLimits, now: datetime) -> float:
    return free_after(limits, starts_at, now, secrets.randbelow(_LOTS) / _LOTS)


def free_places(session: Session, appointment: UUID) -> None:
    """Count the places of a cancelled appointment as free, once: see `free_later`."""
    for statement in (_LOCK_APPOINTMENT, _LOCK_CANCELLED, _FREE_CANCELLED):
        session.execute(statement, {"appointment": appointment})


def free_attendee(session: Session, person: UUID) -> None:
    """Count the places of one who left a party as free, once: see `free_later`."""
    for statement in (_LOCK_ONE, _FREE_ONE):
        session.execute(statement, {"person": person})


def free_vacated(session: Session, move: UUID) -> None:
    """Count the places that one move left as free, once: see `vacate`."""
    for statement in (_LOCK_VACATED, _FREE_VACATED):
        session.execute(statement, {"move": move})
