"""Alternatives when an office has no free times: its next one, and nearby offices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from consular.i18n import city_in_language, in_language
from services.appointments.queries import availability, earliest
from services.consulates.queries import get_consulate, near

WEEKS = 8
MOST_OFFICES = 3


@dataclass(frozen=True)
class Alternatives:
    """``start`` is the office's own next free time within the weeks, or None."""

    weeks: int
    start: datetime | None
    offices: list[dict[str, Any]]


def find_alternatives(
    session: Session, consulate: str, service: str, first: datetime
) -> Alternatives:
    """The next free time here, and the nearest other offices that have any, each with its first."""
    last = first + timedelta(weeks=WEEKS)
    here = availability(session, consulate=consulate, service=service, first=first, last=last)
    elsewhere = earliest(session, service=service, first=first, last=last, each=1)
    starts = {row["consulate_code"]: row["starts_at"] for row in elsewhere}
    starts.pop(consulate, None)
    return Alternatives(
        WEEKS, here[0].start if here else None, _nearest(session, consulate, starts)
    )


def _nearest(session: Session, consulate: str, starts: dict[str, datetime]) -> list[dict[str, Any]]:
    here = get_consulate(session, consulate)
    by_distance = near(session, float(here.latitude), float(here.longitude), limit=1000)
    offices = [office.consulate for office in by_distance if office.consulate.code in starts]
    return [
        {
            "code": row.code,
            "name": in_language(row, "name"),
            "city": city_in_language(row),
            "time_zone": row.time_zone,
            "start": starts[row.code],
            "day": starts[row.code].astimezone(ZoneInfo(row.time_zone)).date().isoformat(),
        }
        for row in offices[:MOST_OFFICES]
    ]
