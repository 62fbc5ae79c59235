"""How a service is done without an appointment: in plain words, from data, each with its source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from services.consulates.loading import read_rows

# The row of `ways.csv` for every service that no office has times for.
WITHOUT_TIMES = "*"


class Way(NamedTuple):
    """Where and how a service is done without an appointment; ``program`` is one of enrollment."""

    text_es: str
    text_en: str
    program: str | None
    source: str


def find_way(service: str) -> Way | None:
    """The service's own way without an appointment, where it has one."""
    return _ways().get(service)


def list_ways(service: str, *, bookable: bool, offered: bool) -> Sequence[Way]:
    """The service's own way; then, while no office has times for it, what holds for all of those.
    One that is never booked always has its own."""
    own = find_way(service)
    waiting = _ways()[WITHOUT_TIMES] if bookable and not offered else None
    return [way for way in (own, waiting) if way]


@cache
def _ways() -> Mapping[str, Way]:
    rows = read_rows("services.consulates", "ways.csv", dict)
    return {
        row["service_code"]: Way(row["text_es"], row["text_en"], row["program"], row["source"])
        for row in rows
    }
