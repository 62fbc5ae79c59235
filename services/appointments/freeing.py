"""Free the places of a cancelled or moved appointment, at a moment that nobody can know.

A place that is free at once goes to whoever was told to wait for it: that is how appointments are
sold. So it stays taken; an item of the outbox, due after a delay drawn by lot, gives it back in the
transaction that ends the item, hence once.
"""

from __future__ import annotations

import secrets
from collections import Counter
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from services.appointments.models import Appointment, Seat, VacatedPlace
from services.appointments.rules import BookingLimits, free_after
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
_FREE_VACATED = text(
    _FREE.format(
        given="SELECT slot_id, service_code, places FROM vacated_places WHERE move_id = :move"
    )
)


def free_later(
    session: Session, appointment: Appointment, *, limits: BookingLimits, now: datetime
) -> None:
    """Ask for its places to be freed, in the transaction that cancels it."""
    delay = _delay(appointment.starts_at, limits, now)
    enqueue(session, "appointments.free_places", appointment.id, delay_seconds=delay)


def vacate(
    session: Session, appointment: Appointment, *, limits: BookingLimits, now: datetime
) -> None:
    """Keep which places it leaves, to be freed later, in the transaction that moves it."""
    seats = session.scalars(select(Seat).where(Seat.appointment_id == appointment.id))
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


def free_vacated(session: Session, move: UUID) -> None:
    """Count the places that one move left as free. Call it once, with the end of its item."""
    session.execute(_FREE_VACATED, {"move": move})
