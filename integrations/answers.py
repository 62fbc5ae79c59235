"""Reading an answer: strict for what decides, lenient for what is optional.

An optional field that can't be used is dropped and named, so that an agency's slip in it never
holds up its word on the money.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

MOST_TEXT = 200
# Moments outside of these years are slips, and some can't be stored at all.
YEARS = range(2020, 2100)
_AMOUNT = re.compile(r"[0-9]{1,12}\.[0-9]{2}")


@dataclass
class OptionalFields:
    """The optional fields of one answer. ``dropped`` names those that can't be used."""

    body: Mapping[str, Any]
    dropped: list[str] = field(default_factory=list)

    def text(self, name: str) -> str | None:
        """Printable text of a sane length."""
        value = self.body.get(name)
        if isinstance(value, str) and len(value) <= MOST_TEXT and value.isprintable():
            return value or None
        self._drop(name, value)
        return None

    def moment(self, name: str) -> datetime | None:
        """A time with its offset, in a year that can be meant."""
        value = self.body.get(name)
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None and moment.year in YEARS:
            return moment
        self._drop(name, value)
        return None

    def minor_units(self, name: str) -> int | None:
        """An amount with two decimals, in hundredths."""
        value = self.body.get(name)
        if isinstance(value, str) and _AMOUNT.fullmatch(value):
            return int(value.replace(".", ""))
        self._drop(name, value)
        return None

    def _drop(self, name: str, value: object) -> None:
        if value is not None:
            self.dropped.append(name)
