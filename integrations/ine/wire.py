"""INE's counts in our words: numbers by office, and nobody's data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from integrations.answers import YEARS
from integrations.contracts import CredentialCounts

_OFFICE = re.compile(r"[a-z0-9-]{1,40}")
MOST_REQUESTS = 10_000_000


def credential_counts(body: Mapping[str, Any]) -> CredentialCounts:
    """The counts in the answer. ValueError or KeyError when any of them can't be meant: half a
    table would look like a drop."""
    cut_off = date.fromisoformat(body["corte"])
    if cut_off.year not in YEARS:
        raise ValueError("not a day that can be meant")
    counts = {_office(row["oficina"]): _count(row["solicitudes"]) for row in body["conteos"]}
    if len(counts) != len(body["conteos"]) or not counts:
        raise ValueError("an office twice, or none at all")
    return CredentialCounts(cut_off, counts)


def _office(value: object) -> str:
    if not isinstance(value, str) or not _OFFICE.fullmatch(value):
        raise ValueError("not the code of an office")
    return value


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_REQUESTS:
        raise ValueError("not a count")
    return value
