"""Sessions: desks, services and hours."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates

from consular.api.fields import Choice, Code, Day, Text
from consular.api.paging import SliceQuery
from services.appointments.planning import DeskPlan, OpenSession

_MINUTES = validate.Range(5, 240, error=_("De 5 a 240 minutos."))


class DeskSchema(Schema):
    """A window and what it can give."""

    name = Text(most=20, required=True)
    services = fields.List(Code(), required=True, validate=validate.Length(1, 40))

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> DeskPlan:
        return DeskPlan(data["name"], tuple(dict.fromkeys(data["services"])))


class SessionSchema(Schema):
    """``opens`` and ``closes`` are the office's wall clock."""

    consulate = Code(required=True)
    date = Day(required=True)
    opens = fields.Time(required=True, format="%H:%M")
    closes = fields.Time(required=True, format="%H:%M")
    slot_minutes = fields.Integer(required=True, strict=True, validate=_MINUTES)
    desks = fields.List(fields.Nested(DeskSchema), required=True, validate=validate.Length(1, 60))
    service_minutes = fields.Dict(
        keys=Code(), values=fields.Integer(strict=True, validate=_MINUTES), load_default=dict
    )
    release = Choice(("open", "draw"), load_default="open")

    @validates("desks")
    def _names_differ(self, value: list[DeskPlan], **_kwargs: Any) -> None:
        # Desks that failed their own checks are here too, still as they were sent.
        names = [desk.name for desk in value if isinstance(desk, DeskPlan)]
        if len(set(names)) != len(names):
            raise ValidationError([_("Dos ventanillas no pueden llamarse igual.")])

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> OpenSession:
        return OpenSession(**{**data, "desks": tuple(data["desks"])})


class SessionAnswer(Schema):
    """A session as opened."""

    id = fields.String(required=True)
    consulate = fields.String(required=True)
    date = fields.String(required=True)
    opens = fields.String(required=True)
    closes = fields.String(required=True)
    slot_minutes = fields.Integer(required=True)
    release = fields.String(required=True)
    desks = fields.List(fields.Nested(DeskSchema), required=True)


class SessionQuery(SliceQuery):
    """Days at the office, both included."""

    consulate = Code(load_default=None)
    from_ = Day(data_key="from", load_default=None)
    to = Day(load_default=None)


class SessionList(Schema):
    """Sessions by day."""

    items = fields.List(fields.Nested(SessionAnswer), required=True)
    next = fields.String(allow_none=True)
