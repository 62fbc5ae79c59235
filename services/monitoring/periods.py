"""Periods of figures: a year, a quarter or a month, as ``2026``, ``2026-Q3`` or ``2026-09``."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

PERIOD = r"20[0-9]{2}(-(Q[1-4]|0[1-9]|1[0-2]))?"
_QUARTER_MONTHS = 3


def days_of(period: str) -> tuple[date, date]:
    """The first and the last day of a period. Raises ValueError for what is none."""
    if not re.fullmatch(PERIOD, period, re.ASCII):
        raise ValueError(f"{period!r} is no year, quarter or month")
    year, _dash, part = period.partition("-")
    first, last = _months(part)
    return date(int(year), first, 1), date(int(year), last, monthrange(int(year), last)[1])


def find_period(first: date | None, last: date | None) -> str | None:
    """The year, quarter or month that these days are, both included."""
    periods = periods_of(first) if first and last else ()
    return next((period for period in periods if days_of(period) == (first, last)), None)


def periods_of(day: date) -> tuple[str, str, str]:
    """The year, the quarter and the month of a day."""
    quarter = (day.month - 1) // _QUARTER_MONTHS + 1
    return f"{day:%Y}", f"{day:%Y}-Q{quarter}", f"{day:%Y-%m}"


def _months(part: str) -> tuple[int, int]:
    """The first and the last month of a part of a year; of all of it when there is none."""
    if not part:
        return 1, 12
    if part.startswith("Q"):
        last = int(part[1]) * _QUARTER_MONTHS
        return last - _QUARTER_MONTHS + 1, last
    return int(part), int(part)
