"""Where in Mexico: the question that several programs share."""

from __future__ import annotations

import csv
from importlib.resources import files

from services.enrollments.programs.schema import Bilingual, Choice, Field, Kind


def _states() -> tuple[Choice, ...]:
    """The states by their letters in the CURP, in the alphabet of their names."""
    source = files("services.consulates") / "data" / "states.csv"
    with source.open("r", encoding="utf-8") as lines:
        rows = [(row["curp_code"], row["name_es"]) for row in csv.DictReader(lines)]
    return tuple(Choice(code, Bilingual(name, name)) for code, name in rows)


STATE = Field(
    "state",
    Kind.CHOICE,
    Bilingual("Estado", "State"),
    choices=_states(),
)
MUNICIPALITY = Field(
    "municipality",
    Kind.TEXT,
    Bilingual("Municipio o alcaldía", "Municipality"),
    Bilingual("Por ejemplo, Tlaquepaque.", "For example, Tlaquepaque."),
    most=80,
)
