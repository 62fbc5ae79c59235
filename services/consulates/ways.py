"""How a service is done that needs no appointment, or none at all: in plain words, from data."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from services.consulates.loading import read_rows


class Way(NamedTuple):
    """Where and how a service is done without an appointment; ``program`` is one of enrollment."""

    text_es: str
    text_en: str
    program: str | None


def find_way(service: str) -> Way | None:
    """The way without an appointment, where one is known."""
    return _ways().get(service)


@cache
def _ways() -> Mapping[str, Way]:
    rows = read_rows("services.consulates", "ways.csv", dict)
    return {
        row["service_code"]: Way(row["text_es"], row["text_en"], row["program"]) for row in rows
    }
