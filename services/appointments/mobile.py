"""Mobile consulates: those to come, and which appointments are at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import exists, select, true
from sqlalchemy.orm import Session

from services.appointments.hours import Place
from services.appointments.models import Desk, OpeningSession, Seat, Slot
from services.appointments.recurring import place_of
from services.kernel.errors import NotFound


def mobile_places(session: Session, appointments: Sequence[UUID]) -> dict[UUID, Place]:
    """Those that are at a mobile consulate, with its place."""
    rows = session.execute(
        select(Seat.appointment_id, OpeningSession)
        .join(Slot, Slot.id == Seat.slot_id)
        .join(OpeningSession, OpeningSession.id == Slot.place_id)
        .where(Seat.appointment_id.in_(appointments))
    )
    places = {row.appointment_id: place_of(row.OpeningSession) for row in rows}
    return {id: place for id, place in places.items() if place}


@dataclass(frozen=True)
class Mobile:
    """A mobile consulate: the session's id, whose it is, its day there and its place."""

    id: UUID
    consulate: str
    day: date
    place: Place


def list_mobile(
    session: Session, *, first: date, consulate: str | None = None, service: str | None = None
) -> list[Mobile]:
    """Those that take bookings from ``first`` on, by day: of one office or of all, for a service
    or any."""
    of_office = OpeningSession.consulate_code == consulate if consulate else true()
    gives = exists().where(
        Desk.session_id == OpeningSession.id,
        Desk.removed_at.is_(None),
        Desk.services.any_() == service if service else true(),
    )
    rows = session.scalars(
        select(OpeningSession)
        .where(
            of_office,
            gives,
            OpeningSession.day >= first,
            OpeningSession.place_zone.is_not(None),
            OpeningSession.closed_at.is_(None),
            OpeningSession.cancelled_at.is_(None),
        )
        .order_by(OpeningSession.day, OpeningSession.opens, OpeningSession.id)
    )
    return [
        Mobile(row.id, row.consulate_code, row.day, place)
        for row in rows
        if (place := place_of(row))
    ]


def get_mobile(session: Session, consulate: str, id: UUID) -> Mobile:
    """One of an office. Raises NotFound."""
    row = session.get(OpeningSession, id)
    place = place_of(row) if row and row.consulate_code == consulate else None
    if row is None or place is None:
        raise NotFound(field="place")
    return Mobile(row.id, row.consulate_code, row.day, place)
