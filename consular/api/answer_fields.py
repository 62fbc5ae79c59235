"""Marshmallow fields of answers: text whose format the contract names, so that clients type it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from marshmallow import fields

from consular.input.fields import CLOCK


class _Said(fields.String):
    """Text of a known shape."""

    shape: ClassVar[dict[str, Any]] = {}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata = {**self.shape, **self.metadata}


class Id(_Said):
    """A UUID."""

    shape: ClassVar[dict[str, Any]] = {"format": "uuid"}


class Instant(_Said):
    """A time with its offset."""

    shape: ClassVar[dict[str, Any]] = {"format": "date-time"}


class CalendarDay(_Said):
    """A day."""

    shape: ClassVar[dict[str, Any]] = {"format": "date"}


class WallClock(_Said):
    """Hours and minutes at the office."""

    shape: ClassVar[dict[str, Any]] = {
        "pattern": f"^{CLOCK}$",
        "examples": ["09:00"],
    }


class DecimalText(_Said):
    """A decimal number as text, so that no reader rounds it."""

    shape: ClassVar[dict[str, Any]] = {"pattern": r"^[0-9]+(\.[0-9]+)?$"}


class Word(_Said):
    """One of the words that the contract lists."""

    def __init__(self, words: Iterable[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata = {"enum": [str(word) for word in words], **self.metadata}
