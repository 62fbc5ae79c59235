"""Which sums of facts are kept: the keys that each cube adds up by, and its days, months and years.

To add a cube, add its keys to `TOTALS`: it is built within seconds, and until then whatever needs
it is counted line by line. For figures as of long ago, `BY_WEEK` has the same apart for each week
of recording. A cube that comes to hold other lines or periods needs another name, such as its keys
in another order: a version that still runs moves the old one on, and the new one is built beside.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from services.facts.keys import Key

# From the smallest on. Of each, at most as many keys as a cell has columns for.
TOTALS: tuple[tuple[Key, ...], ...] = (
    (),
    (Key.CONSULATE,),
    (Key.PROGRAM,),
    (Key.CONSULATE, Key.PROGRAM),
    (Key.ORIGIN, Key.CONSULATE),
    (Key.PROGRAM, Key.ORIGIN),
    (Key.AGE, Key.SEX, Key.PROGRAM),
    (Key.CONSULATE, Key.AGE, Key.SEX),
    (Key.ELECTION, Key.CONSULATE, Key.PROGRAM),
    (Key.CONSULATE, Key.ORIGIN, Key.PROGRAM),
    (Key.CONSULATE, Key.SEX, Key.PROGRAM),
    (Key.CONSULATE, Key.AGE, Key.PROGRAM),
)
BY_WEEK: tuple[tuple[Key, ...], ...] = (
    (Key.WEEK,),
    (Key.WEEK, Key.CONSULATE),
    (Key.WEEK, Key.PROGRAM),
    (Key.WEEK, Key.PROGRAM, Key.ORIGIN),
    (Key.WEEK, Key.PROGRAM, Key.SEX),
    (Key.WEEK, Key.PROGRAM, Key.AGE),
    (Key.WEEK, Key.CONSULATE, Key.PROGRAM),
    (Key.WEEK, Key.ORIGIN, Key.CONSULATE),
    (Key.WEEK, Key.SEX, Key.CONSULATE),
    (Key.WEEK, Key.AGE, Key.CONSULATE),
)
CUBES = TOTALS + BY_WEEK
COLUMNS = ("value_1", "value_2", "value_3")


class Level(StrEnum):
    """The lengths of the periods that cells add up."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"


_PERSONAL = frozenset({Key.ORIGIN, Key.SEX, Key.AGE})


def levels_of(cube: Sequence[Key]) -> tuple[Level, ...]:
    """The periods that a cube adds up. By week, office and another key, days would be nearly as
    many as the lines: there they are counted line by line."""
    return _LEVELS[:-1] if Key.WEEK in cube and _is_of_office(cube) else _LEVELS


def lines_of(cube: Sequence[Key]) -> str:
    """Which lines a cube holds, in SQL: those of kinds that have its keys, where few have."""
    if Key.ELECTION in cube:
        return "election IS NOT NULL"
    if _PERSONAL & set(cube):
        kinds = "'enrollment', 'enrolled_person'"
        return f"kind IN ('appointment', {kinds})" if Key.AGE in cube else f"kind IN ({kinds})"
    return "true"


def _is_of_office(cube: Sequence[Key]) -> bool:
    return Key.CONSULATE in cube and len(set(cube) - {Key.WEEK, Key.CONSULATE}) > 0


# Subtracted days and months make up for what is added too much.
_LEVELS = (Level.YEAR, Level.MONTH, Level.DAY)


@dataclass(frozen=True)
class Piece:
    """Cells of periods that begin from ``first`` to ``last``, to be added (1) or subtracted
    (-1)."""

    level: Level
    first: date
    last: date
    sign: int = 1


def find_cube(keys: Collection[Key]) -> tuple[Key, ...] | None:
    """The smallest cube by which all of these can be told apart."""
    return next((cube for cube in TOTALS if set(keys) <= set(cube)), None)


def find_weeks(keys: Collection[Key]) -> tuple[Key, ...] | None:
    """The same by week of recording."""
    return next((cube for cube in BY_WEEK if set(keys) <= set(cube)), None)


def nearest_week(at: datetime) -> datetime:
    """The beginning of a week of recording that is nearest to a moment."""
    monday = datetime.combine(
        (at.astimezone(UTC) - timedelta(days=at.astimezone(UTC).weekday())).date(), time(), UTC
    )
    after = monday + timedelta(weeks=1)
    return monday if at - monday <= after - at else after


def name_of(cube: Sequence[Key]) -> str:
    """What the database calls it."""
    return ",".join(cube) or "status"


def split(first: date | None, last: date | None, *, by_day: bool = False) -> list[Piece]:
    """The few cells that make up the days from ``first`` to ``last``; None is open.

    ``by_day`` keeps each day apart.
    """
    if by_day or (first and last and first > last):
        return [Piece(Level.DAY, first or date.min, last or date.max)]
    until = last + timedelta(days=1) if last and last < date.max else None
    return list(_cover(_LEVELS, first, until, 1))


def _cover(
    levels: Sequence[Level], first: date | None, until: date | None, sign: int
) -> Iterator[Piece]:
    """Whole periods of the first level, nearest to the wanted; the ends by the finer ones."""
    level, finer = levels[0], levels[1:]
    start = _nearest(first, level) if first else None
    end = _nearest(until, level) if until else None
    if start and end and start >= end:
        if finer and first != until:
            yield from _cover(finer, first, until, sign)
        return
    last = end - timedelta(days=1) if end else date.max
    yield Piece(level, start or date.min, last, sign)
    if finer:
        yield from _end(finer, first, start, sign)
        yield from _end(finer, end, until, sign)


def _end(
    finer: Sequence[Level], first: date | None, until: date | None, sign: int
) -> Iterator[Piece]:
    """What lies between where whole periods end and where the days do: too little, or too much."""
    if first and until and first < until:
        yield from _cover(finer, first, until, sign)
    elif first and until and until < first:
        yield from _cover(finer, until, first, -sign)


def _nearest(day: date, level: Level) -> date:
    """The beginning of a period that is nearest to the beginning of a day."""
    if level is Level.DAY:
        return day
    before = day.replace(day=1) if level is Level.MONTH else day.replace(month=1, day=1)
    after = _next(before, level)
    return before if day - before <= after - day else after


def _next(begin: date, level: Level) -> date:
    ahead = begin + timedelta(days=31 if level is Level.MONTH else 366)
    return ahead.replace(day=1) if level is Level.MONTH else ahead.replace(month=1, day=1)
