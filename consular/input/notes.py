"""Notes on charts: what may be sent."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, post_load, validates_schema

from consular.input.fields import Code, Day, Moment, Text
from consular.input.paging import SliceQuery
from services.monitoring.noting import AddNote


class NoteSchema(Schema):
    """What happened, on which days, at an office or at all of them."""

    example: ClassVar[dict[str, Any]] = {
        "what": "Tormenta",
        "first_day": "2026-09-27",
        "last_day": "2026-09-29",
        "consulate": "chicago",
    }

    text = Text(required=True, most=160, data_key="what")
    first = Day(required=True, data_key="first_day")
    last = Day(load_default=None, data_key="last_day")
    consulate = Code(load_default=None)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if data.get("first") and data.get("last") and data["first"] > data["last"]:
            raise ValidationError([_("El periodo termina antes de empezar.")], "last_day")

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> AddNote:
        last = data["last"] or data["first"]
        return AddNote(data["text"], data["first"], last, data["consulate"])


class NoteQuery(SliceQuery):
    """Notes that touch the days from ``from`` to ``to``, or any; of an office, those about all
    offices too."""

    from_ = Day(data_key="from", load_default=None)
    to = Day(load_default=None)
    consulate = Code(load_default=None)
    as_of = Moment(load_default=None)
