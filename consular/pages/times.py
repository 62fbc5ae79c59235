"""Free times of an office as pages list them: a week at a time, by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from consular.auth import now
from services.appointments.queries import FreeTime, availability

DAYS_SHOWN = 7


class Wanted(Protocol):
    """What windows must have, whose kept places may be used, and where."""

    @property
    def skills(self) -> frozenset[str]:
        """Languages and the like."""

    @property
    def share(self) -> str:
        """A reserved share, if any."""

    @property
    def place(self) -> str:
        """A mobile consulate, if one is wanted."""


@dataclass(frozen=True)
class _Nothing:
    skills: frozenset[str] = frozenset()
    share: str = ""
    place: str = ""


NOTHING = _Nothing()


@dataclass(frozen=True)
class Week:
    """``days`` are ``{"date", "times": [{"start" (at the office, or at a mobile consulate), "zone",
    "place" (the name of that one, unless it was asked for), "free"}]}``; ``begin`` is when they
    begin, ``earlier`` (or none) and ``later`` the first days of other weeks."""

    days: list[dict[str, Any]]
    begin: datetime
    earlier: date | None
    later: date


def free_week(
    session: Session,
    consulate: str,
    zone: ZoneInfo,
    service: str,
    *,
    first: date | None,
    party: int = 1,
    further: Sequence[str] = (),
    needs: Wanted = NOTHING,
) -> Week:
    """The free times of a week from ``first`` on, or from today; ``further`` services follow."""
    today = now().astimezone(zone).date()
    day = max(first or today, today)
    begin, after = max(_midnight(day, zone), now()), day + timedelta(days=DAYS_SHOWN)
    times = availability(
        session,
        consulate=consulate,
        service=service,
        first=begin,
        last=_midnight(after, zone),
        party=party,
        further=further,
        skills=needs.skills,
        share=needs.share,
        place=needs.place,
    )
    earlier = day - timedelta(days=DAYS_SHOWN) if day > today else None
    return Week(_by_day(times, zone, needs.place), begin, earlier, after)


def _by_day(times: Sequence[FreeTime], zone: ZoneInfo, chosen: str) -> list[dict[str, Any]]:
    moments = [_shown(each, zone, chosen) for each in times]
    return [
        {"date": day, "times": list(group)}
        for day, group in groupby(moments, key=lambda t: t["start"].date())
    ]


def _shown(time: FreeTime, zone: ZoneInfo, chosen: str) -> dict[str, Any]:
    place = time.mobile.place if time.mobile else None
    there = ZoneInfo(place.time_zone) if place else zone
    return {
        "start": time.start.astimezone(there),
        "zone": there.key,
        "place": place.name if place and not chosen else "",
        "free": time.free,
    }


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), tzinfo=zone).astimezone(UTC)
