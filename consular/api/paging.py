"""Lists: ``{"items": […], "next": cursor-or-null}``, at most a hundred a page."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, validate


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

    limit = fields.Integer(
        load_default=50,
        validate=validate.Range(1, 100, error=_("Pide de 1 a 100 por página.")),
    )
    next = Cursor(load_default=None)


def cursor(last: tuple[datetime, UUID] | None) -> str | None:
    """How `Cursor` reads it again: the time and id to go on after, None at the end."""
    return f"{last[0].isoformat()}~{last[1]}" if last else None
