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

from sqlalchemy import Select, and_, insert, select, text, update
from sqlalchemy.orm import Session

from services.appointments.models import Appointment, DeskHold, Member, Seat, VacatedPlace
from services.appointments.rules import BookingLimits, Status, free_after
from services.kernel.ids import new_id
from services.outbox.delivery import enqueue

_LOTS = 1_000_000

# Slots and sets in the order that bookings lock them. Before what is given back is read: until
# then somebody who holds a desk may be seated at another.
_LOCK = """
    SELECT FROM slot_sets t JOIN slots ON slots.id = t.slot_id
    WHERE t.slot_id IN (
        SELECT slot_id FROM {places}
        UNION ALL
        SELECT d.slot_id FROM {holds}, desk_slots(h.desk_id, h.starts_at, h.ends_at) d)
    ORDER BY slots.starts_at, t.slot_id, t.set_no FOR UPDATE OF t
"""
_FREE = """
    WITH given AS (
        SELECT slot_id, ARRAY[service_code] AS services, share, {count} AS places FROM {places}
        UNION ALL
        SELECT d.slot_id, d.services, h.share, 1
        FROM {holds}, desk_slots(h.desk_id, h.starts_at, h.ends_at) d
    ), counted AS (
        SELECT t.slot_id, t.set_no, sum(g.places) AS places FROM given g
        JOIN slot_sets t ON t.slot_id = g.slot_id AND t.services && g.services
            AND g.share <> ALL (t.exempt)
        GROUP BY t.slot_id, t.set_no
    ), ended AS (
        DELETE FROM desk_holds WHERE id IN (SELECT h.id FROM {holds})
    ), uncounted AS (
        UPDATE {rows} WHERE {whose} AND counted
    )
    UPDATE slot_sets t SET taken = t.taken - c.places, capacity = CASE
        WHEN t.planned IS NULL THEN t.capacity
        ELSE least(t.capacity, greatest(t.planned, t.taken - c.places)) END
    FROM counted c WHERE t.slot_id = c.slot_id AND t.set_no = c.set_no
"""
# Of the day's maximums, held places too, after the slots' rows.
_COUNT_OFF = """
    SELECT count_on_days((
        SELECT jsonb_agg(jsonb_build_object(
            'slot_id', slot_id, 'service', service_code, 'people', -{count})) FROM {of_day}))
"""
_LOCK_APPOINTMENT = text("SELECT FROM appointments WHERE id = :appointment FOR NO KEY UPDATE")
_CANCELLED = {
    "places": "seats WHERE appointment_id = :appointment AND counted AND hold_id IS NULL",
    "holds": "(SELECT h.* FROM desk_holds h JOIN seats ON seats.hold_id = h.id"
    " WHERE seats.appointment_id = :appointment) h",
    "of_day": "seats WHERE appointment_id = :appointment AND counted",
    "count": "1",
    "rows": "seats SET counted = false, hold_id = NULL",
    "whose": "appointment_id = :appointment",
}
_ONE = {
    "places": "(SELECT seats.* FROM seats JOIN attendees m USING (appointment_id, person_id)"
    " WHERE m.person_id = :person AND counted AND hold_id IS NULL) s",
    "holds": "(SELECT h.* FROM desk_holds h JOIN seats ON seats.hold_id = h.id"
    " JOIN attendees m USING (appointment_id, person_id) WHERE m.person_id = :person) h",
    "of_day": "(SELECT seats.* FROM seats JOIN attendees m USING (appointment_id, person_id)"
    " WHERE m.person_id = :person AND counted) s",
    "count": "1",
    "rows": "seats SET counted = false, hold_id = NULL",
    "whose": "person_id = :person",
}
_VACATED = {
    "places": "vacated_places WHERE move_id = :move AND counted AND NOT by_desk",
    "holds": "(SELECT * FROM desk_holds WHERE move_id = :move) h",
    "of_day": "vacated_places WHERE move_id = :move AND counted AND of_day",
    "count": "places",
    "rows": "vacated_places SET counted = false",
    "whose": "move_id = :move",
}
_LOCK_CANCELLED = text(_LOCK.format(**_CANCELLED))
_LOCK_ONE = text(_LOCK.format(**_ONE))
_LOCK_VACATED = text(_LOCK.format(**_VACATED))
_COUNT_CANCELLED_OFF = text(_COUNT_OFF.format(**_CANCELLED))
_COUNT_ONE_OFF = text(_COUNT_OFF.format(**_ONE))
_COUNT_VACATED_OFF = text(_COUNT_OFF.format(**_VACATED))
_FREE_CANCELLED = text(_FREE.format(**_CANCELLED))
_FREE_ONE = text(_FREE.format(**_ONE))
_FREE_VACATED = text(_FREE.format(**_VACATED))


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
    session: Session,
    appointment: Appointment,
    *,
    limits: BookingLimits,
    now: datetime,
    of_day: bool = True,
) -> None:
    """Keep which places it leaves, to be freed later, in the transaction that moves it; one that
    the opening hours had no place for any more leaves none. Without ``of_day`` it stays on its day,
    and counts there once."""
    seats = list(session.scalars(seats_of(appointment, Status.BOOKED).where(Seat.counted)))
    if of_day:
        seats += _cancelled_before(session, appointment)
    places = Counter(
        (seat.slot_id, seat.service_code, seat.share, seat.hold_id is not None) for seat in seats
    )
    move = new_id()
    held = [seat.hold_id for seat in seats if seat.hold_id]
    session.execute(update(DeskHold).where(DeskHold.id.in_(held)).values(move_id=move))
    rows = [
        {
            "move_id": move,
            "slot_id": slot,
            "service_code": service,
            "appointment_id": appointment.id,
            "places": count,
            "vacated_at": now,
            "share": share,
            "by_desk": by_desk,
            "of_day": of_day,
        }
        for (slot, service, share, by_desk), count in places.items()
    ]
    if not rows:
        return
    session.execute(insert(VacatedPlace), rows)
    delay = _delay(appointment.starts_at, limits, now)
    enqueue(session, "appointments.free_vacated", move, delay_seconds=delay)


def _cancelled_before(session: Session, appointment: Appointment) -> list[Seat]:
    """Seats of who left it, and whose places aren't free yet. They are the move's from now on: on
    the day that it leaves nobody would find them by their appointment."""
    seats = list(session.scalars(seats_of(appointment, Status.CANCELLED).where(Seat.counted)))
    session.execute(
        update(Seat)
        .where(
            Seat.appointment_id == appointment.id,
            Seat.person_id.in_([seat.person_id for seat in seats]),
        )
        .values(counted=False, hold_id=None)
        .execution_options(synchronize_session=False)
    )
    return seats


def _delay(starts_at: datetime, limits: BookingLimits, now: datetime) -> float:
    return free_after(limits, starts_at, now, secrets.randbelow(_LOTS) / _LOTS)


def lock_places_of(session: Session, appointment: UUID) -> None:
    """Lock the places of an appointment that is locked already, before its seats change hands: who
    edits the opening hours counts seats under these locks."""
    session.execute(_LOCK_CANCELLED, {"appointment": appointment})


def free_places(session: Session, appointment: UUID) -> None:
    """Count the places of a cancelled appointment as free, once: see `free_later`."""
    for statement in (
        _LOCK_APPOINTMENT, _LOCK_CANCELLED, _COUNT_CANCELLED_OFF, _FREE_CANCELLED,
    ):  # fmt: skip
        session.execute(statement, {"appointment": appointment})


def free_attendee(session: Session, person: UUID) -> None:
    """Count the places of one who left a party as free, once: see `free_later`."""
    for statement in (_LOCK_ONE, _COUNT_ONE_OFF, _FREE_ONE):
        session.execute(statement, {"person": person})


def free_vacated(session: Session, move: UUID) -> None:
    """Count the places that one move left as free, once: see `vacate`."""
    for statement in (_LOCK_VACATED, _COUNT_VACATED_OFF, _FREE_VACATED):
        session.execute(statement, {"move": move})
