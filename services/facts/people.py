"""What figures tell of a person: state of origin, sex and a band of ages; never anything finer."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from services.facts.recording import Dimensions


class Sex(StrEnum):
    """As a CURP has it: man, woman, neither."""

    MAN = "H"
    WOMAN = "M"
    NEITHER = "X"


class AgeBand(StrEnum):
    """Ages that are counted together, by birthdays that were had."""

    MINOR = "0-17"
    YOUNG = "18-29"
    ADULT = "30-44"
    MIDDLE = "45-59"
    SENIOR = "60plus"


_UNTIL = (
    (18, AgeBand.MINOR),
    (30, AgeBand.YOUNG),
    (45, AgeBand.ADULT),
    (60, AgeBand.MIDDLE),
)


def age_band(birth_date: date, day: date) -> AgeBand:
    """The band in which somebody is on a day."""
    age = day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))
    return next((band for until, band in _UNTIL if age < until), AgeBand.SENIOR)


def describe(curp: str, birth_date: date, day: date) -> Dimensions:
    """What is counted of whoever has this CURP: its state (by its own code), sex and age then."""
    return {
        "state_of_origin": curp[11:13],
        "sex": Sex(curp[10]).value,
        "age_band": age_band(birth_date, day).value,
    }
