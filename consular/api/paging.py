"""Lists: ``{"items": […], "next": cursor-or-null}``, at most a hundred a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, validate

from consular.api.fields import NumberInQuery


class Cursor(fields.String):
    """Where the next page begins: opaque to whoever asks, a time and an id to us."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        moment, _sep, row = text.partition("~")
        try:
            at, found = datetime.fromisoformat(moment.replace(" ", "+")), UUID(row)
        except ValueError:
            raise ValidationError([_("La página siguiente no es válida.")]) from None
        if at.tzinfo is None:
            raise ValidationError([_("La página siguiente no es válida.")])
        return at, found


class PageQuery(Schema):
    """``limit`` and ``next`` of every list."""

    limit = NumberInQuery(
        load_default=50,
        validate=validate.Range(1, 100, error=_("Pide de 1 a 100 por página.")),
    )
    next = Cursor(load_default=None)


def cursor(last: tuple[datetime, UUID] | None) -> str | None:
    """How `Cursor` reads it again: the time and id to go on after, None at the end."""
    return f"{last[0].isoformat()}~{last[1]}" if last else None


class SliceQuery(Schema):
    """For lists that are short by nature: all of it, unless ``limit`` asks for less."""

    limit = NumberInQuery(
        load_default=None,
        validate=validate.Range(1, 100, error=_("Pide de 1 a 100 por página.")),
    )
    next = fields.String(load_default=None, validate=validate.Length(max=100))


def slice_of(
    items: Sequence[dict[str, Any]], query: dict[str, Any], key: str = "code"
) -> dict[str, Any]:
    """The part of ``items`` that ``query`` asks for; ``key`` tells them apart."""
    keys = [item[key] for item in items]
    start = keys.index(query["next"]) + 1 if query.get("next") in keys else 0
    rest = list(items[start:])
    limit = query.get("limit") or len(rest)
    return {"items": rest[:limit], "next": rest[limit - 1][key] if len(rest) > limit else None}
