"""When an office can serve: hours, breaks and closures become the times of slots. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

Span = tuple[time, time]
ALL_DAY: Span = (time.min, time.max)


@dataclass(frozen=True)
class Place:
    """Where a mobile consulate is, and by which IANA zone its clock goes."""

    name: str
    address: str
    time_zone: str


@dataclass(frozen=True)
class Hours:
    """Hours of one day by the wall clock there; ``breaks`` are within them."""

    opens: time
    closes: time
    slot_minutes: int
    breaks: tuple[Span, ...] = ()

    @property
    def faulty_break(self) -> Span | None:
        """The first break that isn't within the hours, or None."""
        return next((b for b in self.breaks if not self.opens <= b[0] < b[1] <= self.closes), None)


def slot_times(
    day: date,
    hours: Hours,
    zone: ZoneInfo,
    *,
    closed: Iterable[Span] = (),
    grid: time | None = None,
) -> list[tuple[datetime, datetime]]:
    """Starts and ends in UTC of the slots outside of breaks and ``closed`` hours.

    Counted on the wall clock from ``grid`` on, or else from the opening: a slot that is there
    keeps its time when the hours change. An hour that a clock change skips has no slots, and one
    that it repeats has them once.
    """
    step = timedelta(minutes=hours.slot_minutes)
    opening, closing = _wall(day, hours.opens), _wall(day, hours.closes)
    start = opening + (_wall(day, grid or hours.opens) - opening) % step
    away = [(_wall(day, begins), _wall(day, ends)) for begins, ends in (*hours.breaks, *closed)]
    times = []
    while start + step <= closing:
        begins = start.replace(tzinfo=zone).astimezone(UTC)
        real = begins.astimezone(zone).replace(tzinfo=None) == start
        if real and not any(a < start + step and start < b for a, b in away):
            times.append((begins, begins + step))
        start += step
    return times


def _wall(day: date, clock: time) -> datetime:
    return datetime.combine(day, clock)


def breaks_as_json(breaks: Sequence[Span]) -> list[list[str]]:
    """As a table keeps them."""
    return [[f"{begins:%H:%M}", f"{ends:%H:%M}"] for begins, ends in breaks]


def breaks_from_json(kept: Iterable[Sequence[str]]) -> tuple[Span, ...]:
    """As a table kept them."""
    return tuple((time.fromisoformat(b), time.fromisoformat(e)) for b, e in kept)
