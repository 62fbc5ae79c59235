"""The yearly fee of IMSS's family health insurance: for each person by age (LSS 242, 243)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from services.enrollments.programs.schema import Bilingual, Estimate, Part
from services.enrollments.tariffs.tables import in_force, since, sources
from services.kernel.money import Money

TABLE = "imss_family_health_fees"


def work_out(answers: Mapping[str, Any], on: date) -> Estimate:
    """A part for each of ``members``, by ``age``. Raises TariffUnknown."""
    rows = in_force(TABLE, on)
    return Estimate(
        parts=tuple(_part(member["age"], on) for member in answers["members"]),
        valid_from=since(rows),
        sources=sources(rows),
    )


def yearly_fee(age: int, on: date) -> Money:
    """What one person of that age pays for a year. Raises TariffUnknown."""
    rows = in_force(TABLE, on)
    row = next(row for row in rows if int(row["age_from"]) <= age <= int(row["age_to"] or age))
    return Money.parse(row["annual_mxn"], "MXN")


def ages_of_request(data: Mapping[str, Any], on: date) -> dict[str, Any]:
    """The members of a request, by their ages on that day."""
    born = (date.fromisoformat(member["born"]) for member in data["members"])
    return {"members": [{"age": age_on(day, on)} for day in born]}


def age_on(born: date, on: date) -> int:
    """Whole years; who is born on February 29 turns a year older on March 1."""
    return max(0, on.year - born.year - ((on.month, on.day) < (born.month, born.day)))


def _part(age: int, on: date) -> Part:
    years = (f"{age} año", f"{age} year") if age == 1 else (f"{age} años", f"{age} years")
    name = Bilingual(f"Persona de {years[0]}", f"Person of {years[1]}")
    return Part(f"age_{age}", name, yearly_fee(age, on), "LSS 242, 243")
