"""Working days and terms, as the federal law on administrative procedure counts them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from services.kernel.working_days import (
    add_months,
    add_working_days,
    is_working_day,
    working_day_from,
)

# Weekdays off (LFPA 28); the others fall on a weekend.
OFF = {
    2026: ["01-01", "02-05", "05-01", "05-05", "09-01", "09-16", "11-20", "12-25"],
    2027: ["01-01", "02-05", "05-05", "09-01", "09-16"],
    2030: ["01-01", "02-05", "03-21", "05-01", "09-16", "11-20", "12-25"],
}


@pytest.mark.parametrize("year", sorted(OFF))
def test_days_off_are_those_of_the_law(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    off = [f"{day:%m-%d}" for day in days if day.weekday() < 5 and not is_working_day(day)]
    assert off == OFF[year]


def test_days_off_fall_on_their_date_and_not_on_the_monday_of_the_labour_law() -> None:
    # First Monday of February, third Mondays of March and November 2026.
    assert all(map(is_working_day, [date(2026, 2, 2), date(2026, 3, 16), date(2026, 11, 16)]))


def test_the_day_of_the_transfer_comes_every_six_years() -> None:
    assert is_working_day(date(2025, 12, 1))
    assert not is_working_day(date(2036, 12, 1))


@pytest.mark.parametrize(
    ("day", "count", "last"),
    [
        (date(2026, 11, 18), 5, date(2026, 11, 26)),
        (date(2026, 12, 23), 5, date(2026, 12, 31)),
        (date(2026, 12, 30), 2, date(2027, 1, 4)),
        (date(2026, 4, 29), 3, date(2026, 5, 6)),
        (date(2026, 11, 21), 1, date(2026, 11, 23)),
    ],
    ids=["past-a-holiday", "past-christmas", "over-new-year", "may", "asked-on-a-saturday"],
)
def test_a_term_of_days_begins_with_the_next_working_day(day: date, count: int, last: date) -> None:
    assert add_working_days(day, count) == last


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (date(2026, 9, 1), date(2026, 12, 2)),
        (date(2026, 8, 31), date(2026, 12, 2)),
        (date(2026, 11, 27), date(2027, 3, 1)),
        (date(2026, 10, 4), date(2027, 1, 5)),
        (date(2026, 10, 1), date(2027, 1, 4)),
    ],
    ids=["same-day", "begins-later", "no-such-day", "filed-on-a-sunday", "ends-on-a-saturday"],
)
def test_a_term_of_three_months_ends_with_the_same_day(day: date, last: date) -> None:
    assert add_months(day, 3) == last


def test_what_ends_on_a_day_off_ends_on_the_next_working_day() -> None:
    assert working_day_from(date(2026, 12, 25)) == date(2026, 12, 28)
    assert working_day_from(date(2026, 12, 28)) == date(2026, 12, 28)
