"""Mexico's municipalities, to say where somebody collects cash: INEGI's names and seats.

They travel with the code and change about once a year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from services.consulates.loading import read_rows
from services.kernel.identifiers import normalise_name

# Of so many that might be meant, somebody can tell which it is.
MOST_ASKED_BACK = 8


@dataclass(frozen=True)
class Municipality:
    """``code`` and ``state`` are INEGI's, of five and two digits; ``seat`` is its main town."""

    code: str
    state: str
    name: str
    seat: str
    latitude: float
    longitude: float


class NotOneMunicipality(LookupError):
    """None is called that, or several are: ``called`` so."""

    def __init__(self, called: Sequence[Municipality]) -> None:
        super().__init__()
        self.called = called


def list_municipalities(state: str) -> Sequence[Municipality]:
    """Those of a state, by INEGI's code of it."""
    return [each for each in _all() if each.state == state]


def get_municipality(code: str) -> Municipality:
    """The one with that code. Raises KeyError."""
    return _by_code()[code]


def find_municipality(state: str, written: str) -> Municipality:
    """The one that somebody means, whatever the accents: by its code, its name, its main town, or
    words of its name.

    Raises `NotOneMunicipality`.
    """
    among = list_municipalities(state)
    name = normalise_name(written)
    for column in ("code", "name", "seat"):
        matching = [each for each in among if normalise_name(getattr(each, column)) == name]
        if matching:
            return _only(matching)
    return _only([each for each in among if f" {name} " in f" {normalise_name(each.name)} "])


def _only(matching: Sequence[Municipality]) -> Municipality:
    if len(matching) == 1:
        return matching[0]
    raise NotOneMunicipality(matching[:MOST_ASKED_BACK])


@cache
def _all() -> Sequence[Municipality]:
    rows = read_rows("services.remittances", "municipalities.csv", _municipality)
    return [Municipality(**row) for row in rows]


@cache
def _by_code() -> Mapping[str, Municipality]:
    return {each.code: each for each in _all()}


def _municipality(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("code", "state", "name", "seat")
    place = {name: float(row[name]) for name in ("latitude", "longitude")}
    return {**{name: row[name] for name in names}, **place}
