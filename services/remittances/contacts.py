"""Whom a sender may turn to, as a receipt has to say (12 CFR 1005.31(b)(2)(v) and (vi)): dated
data with their source in ``data/contacts.csv``."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files


class ContactRole(StrEnum):
    """Who it is: we, the State that licenses us, or the federal bureau."""

    PROVIDER = "provider"
    STATE = "state"
    CFPB = "cfpb"


@dataclass(frozen=True)
class Contact:
    """How to reach somebody from a day on. ``site`` is empty where it is this system's own."""

    role: ContactRole
    valid_from: date
    name_es: str
    name_en: str
    telephone: str
    site: str
    note: str
    source: str


def contact_on(role: ContactRole, day: date) -> Contact:
    """Who it is on that day; the first one on earlier days."""
    known = [contact for contact in _contacts() if contact.role is role]
    in_force = [contact for contact in known if contact.valid_from <= day]
    return (in_force or known[:1])[-1]


@cache
def _contacts() -> Sequence[Contact]:
    source = files("services.remittances").joinpath("data", "contacts.csv")
    rows = csv.DictReader(source.read_text(encoding="utf-8").splitlines())
    contacts = [
        Contact(ContactRole(row.pop("role")), date.fromisoformat(row.pop("valid_from")), **row)
        for row in rows
    ]
    return sorted(contacts, key=lambda contact: contact.valid_from)
