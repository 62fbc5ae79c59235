"""Offices close on the days that Mexican and United States law say, and on no other."""

from __future__ import annotations

from datetime import date

import pytest

from services.consulates.rules import ClosedDay, great_circle_km, mexican_days, us_days


def _days(rows: list[ClosedDay]) -> set[date]:
    return {row.day for row in rows}


def test_mexican_days_keep_their_dates_and_do_not_move_to_mondays() -> None:
    assert sorted(_days(mexican_days(2026))) == [
        date(2026, 1, 1),
        date(2026, 2, 5),
        date(2026, 3, 21),
        date(2026, 5, 1),
        date(2026, 5, 5),
        date(2026, 9, 1),
        date(2026, 9, 16),
        date(2026, 11, 20),
        date(2026, 12, 25),
    ]
    # First Monday of February, third Mondays of March and November: the labour law's, not ours.
    assert not _days(mexican_days(2026)) & {
        date(2026, 2, 2),
        date(2026, 3, 16),
        date(2026, 11, 16),
    }


@pytest.mark.parametrize("year", range(2025, 2031))
def test_the_change_of_the_executive_closes_every_sixth_year_only(year: int) -> None:
    assert (date(year, 12, 1) in _days(mexican_days(year))) == (year == 2030)


def test_us_holidays_of_2026_are_those_of_the_federal_calendar() -> None:
    assert sorted(_days(us_days(2026))) == [
        date(2026, 1, 1),
        date(2026, 1, 19),
        date(2026, 2, 16),
        date(2026, 5, 25),
        date(2026, 6, 19),
        date(2026, 7, 3),  # observed: the fourth is a Saturday
        date(2026, 7, 4),
        date(2026, 9, 7),
        date(2026, 10, 12),
        date(2026, 11, 11),
        date(2026, 11, 26),
        date(2026, 12, 25),
    ]


@pytest.mark.parametrize(
    ("year", "holiday", "observed"),
    [
        (2026, date(2026, 7, 4), date(2026, 7, 3)),
        (2027, date(2027, 7, 4), date(2027, 7, 5)),
        (2027, date(2027, 6, 19), date(2027, 6, 18)),
        (2028, date(2028, 1, 1), date(2027, 12, 31)),
        (2028, date(2028, 11, 11), date(2028, 11, 10)),
    ],
)
def test_a_us_holiday_on_a_weekend_is_observed_on_the_nearest_weekday(
    year: int, holiday: date, observed: date
) -> None:
    assert {holiday, observed} <= _days(us_days(year))


@pytest.mark.parametrize("year", range(2025, 2031))
def test_no_day_is_listed_twice_for_a_country(year: int) -> None:
    for rule in (mexican_days, us_days):
        rows = rule(year)
        assert len(_days(rows)) == len(rows)


def test_distance_is_that_of_the_globe() -> None:
    los_angeles, tokyo = (34.05223, -118.24368), (35.6895, 139.69171)
    assert great_circle_km(los_angeles, tokyo) == pytest.approx(8815, rel=0.005)
    assert great_circle_km(tokyo, tokyo) == 0
    assert great_circle_km((0, 179.5), (0, -179.5)) == pytest.approx(111.2, rel=0.001)
    assert great_circle_km((0, 0), (0, 180)) == pytest.approx(20015, rel=0.001)
