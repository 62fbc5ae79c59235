"""Lists: ``{"items": […], "next": cursor-or-null}``, at most a hundred a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from consular.auth import now
from consular.errors import FieldsInvalid
from consular.input.fields import Day, NumberInQuery

NO_SUCH_PAGE = _("La página siguiente no es válida.")


class Cursor(fields.String):
    """Where the next page begins: opaque to whoever asks, a time and an id to us."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        moment, _sep, row = text.partition("~")
        try:
            at, cursor = datetime.fromisoformat(moment.replace(" ", "+")), UUID(row)
            if at.tzinfo is not None:
                return at.astimezone(UTC), cursor
        except (ValueError, OverflowError):
            pass
        raise ValidationError([NO_SUCH_PAGE])


class PageQuery(Schema):
    """``limit`` and ``next`` of every list."""

    limit = NumberInQuery(
        load_default=50,
        validate=validate.Range(1, 100, error=_("Pide de {min} a {max} por página.")),
    )
    next = Cursor(load_default=None)


def cursor(last: tuple[datetime, UUID] | None) -> str | None:
    """How `Cursor` reads it again: the time and id to go on after, None at the end."""
    return f"{last[0].isoformat()}~{last[1]}" if last else None


class PeriodQuery(Schema):
    """Days ``from`` and ``to``, both included; ``from`` is today when it is missing."""

    from_ = Day(data_key="from", load_default=None)
    to = Day(load_default=None)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        # Where the office is it may be yesterday still.
        first = data.get("from_") or now().date() - timedelta(days=1)
        if data.get("to") and data["to"] < first:
            raise ValidationError([_("El final no puede ser antes del principio.")], "to")


class SliceQuery(Schema):
    """For lists that are short by nature: all of it, unless ``limit`` asks for less."""

    limit = NumberInQuery(
        load_default=None,
        validate=validate.Range(1, 100, error=_("Pide de {min} a {max} por página.")),
    )
    next = fields.String(load_default=None, validate=validate.Length(max=100))


def slice_of(
    items: Sequence[dict[str, Any]], query: dict[str, Any], key: str = "code"
) -> dict[str, Any]:
    """The part of ``items`` that ``query`` asks for; ``key`` tells them apart.

    Raises FieldsInvalid for a ``next`` that no page gave.
    """
    keys = [item[key] for item in items]
    if query["next"] and query["next"] not in keys:
        raise FieldsInvalid({"next": [str(NO_SUCH_PAGE)]})
    start = keys.index(query["next"]) + 1 if query["next"] else 0
    rest = list(items[start:])
    limit = query["limit"] or len(rest)
    return {"items": rest[:limit], "next": rest[limit - 1][key] if len(rest) > limit else None}
