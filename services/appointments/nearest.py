"""The times that come nearest to an appointment's own."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from services.appointments.models import Appointment
from services.appointments.queries import FreeTime, availability
from services.appointments.rescheduling import party_to_move
from services.consulates.queries import get_consulate

AROUND = timedelta(days=30)


def nearest_times(
    session: Session, appointment: Appointment, *, now: datetime, most: int = 3
) -> list[FreeTime]:
    """Times at the same office, or mobile consulate, to which it can move: those of the same day
    first, then by how far they are."""
    party = party_to_move(session, appointment)
    if not party.people:
        return []
    start = appointment.starts_at
    zone = ZoneInfo(get_consulate(session, appointment.consulate_code).time_zone)
    times = availability(
        session,
        consulate=appointment.consulate_code,
        service=party.services[0],
        first=max(now, start - AROUND),
        last=max(now, start) + AROUND,
        party=party.people,
        further=party.services[1:],
        skills=party.skills,
        share=party.share,
        place=party.place,
    )

    def distance(time: FreeTime) -> tuple[bool, timedelta, datetime]:
        same_day = time.start.astimezone(zone).date() == appointment.day
        return not same_day, abs(time.start - start), time.start

    return sorted(times, key=distance)[:most]
