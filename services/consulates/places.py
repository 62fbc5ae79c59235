"""Where a place is that somebody typed: a city, a state or a ZIP code of the United States, a city
or a province of Canada.

The places are data (`data/places.csv`): no address leaves this machine, and none is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from services.consulates.loading import read_rows
from services.kernel.identifiers import normalise_name

_ZIP = re.compile(r"([0-9]{3})[0-9]{2}(-[0-9]{4})?")


class Place(NamedTuple):
    """A city, a state, or the surroundings of a ZIP code; ``region`` is a state or province."""

    kind: str
    name: str
    region: str
    country: str
    latitude: float
    longitude: float
    people: int

    @property
    def point(self) -> tuple[float, float]:
        """Latitude and longitude in degrees."""
        return self.latitude, self.longitude

    @property
    def area(self) -> str:
        """The state or province, as coarse as demand is counted: ``US-CA``."""
        return f"{self.country}-{self.region}"


def find_place(written: str) -> Place | None:
    """What was typed: ``90210``, ``Fresno``, ``Fresno, CA``, ``Fresno California``, ``Nevada``.

    Of several places of one name, the one with most people, unless the state is said.
    """
    code = _ZIP.fullmatch(written.strip())
    places = _places()
    if code:
        return places.get(f"zip {code[1]}")
    return places.get(normalise_name(written))


@cache
def _places() -> Mapping[str, Place]:
    """By what may be typed; what comes later is known by more people."""
    rows = [Place(**row) for row in read_rows("services.consulates", "places.csv", _read)]
    states = {(p.country, p.region): p.name for p in rows if p.kind == "state"}
    ordered = sorted(rows, key=lambda place: (place.kind == "city", place.people))
    return {key: place for place in ordered for key in _keys(place, states)}


def _keys(place: Place, states: Mapping[tuple[str, str], str]) -> Iterator[str]:
    if place.kind == "zip":
        yield f"zip {place.name}"
        return
    yield normalise_name(place.name)
    if place.kind == "city":
        yield normalise_name(place.name, place.region)
        yield normalise_name(place.name, states.get((place.country, place.region)))


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": row["kind"],
        "name": row["name"],
        "region": row["region"],
        "country": row["country"],
        "latitude": float(row["latitude"]),
        "longitude": float(row["longitude"]),
        "people": int(row["people"] or 0),
    }
