"""An appointment as a calendar file (RFC 5545): one event, whatever becomes of it.

Each file has the same UID and a SEQUENCE that grows with every change, so that a calendar moves or
drops the event that it has. Nobody's name is in it: calendars are shared.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone
from icalendar.prop import vDDDLists
from sqlalchemy.orm import Session

from services.appointments.models import Appointment
from services.appointments.rules import EARLY_MINUTES, Status
from services.appointments.whereabouts import where_is
from services.consulates.queries import get_consulate, service_names
from services.kernel.catalogue import translate
from services.kernel.ids import spaced
from services.kernel.words import marked as _

PRODUCT = "-//Consular//Citas//ES"
MEDIA_TYPE = "text/calendar"
# The changes of the clock that a file lists: calendars that know the zone from the file of one
# appointment read the next one by it too.
_ZONE_BEFORE, _ZONE_AFTER = timedelta(days=400), timedelta(days=800)
SUMMARY = _("Cita: %(service)s")
DESCRIPTION = _(
    "Folio %(folio)s. Llega %(minutes)s minutos antes. Qué llevar, y cómo cambiarla o"
    " cancelarla: %(address)s"
)


@dataclass(frozen=True)
class CalendarEvent:
    """What the file says. Times are aware; ``zone`` is the office's."""

    id: UUID
    sequence: int
    cancelled: bool
    starts_at: datetime
    ends_at: datetime
    changed_at: datetime
    zone: str
    summary: str
    description: str
    location: str
    address: str


def event_of(
    session: Session, appointment: Appointment, *, language: str, address: str
) -> CalendarEvent:
    """The event of an appointment, in the reader's ``language``; ``address`` is its page."""
    office, there = (
        get_consulate(session, appointment.consulate_code),
        where_is(session, appointment),
    )
    name = office.name_en if language == "en" else office.name_es
    values = {
        "service": service_names(session, appointment.services, language),
        "folio": spaced(appointment.folio),
        "minutes": EARLY_MINUTES,
        "address": address,
    }
    return CalendarEvent(
        id=appointment.id,
        sequence=appointment.sequence,
        cancelled=appointment.status == Status.CANCELLED,
        starts_at=appointment.starts_at,
        ends_at=appointment.ends_at,
        changed_at=appointment.changed_at,
        zone=there.zone,
        summary=translate(SUMMARY, language) % values,
        description=translate(DESCRIPTION, language) % values,
        location=there.named(name) if there.place else _joined(name, there.details.address),
        address=address,
    )


def _joined(*parts: str) -> str:
    return ", ".join(filter(None, parts))


def content_type(event: CalendarEvent) -> str:
    """Media type of the file, which names its method (RFC 5546, 3.2)."""
    return f"{MEDIA_TYPE}; charset=utf-8; method={method(event)}"


def make_calendar(event: CalendarEvent, *, domain: str) -> bytes:
    """The file; of a cancelled appointment, one that takes the event away."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method(event))
    calendar.add_component(_zone(event))
    calendar.add_component(_event(event, domain))
    return bytes(calendar.to_ical())


class _Zone(Timezone):
    """Looks for changes of the clock in smaller steps than the library's 64 days: in Morocco's
    fasting month there are two within 35."""

    _from_tzinfo_skip_search = [  # noqa: RUF012 - the library's own attribute
        timedelta(days=16),
        timedelta(days=1),
        timedelta(hours=1),
        timedelta(minutes=1),
    ]


def _zone(event: CalendarEvent) -> Timezone:
    """The clock of the office, each of its changes on a line of its own: some readers (vobject 0.9)
    take the first of several on a line and leave the others."""
    first, last = event.starts_at.date() - _ZONE_BEFORE, event.ends_at.date() + _ZONE_AFTER
    zone = _Zone.from_tzinfo(ZoneInfo(event.zone), event.zone, first, last)
    for observance in zone.subcomponents:
        dates = observance.pop("RDATE", None)
        for date in dates.dts if isinstance(dates, vDDDLists) else ():
            observance.add("RDATE", date.dt)
    return zone


def method(event: CalendarEvent) -> str:
    """PUBLISH or CANCEL, which the media type names too (RFC 5546, 3.2)."""
    return "CANCEL" if event.cancelled else "PUBLISH"


def _event(event: CalendarEvent, domain: str) -> Event:
    zone = ZoneInfo(event.zone)
    entry = Event()
    entry.add("uid", f"{event.id}@{domain}")
    entry.add("sequence", event.sequence)
    entry.add("status", "CANCELLED" if event.cancelled else "CONFIRMED")
    entry.add("dtstamp", event.changed_at)
    entry.add("last-modified", event.changed_at)
    entry.add("dtstart", event.starts_at.astimezone(zone))
    entry.add("dtend", event.ends_at.astimezone(zone))
    entry.add("summary", event.summary)
    entry.add("description", event.description)
    entry.add("location", event.location)
    entry.add("url", event.address)
    return entry
