"""Working groups of the Commission, and what their figures may be."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

GROUPS = range(1, 7)
LARGEST = Decimal(10) ** 15 - 1


class ReportedUnit(StrEnum):
    """The unit of a figure that others reported or published."""

    PEOPLE = "people"
    APPOINTMENTS = "appointments"
    CARDS = "cards"
    CENTRES = "centres"
    COMPANIES = "companies"
    COUNTRIES = "countries"
    DOCUMENTS = "documents"
    NUMBERS = "numbers"
    OPENINGS = "openings"
    PROCEDURES = "procedures"
    PRODUCTS = "products"
    REQUESTS = "requests"
    SERVICES = "services"
    VOTES = "votes"
    PERCENT = "percent"
    USD_MILLION = "USD million"


# Half a person isn't reported; half a million is.
DIVISIBLE = frozenset({ReportedUnit.PERCENT, ReportedUnit.USD_MILLION})


def fits(value: Decimal, unit: str) -> bool:
    """Whether something counted in the unit can be so many."""
    return 0 <= value <= LARGEST and (unit in DIVISIBLE or value == value.to_integral_value())
