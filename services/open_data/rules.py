"""Open data: which counts are too small to be told, and which months are whole."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Level(StrEnum):
    """What a row adds up."""

    WORLD = "world"
    COUNTRY = "country"
    OFFICE = "office"


# Every category of a row together, and what no office counts.
ALL = "all"
NONE = "none"
# A month is published once what came late has had these days to arrive.
WHOLE_AFTER = timedelta(days=7)


@cache
def _thresholds() -> list[tuple[date, int]]:
    text = files("services.open_data").joinpath("data", "thresholds.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return sorted((date.fromisoformat(r["valid_from"]), int(r["threshold"])) for r in rows)


def threshold_on(day: date) -> int:
    """Counts from 1 to one less than this are suppressed in what is published that day."""
    return [least for since, least in _thresholds() if since <= day][-1]


def whole_months(since: date, today: date) -> Iterator[tuple[date, date]]:
    """First and last day of each month from ``since`` on that is whole today."""
    first = since.replace(day=1)
    while True:
        following = (first + timedelta(days=32)).replace(day=1)
        last = following - timedelta(days=1)
        if last + WHOLE_AFTER >= today:
            return
        yield first, last
        first = following
