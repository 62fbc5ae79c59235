"""How a session report says its numbers, on pages, on paper and in charts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from consular.i18n import current_language, number, words

NOTHING = "—"


def value_text(value: str | None, unit: str = "") -> str:
    """A number as the report says it, with its unit."""
    if value is None:
        return NOTHING
    exact = Decimal(value)
    shown = number(int(exact) if exact == exact.to_integral_value() else exact)
    return f"{shown} {words('monitoring.unit', unit)}" if unit else shown


def change_text(value: str, before: str | None) -> str:
    """What became of a number since the one before: «+85,856 (+87.2 %)»."""
    if before is None:
        return NOTHING
    new, old = Decimal(value), Decimal(before)
    if new == old:
        return str(_("Igual"))
    said = f"{new - old:+,f}".replace("-", "\N{MINUS SIGN}")
    if not old:
        return said
    share = f"{(new - old) / old * 100:+.1f}".replace("-", "\N{MINUS SIGN}")
    return f"{said} ({share}\N{NO-BREAK SPACE}%)"


def in_words(text: Mapping[str, str] | None) -> str:
    """A text that the content has in both languages."""
    return text[current_language()] if text else ""


def note_text(result: Mapping[str, Any]) -> str:
    """What a source says with a number, unless its name says it already."""
    note = in_words(result["texts"]["note"])
    return "" if note in in_words(result["texts"]["name"]) else note
