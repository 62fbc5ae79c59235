"""A supervisor closes a session: it takes no more bookings, and those it has stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.appointments.models import Appointment, OpeningSession, Seat, Slot
from services.appointments.opening_history import record_change
from services.appointments.rules import LIVE
from services.kernel import audit
from services.kernel.errors import NotFound
from services.kernel.tables import get_row


@dataclass(frozen=True)
class CloseSession:
    """Command: close one session, and why."""

    session: UUID
    reason: str | None = None


def close_session(
    session: Session, command: CloseSession, *, now: datetime, actor: audit.Actor
) -> OpeningSession:
    """Take the free places away and give the desks back when nobody is booked.

    Closing again changes nothing but the desks that have become free meanwhile. Raises NotFound,
    also for another office's.
    """
    opening = get_row(session, OpeningSession, command.session, lock=True)
    if opening.consulate_code != actor.consulate:
        raise NotFound()
    values: dict[str, Any] = {"session": opening.id, "office": actor.consulate}
    _close_places(session, values)
    session.execute(_RELEASE_DESKS, {**values, "live": sorted(LIVE)})
    if opening.closed_at is None:
        opening.closed_at, opening.closed_by = now, actor.account_id
        session.flush()
        record_change(session, opening, "close", now=now, actor=actor, reason=command.reason)
    return opening


def list_bookings(session: Session, opening: UUID) -> Sequence[Appointment]:
    """Appointments that are still to be served in a session, by their start."""
    seated = select(Seat.appointment_id).join(Slot, Slot.id == Seat.slot_id)
    return session.scalars(
        select(Appointment)
        .where(
            Appointment.id.in_(seated.where(Slot.session_id == opening)),
            Appointment.status.in_(sorted(LIVE)),
        )
        .order_by(Appointment.starts_at, Appointment.id)
    ).all()


def _close_places(session: Session, values: dict[str, Any]) -> None:
    """Capacity becomes what is taken, under the locks that bookings take and in their order: one
    that began before is counted, one that comes later finds nothing. Places that are only held
    are free, hence nobody's."""
    session.execute(_LOCK_PLACES, values)
    session.execute(_END_HOLDS, values)
    session.execute(_END_PLACES, values)
    session.execute(_END_SLOTS, values)


_LOCK_PLACES = text(
    """
    SELECT FROM slot_sets t JOIN slots ON slots.id = t.slot_id
    WHERE slots.session_id = :session AND slots.consulate_code = :office
    ORDER BY slots.starts_at, t.slot_id, t.set_no FOR UPDATE OF t
    """
)
_END_HOLDS = text(
    """
    SELECT free_booking_holds(ARRAY(
        SELECT DISTINCT h.booking_hold_id FROM held_seats h JOIN slots ON slots.id = h.slot_id
        WHERE slots.session_id = :session AND slots.consulate_code = :office))
    """
)
_END_PLACES = text(
    """
    UPDATE slot_sets SET capacity = taken
    FROM slots WHERE slots.id = slot_sets.slot_id AND slots.session_id = :session
        AND slots.consulate_code = :office
    """
)
_END_SLOTS = text(
    "UPDATE slots SET open = false WHERE session_id = :session AND consulate_code = :office"
)
# From the first to the last of who is still to be served, by the office's wall clock; no longer
# than it was held, and nothing when there is nobody.
_RELEASE_DESKS = text(
    """
    WITH live AS (
        SELECT min(seats.starts_at) AS first, max(seats.ends_at) AS last
        FROM seats JOIN slots ON slots.id = seats.slot_id
            JOIN appointments a ON a.id = seats.appointment_id
        WHERE slots.session_id = :session AND a.consulate_code = :office
            AND a.status = ANY (:live)
    )
    UPDATE desks SET held = CASE WHEN live.first IS NULL THEN 'empty' ELSE held * tsrange(
        live.first AT TIME ZONE c.time_zone, live.last AT TIME ZONE c.time_zone) END
    FROM live, sessions s JOIN consulates c ON c.code = s.consulate_code
    WHERE desks.session_id = :session AND s.id = :session AND s.consulate_code = :office
    """
)
