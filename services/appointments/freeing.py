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
_FREE = """
    WITH given AS ({given}), held AS (
        SELECT s.slot_id, s.set_no, s.services FROM slot_sets s JOIN slots ON slots.id = s.slot_id
        WHERE s.slot_id IN (SELECT slot_id FROM given)
        ORDER BY slots.starts_at, s.slot_id, s.set_no FOR UPDATE OF s
    )
    UPDATE slot_sets s SET taken = taken - (
        SELECT coalesce(sum(g.places), 0) FROM given g
        WHERE g.slot_id = h.slot_id AND g.service_code = ANY (h.services))
    FROM held h WHERE s.slot_id = h.slot_id AND s.set_no = h.set_no
"""
_FREE_CANCELLED = text(
    _FREE.format(
        given="SELECT slot_id, service_code, count(*) AS places FROM seats"
        " WHERE appointment_id = :appointment GROUP BY slot_id, service_code"
    )
)
_FREE_ONE = text(
    _FREE.format(
        given="SELECT s.slot_id, s.service_code, count(*) AS places FROM seats s"
        " JOIN attendees m ON m.appointment_id = s.appointment_id AND m.person_id = s.person_id"
        " WHERE m.person_id = :person GROUP BY s.slot_id, s.service_code"
    )
)
_FREE_VACATED = text(
    _FREE.format(
        given="SELECT slot_id, service_code, places FROM vacated_places WHERE move_id = :move"
    )
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
    """Keep which places it leaves, to be freed later, in the transaction that moves it."""
    seats = session.scalars(seats_of(appointment, Status.BOOKED))
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
    session.execute(insert(VacatedPlace), rows)
    delay = _delay(appointment.starts_at, limits, now)
    enqueue(session, "appointments.free_vacated", move, delay_seconds=delay)


def _delay(starts_at: datetime, limits: BookingLimits, now: datetime) -> float:
    return free_after(limits, starts_at, now, secrets.randbelow(_LOTS) / _LOTS)


def free_places(session: Session, appointment: UUID) -> None:
    """Count the places of a cancelled appointment as free. Call it once, with the end of its
    item: see `free_later`."""
    session.execute(_FREE_CANCELLED, {"appointment": appointment})


def free_attendee(session: Session, person: UUID) -> None:
    """Count the places of one who left a party as free. Call it once, with the end of its item."""
    session.execute(_FREE_ONE, {"person": person})


def free_vacated(session: Session, move: UUID) -> None:
    """Count the places that one move left as free. Call it once, with the end of its item."""
    session.execute(_FREE_VACATED, {"move": move})
