"""Years, months and days, added and subtracted, make up any period exactly, and they are few."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.facts.cubes import (
    BY_WEEK,
    COLUMNS,
    CUBES,
    TOTALS,
    Level,
    Piece,
    find_cube,
    find_weeks,
    nearest_week,
    split,
)
from services.facts.keys import Key

DAYS = [date(2024, 1, 1) + timedelta(days=n) for n in range(3 * 365)]


def _begin(day: date, level: Level) -> date:
    if level is Level.DAY:
        return day
    return day.replace(day=1) if level is Level.MONTH else day.replace(month=1, day=1)


def _times(day: date, pieces: list[Piece]) -> int:
    """How often a line of that day is counted."""
    return sum(p.sign for p in pieces if p.first <= _begin(day, p.level) <= p.last)


def _counted(first: date | None, last: date | None) -> set[date]:
    pieces = split(first, last)
    times = {day: _times(day, pieces) for day in DAYS}
    assert set(times.values()) <= {0, 1}, (first, last, pieces)
    return {day for day, count in times.items() if count}


def test_any_period_is_counted_once_and_nothing_beside_it() -> None:
    chance = random.Random(7)
    periods: list[tuple[date | None, date | None]] = [
        (None, None), (None, DAYS[40]), (DAYS[400], None), (DAYS[0], DAYS[-1]),
        (date(2024, 2, 29), date(2024, 2, 29)), (date(2024, 12, 31), date(2025, 1, 1)),
        (DAYS[9], DAYS[3]), (date(2024, 3, 20), date(2024, 4, 1)),
    ]  # fmt: skip
    periods += [tuple(sorted(chance.sample(DAYS, 2))) for _ in range(60)]  # type: ignore[misc]
    for first, last in periods:
        expected = {d for d in DAYS if (first or d) <= d <= (last or d)}
        assert _counted(first, last) == expected


@pytest.mark.parametrize("length", [30, 92, 366, 800])
def test_no_more_than_half_a_month_of_days_at_each_end(length: int) -> None:
    for start in range(0, 200, 7):
        cells: Counter[Level] = Counter()
        for piece in split(DAYS[start], DAYS[start + length]):
            days = [day for day in DAYS if _begin(day, piece.level) == day]
            cells[piece.level] += sum(piece.first <= day <= piece.last for day in days)
        assert cells[Level.DAY] <= 32
        assert cells[Level.MONTH] <= 12


def test_the_smallest_cube_is_taken_and_each_fits_into_a_cell() -> None:
    assert find_cube([]) == ()
    assert find_cube([Key.PROGRAM]) == (Key.PROGRAM,)
    assert find_cube([Key.PROGRAM, Key.CONSULATE]) == (Key.CONSULATE, Key.PROGRAM)
    for cubes in (TOTALS, BY_WEEK):
        assert [len(cube) for cube in cubes] == sorted(len(cube) for cube in cubes)
    assert max(len(cube) for cube in CUBES) <= len(COLUMNS)


def test_what_was_recorded_is_kept_by_the_week_that_begins_on_monday() -> None:
    assert find_weeks([]) == (Key.WEEK,)
    assert find_weeks([Key.SEX, Key.PROGRAM]) == (Key.WEEK, Key.PROGRAM, Key.SEX)
    assert find_weeks([Key.CONSULATE, Key.PROGRAM]) == (Key.WEEK, Key.CONSULATE, Key.PROGRAM)
    assert find_weeks([Key.CONSULATE, Key.SEX, Key.AGE]) is None
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    for hours in (-84, -1, 0, 1, 83):
        at = monday + timedelta(hours=hours)
        assert nearest_week(at) == (monday if hours > -84 else monday - timedelta(weeks=1))
        assert nearest_week(at.astimezone(ZoneInfo("Asia/Tokyo"))) == nearest_week(at)
