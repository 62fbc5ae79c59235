"""Answers of a form's fields as people read them, for pages and papers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _
from markupsafe import Markup, escape

from consular.i18n import date_plain, money, pesos, translated
from services.kernel.questionnaires import Field, Kind

Row = dict[str, Any]


def data_rows(fields: tuple[Field, ...], data: Mapping[str, Any]) -> Iterator[Row]:
    """Answers by their labels, in words."""
    for each in fields:
        if each.name in data:
            yield {"label": translated(each.label), "value": in_words(each, data[each.name])}


def in_words(field: Field, value: Any) -> str:
    """An answer of the API's form as people read it; of a group, a line for each member."""
    match field.kind:
        case Kind.DATE | Kind.BIRTH_DATE:
            return date_plain(date.fromisoformat(value))
        case Kind.MONEY:
            return pesos(value) if field.currency == "MXN" else money(value)
        case Kind.YES_NO:
            return str(_("Sí") if value else _("No"))
        case Kind.CHOICE:
            return next(translated(c.label) for c in field.choices if c.value == value)
        case Kind.GROUP:
            members = [_member(field.fields, member) for member in value]
            return Markup("<br>").join(members)
    return str(value)


def _member(fields: tuple[Field, ...], member: Mapping[str, Any]) -> Markup:
    answered = [each for each in fields if each.name in member]
    return Markup(", ").join(escape(_labeled(each, member[each.name])) for each in answered)


def _labeled(field: Field, value: Any) -> str:
    """A yes or no means nothing without its question."""
    words = in_words(field, value)
    return f"{translated(field.label)} {words}" if field.kind is Kind.YES_NO else words
