"""Mobile consulates: those to come, which appointments are at them, which starts lead there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, select, true
from sqlalchemy.orm import Session

from services.appointments.hours import Place
from services.appointments.models import Desk, OpeningSession, Seat, Slot, SlotCapacityConstraint
from services.appointments.recurring import place_of
from services.kernel.errors import NotFound


@dataclass(frozen=True)
class Mobile:
    """A mobile consulate: the session's id, whose it is, its day there and its place; whether it
    ``takes_bookings`` still."""

    id: UUID
    consulate: str
    day: date
    place: Place
    takes_bookings: bool


def mobile_places(session: Session, appointments: Sequence[UUID]) -> dict[UUID, Mobile]:
    """Those that are at a mobile consulate, with it."""
    rows = session.execute(
        select(Seat.appointment_id, OpeningSession)
        .join(Slot, Slot.id == Seat.slot_id)
        .join(OpeningSession, OpeningSession.id == Slot.place_id)
        .where(Seat.appointment_id.in_(appointments))
    )
    places = {row.appointment_id: _mobile(row.OpeningSession) for row in rows}
    return {id: place for id, place in places.items() if place}


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
    return [place for place in map(_mobile, rows) if place]


_DAY = timedelta(days=1)


def mobile_starts(
    session: Session, consulate: str, service: str, first: datetime, last: datetime
) -> dict[datetime, Mobile]:
    """Starts from ``first`` on, before ``last``, at which a booking that names no place leads to a
    mobile consulate: the office doesn't give the service then. See `seating.Party`."""
    to_come = list_mobile(
        session, first=(first - _DAY).date(), consulate=consulate, service=service
    )
    if not to_come:
        return {}
    gives = exists().where(
        SlotCapacityConstraint.slot_id == Slot.id,
        SlotCapacityConstraint.services.any_() == service,
    )
    rows = session.execute(
        select(Slot.starts_at, Slot.place_id)
        .where(
            Slot.consulate_code == consulate,
            Slot.open,
            Slot.starts_at >= first,
            Slot.starts_at < last,
            gives,
        )
        .order_by(Slot.starts_at, Slot.place_id.nulls_first())
    )
    leads_to: dict[datetime, UUID | None] = {}
    for row in rows:
        leads_to.setdefault(row.starts_at, row.place_id)
    places = {mobile.id: mobile for mobile in to_come}
    return {start: places[place] for start, place in leads_to.items() if place in places}


def mobile_at(session: Session, consulate: str, service: str, start: datetime) -> Mobile | None:
    """The mobile consulate to which a booking of that start leads, or None: to the office."""
    moment = timedelta(microseconds=1)
    return mobile_starts(session, consulate, service, start, start + moment).get(start)


def get_mobile(session: Session, consulate: str, id: UUID) -> Mobile:
    """One of an office. Raises NotFound."""
    row = session.get(OpeningSession, id)
    mobile = _mobile(row) if row and row.consulate_code == consulate else None
    if mobile is None:
        raise NotFound(field="place")
    return mobile


def _mobile(row: OpeningSession) -> Mobile | None:
    place = place_of(row)
    takes = row.closed_at is None and row.cancelled_at is None
    return Mobile(row.id, row.consulate_code, row.day, place, takes) if place else None
