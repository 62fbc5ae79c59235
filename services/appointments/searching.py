"""Search free times of several offices: those named, those near a place, or the whole network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.appointments.finding_seats import OfferLookup
from services.appointments.seating import Party
from services.consulates.queries import list_consulates, near
from services.kernel.db import driver_connection

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
    ``around``: then these come first. ``further`` services follow for each of a party; ``skills``
    and ``share`` as in `seating.Party`.
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
    further: tuple[str, ...] = ()
    skills: frozenset[str] = frozenset()
    share: str = ""

    @property
    def wanted(self) -> Party:
        """Who is to be seated, as the search for seats knows it."""
        start = _midnight(self.first)
        return Party(start, (self.service, *self.further), self.party, self.skills, self.share)


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
            PARTITION BY f.consulate_code, f.free IS NULL ORDER BY o.off, f.starts_at) AS n
        FROM (
            SELECT * FROM free_times(:offices, :service, :begins, :ends, :party)
            WHERE :counted
            UNION ALL
            SELECT consulate_code, starts_at, NULL, NULL FROM searched_starts(
                :offices, CASE WHEN :counted THEN :service END, :party, :begins, :ends)) f
        JOIN consulates c ON c.code = f.consulate_code
        CROSS JOIN LATERAL (SELECT f.starts_at AT TIME ZONE c.time_zone AS wall) w
        CROSS JOIN LATERAL (
            SELECT abs(extract(epoch FROM w.wall::time - CAST(:around AS time))) AS off) o
        WHERE f.starts_at > :now AND w.wall::date BETWEEN :first AND :last
          AND w.wall::time >= :opens AND w.wall::time < :closes
          AND (cardinality(CAST(:weekdays AS integer[])) = 0
               OR extract(isodow FROM w.wall) = ANY (:weekdays))
    ) t WHERE n <= :each OR free IS NULL ORDER BY off, starts_at, consulate_code
    """
)


def search(session: Session, wanted: Search, *, now: datetime) -> list[FreePlace]:
    """Free times by time, or by distance and then time."""
    away = offices_in_reach(session, wanted)
    opens, closes = _HOURS[wanted.part]
    rows = session.execute(
        _SEARCH,
        {
            "offices": list(away),
            "service": wanted.service,
            "begins": max(_midnight(wanted.first) - _FURTHEST_ZONE, now),
            "ends": _midnight(wanted.last) + timedelta(days=1) + _FURTHEST_ZONE,
            "now": now,
            "first": wanted.first,
            "last": wanted.last,
            "opens": opens,
            "closes": closes,
            "weekdays": list(wanted.weekdays),
            "party": wanted.party,
            "around": wanted.around,
            "each": wanted.each,
            "counted": wanted.wanted.is_plain,
        },
    )
    lookup = OfferLookup(driver_connection(session), wanted.wanted)
    places = list(_first_of_each(rows.all(), wanted.each, lookup, away))
    if wanted.sort is Sort.DISTANCE and wanted.near:
        # As they come, rows are by time; a stable sort keeps that within an office.
        places.sort(key=lambda place: place.km or 0)
    return places


def _first_of_each(
    rows: Sequence[Any], most: int, lookup: OfferLookup, away: Mapping[str, float | None]
) -> Iterator[FreePlace]:
    """The first ``most`` of every office; a row without a number of places is looked up first."""
    count: Counter[str] = Counter()
    for row in rows:
        office = row.consulate_code
        if count[office] == most:
            continue
        offer = row if row.free is not None else lookup.at(office, row.starts_at)
        if offer:
            count[office] += 1
            yield FreePlace(office, row.starts_at, offer.ends_at, offer.free, away[office])


def offices_in_reach(session: Session, wanted: Search) -> dict[str, float | None]:
    """The offices to look at, each with its distance, nearest first; none when nothing is near."""
    away = _distances(session, wanted.near)
    return {
        code: km
        for code, km in away.items()
        if (not wanted.consulates or code in wanted.consulates)
        and (wanted.within_km is None or km is None or km <= wanted.within_km)
    }


def nearest_office(session: Session, wanted: Search) -> str | None:
    """Of the offices that were asked for, the first or the nearest; None for the whole network."""
    if wanted.near is None:
        return wanted.consulates[0] if wanted.consulates else None
    return next(iter(offices_in_reach(session, replace(wanted, within_km=None))), None)


def _distances(session: Session, here: tuple[float, float] | None) -> dict[str, float | None]:
    if here is None:
        return {office.code: None for office in list_consulates(session)}
    return {
        nearby.consulate.code: round(nearby.km, 1) for nearby in near(session, *here, limit=1000)
    }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), tzinfo=UTC)


_OFFERED = text(
    """
    SELECT DISTINCT unnest(d.services) FROM desks d JOIN sessions s ON s.id = d.session_id
    WHERE s.day >= :today AND s.closed_at IS NULL
        AND s.consulate_code = coalesce(:consulate, s.consulate_code)
    """
)


def offered_services(session: Session, today: date, consulate: str | None = None) -> set[str]:
    """The services that an office, or any, has planned desks for from today on."""
    return set(session.scalars(_OFFERED, {"today": today, "consulate": consulate}))


class Loosened(NamedTuple):
    """A wish without which there is a place, and the first such place."""

    wish: str
    place: FreePlace


def what_would_fit(session: Session, wanted: Search, *, now: datetime) -> list[Loosened]:
    """For a search that found nothing: each wish that stands in the way by itself."""
    loosened = []
    for wish, changes in _WISHES.items():
        other = replace(wanted, each=1, **changes)
        if other == replace(wanted, each=1):
            continue
        places = search(session, other, now=now)
        if places:
            loosened.append(Loosened(wish, places[0]))
    return loosened


_WISHES: Mapping[str, Mapping[str, Any]] = {
    "part": {"part": Part.ANY},
    "weekdays": {"weekdays": ()},
    "party": {"party": 1},
    "within_km": {"within_km": None},
    "consulates": {"consulates": ()},
    "skills": {"skills": frozenset()},
}
