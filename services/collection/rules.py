"""Pure rules: who may collect a document."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from services.cashier.rules import age_on

OF_AGE = 18


class Collector(StrEnum):
    """Who takes a document with them: the person whose it is, a parent or guardian, or somebody
    whom the person authorized in writing."""

    HOLDER = "holder"
    PARENT = "parent"
    AUTHORIZED = "authorized"


def collectors(born: date | None, day: date) -> tuple[Collector, ...]:
    """Who may collect the document of somebody born on that date; a child's goes to whoever answers
    for them. Of unknown birth date everybody may: the officer reads the papers."""
    if born is None:
        return tuple(Collector)
    own = Collector.HOLDER if age_on(born, day) >= OF_AGE else Collector.PARENT
    return own, Collector.AUTHORIZED
