"""Attendees of appointments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from services.citizens.people import PersonData


@dataclass(frozen=True)
class Attendee(PersonData):
    """Somebody who comes. The birth date is always asked for, the CURP never."""

    birth_date: date
