"""Search free times of several offices: those named, those near a place, or the whole network."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.consulates.queries import list_consulates, near

# No clock on Earth is further from UTC.
_FURTHEST_ZONE = timedelta(hours=14)


class Part(StrEnum):
    """Part of the day at the office; the afternoon begins at noon."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    ANY = "any"


_NOON = time(12)
_HOURS = {
    Part.MORNING: (time.min, _NOON),
    Part.AFTERNOON: (_NOON, time.max),
    Part.ANY: (time.min, time.max),
}


class Sort(StrEnum):
    """What comes first: the earliest time, or the nearest office and its times."""

    TIME = "time"
    DISTANCE = "distance"


@dataclass(frozen=True)
class Search:
    """``first`` and ``last`` are days at each office, both included; no ``consulates`` means any.

    ``near`` is (latitude, longitude) in degrees. ``weekdays`` are ISO's, Monday is 1; none means
    any. ``each``: so many times of an office at most, the earliest, or those nearest to the hour
    ``around``: then these come first.
    """

    service: str
    first: date
    last: date
    consulates: tuple[str, ...] = ()
    near: tuple[float, float] | None = None
    within_km: float | None = None
    party: int = 1
    part: Part = Part.ANY
    weekdays: tuple[int, ...] = ()
    sort: Sort = Sort.TIME
    around: time | None = None
    each: int = 3


class FreePlace(NamedTuple):
    """A start at an office with ``free`` places; ``km`` from where somebody asked, if they did."""

    consulate: str
    start: datetime
    end: datetime
    free: int
    km: float | None


_SEARCH = text(
    """
    SELECT consulate_code, starts_at, ends_at, free FROM (
        SELECT f.*, o.off, row_number() OVER (
            PARTITION BY f.consulate_code ORDER BY o.off, f.starts_at) AS n
        FROM free_times(:offices, :service, :begins, :ends, :party) f
        JOIN consulates c ON c.code = f.consulate_code
        CROSS JOIN LATERAL (SELECT f.starts_at AT TIME ZONE c.time_zone AS wall) w
        CROSS JOIN LATERAL (
            SELECT abs(extract(epoch FROM w.wall::time - CAST(:around AS time))) AS off) o
        WHERE f.starts_at > :now AND w.wall::date BETWEEN :first AND :last
          AND w.wall::time >= :opens AND w.wall::time < :closes
          AND (cardinality(CAST(:weekdays AS integer[])) = 0
               OR extract(isodow FROM w.wall) = ANY (:weekdays))
    ) t WHERE n <= :each ORDER BY off, starts_at, consulate_code
    """
)


def search(session: Session, asked: Search, *, now: datetime) -> list[FreePlace]:
    """Free times by time, or by distance and then time."""
    away = offices_in_reach(session, asked)
    opens, closes = _HOURS[asked.part]
    rows = session.execute(
        _SEARCH,
        {
            "offices": list(away),
            "service": asked.service,
            "begins": max(_midnight(asked.first) - _FURTHEST_ZONE, now),
            "ends": _midnight(asked.last) + timedelta(days=1) + _FURTHEST_ZONE,
            "now": now,
            "first": asked.first,
            "last": asked.last,
            "opens": opens,
            "closes": closes,
            "weekdays": list(asked.weekdays),
            "party": asked.party,
            "around": asked.around,
            "each": asked.each,
        },
    )
    places = [
        FreePlace(
            row.consulate_code, row.starts_at, row.ends_at, row.free, away[row.consulate_code]
        )
        for row in rows
    ]
    if asked.sort is Sort.DISTANCE and asked.near:
        # As they come, rows are by time; a stable sort keeps that within an office.
        places.sort(key=lambda place: place.km or 0)
    return places


def offices_in_reach(session: Session, asked: Search) -> dict[str, float | None]:
    """The offices to look at, each with its distance, nearest first; none when nothing is near."""
    away = _distances(session, asked.near)
    return {
        code: km
        for code, km in away.items()
        if (not asked.consulates or code in asked.consulates)
        and (asked.within_km is None or km is None or km <= asked.within_km)
    }


def _distances(session: Session, here: tuple[float, float] | None) -> dict[str, float | None]:
    if here is None:
        return {office.code: None for office in list_consulates(session)}
    return {found.consulate.code: round(found.km, 1) for found in near(session, *here, limit=1000)}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), tzinfo=UTC)
