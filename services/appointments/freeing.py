"""Free the places of a cancelled appointment, at a moment that nobody can know.

A place that is free at once goes to whoever was told to wait for it: that is how appointments are
sold. So it stays taken; an item of the outbox, due after a delay drawn by lot, gives it back in the
transaction that ends the item, hence once.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.appointments.models import Appointment
from services.appointments.rules import BookingLimits, free_after
from services.outbox.delivery import enqueue

_LOTS = 1_000_000

# Slots and sets in the order that bookings lock them.
_FREE = text(
    """
    WITH given AS (
        SELECT slot_id, service_code, count(*) AS places FROM seats
        WHERE appointment_id = :appointment GROUP BY slot_id, service_code
    ), held AS (
        SELECT s.slot_id, s.set_no, s.services FROM slot_sets s JOIN slots ON slots.id = s.slot_id
        WHERE s.slot_id IN (SELECT slot_id FROM given)
        ORDER BY slots.starts_at, s.slot_id, s.set_no FOR UPDATE OF s
    )
    UPDATE slot_sets s SET taken = taken - (
        SELECT coalesce(sum(g.places), 0) FROM given g
        WHERE g.slot_id = h.slot_id AND g.service_code = ANY (h.services))
    FROM held h WHERE s.slot_id = h.slot_id AND s.set_no = h.set_no
    """
)


def free_later(
    session: Session, appointment: Appointment, *, limits: BookingLimits, now: datetime
) -> None:
    """Ask for its places to be freed, in the transaction that cancels it."""
    share = secrets.randbelow(_LOTS) / _LOTS
    delay = free_after(limits, appointment.starts_at, now, share)
    enqueue(session, "appointments.free_places", appointment.id, delay_seconds=delay)


def free_places(session: Session, appointment: UUID) -> None:
    """Count the places of a cancelled appointment as free. Call it once, with the end of its
    item: see `free_later`."""
    session.execute(_FREE, {"appointment": appointment})
