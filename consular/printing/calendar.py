"""An appointment as a calendar file (RFC 5545): one event, whatever becomes of it.

Each file has the same UID and a SEQUENCE that grows with every change, so that a calendar moves or
drops the event that it has. Nobody's name is in it: calendars are shared.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

PRODUCT = "-//Consular//Citas//ES"
MEDIA_TYPE = "text/calendar"


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


def make_calendar(event: CalendarEvent, *, domain: str) -> bytes:
    """The file; of a cancelled appointment, one that takes the event away."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method(event))
    calendar.add_component(_event(event, domain))
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())


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
