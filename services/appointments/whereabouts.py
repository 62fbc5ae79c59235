"""Where an appointment is: at the office, or at the place of a mobile consulate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments.models import Appointment, OpeningSession, Seat, Slot
from services.consulates.details import Details, details_of
from services.consulates.queries import get_consulate


@dataclass(frozen=True)
class Whereabouts:
    """``place`` is the name of a mobile consulate's, empty at the office; ``zone`` the clock there.
    ``details`` are of the place: hours and directions are the office's alone."""

    place: str
    zone: str
    details: Details

    def named(self, office: str) -> str:
        """The office's name, with the place and its address where it isn't held there."""
        return ", ".join(filter(None, (office, self.place, self.place and self.details.address)))


def where_is(session: Session, appointment: Appointment) -> Whereabouts:
    """Where its people go."""
    details = details_of(session, appointment.consulate_code)
    place = _place_of(session, appointment.id)
    if place is None or not place.place_zone:
        zone = get_consulate(session, appointment.consulate_code).time_zone
        return Whereabouts("", zone, details)
    there = replace(details, address=place.place_address or "", directions="", hours="")
    return Whereabouts(place.place_name or "", place.place_zone, there)


def _place_of(session: Session, appointment: UUID) -> OpeningSession | None:
    seated = select(Seat.slot_id).where(Seat.appointment_id == appointment)
    return session.scalar(
        select(OpeningSession)
        .join(Slot, Slot.place_id == OpeningSession.id)
        .where(Slot.id.in_(seated))
        .limit(1)
    )
