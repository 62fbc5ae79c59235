"""Working days and terms as the federal law on administrative procedure (LFPA) counts them.

Its days off (art. 28) differ from those of the labour law: they fall on the date itself, and May 5
and September 1 are among them. Days that an agency takes off by the Diario Oficial aren't known
here: where one falls into a term, its real end is later.
"""

from __future__ import annotations

import csv
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

_SATURDAY = 5
_DAY = timedelta(days=1)


def is_working_day(day: date) -> bool:
    """Whether the day counts in a term of days (LFPA 28)."""
    return day.weekday() < _SATURDAY and day not in _days_off(day.year)


def working_day_from(day: date) -> date:
    """The day, or the next that is a working day: where a term that ends then goes (LFPA 29)."""
    while not is_working_day(day):
        day += _DAY
    return day


def add_working_days(day: date, count: int) -> date:
    """The last day of a term of ``count`` working days, which begins with the next working day
    after ``day`` (LFPA 17-B)."""
    for _ in range(count):
        day = working_day_from(day + _DAY)
    return day


def add_months(day: date, months: int) -> date:
    """The last day of a term of months that begins with the next working day after ``day``.

    It ends with the same number of day, without one in that month with the first working day of the
    next (LFPA 29).
    """
    start = working_day_from(day + _DAY)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if start.day > monthrange(year, month + 1)[1]:
        year, month = divmod(year * 12 + month + 1, 12)
        return working_day_from(date(year, month + 1, 1))
    return working_day_from(date(year, month + 1, start.day))


@cache
def _days_off(year: int) -> frozenset[date]:
    return frozenset(_read_days_off(year))


def _read_days_off(year: int) -> Iterator[date]:
    """A row counts on its date each year; a six-yearly one from its first year on."""
    text = files("services.kernel").joinpath("data", "lfpa_non_working_days.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        six_yearly = row["rule"] == "six-yearly" and (year - int(row["first_year"])) % 6 == 0
        if row["rule"] == "fixed" or six_yearly:
            yield date.fromisoformat(f"{year}-{row['date']}")
