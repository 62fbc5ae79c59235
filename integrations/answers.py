"""Reading an answer: strict for what decides, lenient for what is optional.

An optional field that can't be used is dropped and named, so that an agency's slip in it never
holds up its word on the money.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

MOST_TEXT = 200
MOST_LINK = 500
# Moments outside of these years are slips, and some can't be stored at all.
YEARS = range(2020, 2100)
_LINK = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]+)?/[!-~]*")
_CURRENCY = re.compile(r"[A-Z]{3}")
_AMOUNT = re.compile(r"[0-9]{1,12}\.[0-9]{2}")


@dataclass
class OptionalFields:
    """The optional fields of one answer. ``dropped`` names those that can't be used."""

    body: Mapping[str, Any]
    dropped: list[str] = field(default_factory=list)
    # Where the body stands in the answer.
    within: str = ""

    def part(self, name: str) -> OptionalFields | None:
        """An object within the answer, whose fields are optional as well."""
        value = self.body.get(name)
        if isinstance(value, Mapping):
            return OptionalFields(value, self.dropped, f"{self.within}{name}.")
        self._drop(name, value)
        return None

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

    def day(self, name: str) -> date | None:
        """A date in a year that can be meant."""
        value = self.body.get(name)
        try:
            day = date.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            day = None
        if day is not None and day.year in YEARS:
            return day
        self._drop(name, value)
        return None

    def link(self, name: str) -> str | None:
        """An address that a person may be sent to: https only."""
        value = self.body.get(name)
        if isinstance(value, str) and len(value) <= MOST_LINK and _LINK.fullmatch(value):
            return value
        self._drop(name, value)
        return None

    def currency(self, name: str) -> str | None:
        """A currency's three letters."""
        value = self.body.get(name)
        if isinstance(value, str) and _CURRENCY.fullmatch(value):
            return value
        self._drop(name, value)
        return None

    def known(self, name: str, words: Mapping[str, str]) -> tuple[str, ...]:
        """A list of the agency's words in ours; one that isn't among ``words`` is dropped."""
        value = self.body.get(name)
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            self._drop(name, value)
            return ()
        for word in value:
            self._drop(name, None if word in words else word)
        return tuple(dict.fromkeys(words[word] for word in value if word in words))

    def minor_units(self, name: str) -> int | None:
        """An amount with two decimals, in hundredths."""
        value = self.body.get(name)
        if isinstance(value, str) and _AMOUNT.fullmatch(value):
            return int(value.replace(".", ""))
        self._drop(name, value)
        return None

    def _drop(self, name: str, value: object) -> None:
        full = f"{self.within}{name}"
        if value is not None and full not in self.dropped:
            self.dropped.append(full)
