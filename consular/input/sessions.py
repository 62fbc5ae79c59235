"""Sessions: what may be sent and asked for, by API and pages."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates

from consular.input.fields import Choice, ClockTime, Code, Day, Text, WholeNumber
from consular.input.paging import PageQuery, PeriodQuery
from services.appointments.planning import DeskPlan, OpenSession

RELEASES = ("open", "draw")
_MINUTES = validate.Range(5, 240, error=_("De {min} a {max} minutos."))


class DeskSchema(Schema):
    """A window and what it can give."""

    name = Text(most=20, required=True)
    services = fields.List(Code(), required=True, validate=validate.Length(1, 40))

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> DeskPlan:
        return DeskPlan(data["name"], tuple(dict.fromkeys(data["services"])))


class SessionSchema(Schema):
    """``opens`` and ``closes`` are the office's wall clock."""

    example: ClassVar[dict[str, Any]] = {
        "consulate": "losangeles",
        "date": "2026-12-07",
        "opens": "09:00",
        "closes": "13:00",
        "slot_minutes": 15,
        "desks": [{"name": "A", "services": ["PAS10", "MAT"]}],
        "release": "open",
    }

    consulate = Code(required=True)
    date = Day(required=True)
    opens = ClockTime(required=True)
    closes = ClockTime(required=True)
    slot_minutes = WholeNumber(required=True, validate=_MINUTES)
    desks = fields.List(fields.Nested(DeskSchema), required=True, validate=validate.Length(1, 60))
    service_minutes = fields.Dict(
        keys=Code(), values=WholeNumber(validate=_MINUTES), load_default=dict
    )
    release = Choice(RELEASES, load_default="open")

    @validates("desks")
    def _names_differ(self, value: list[DeskPlan], **_kwargs: Any) -> None:
        # Desks that failed their own checks are here too, still as they were sent.
        names = [desk.name.lower() for desk in value if isinstance(desk, DeskPlan)]
        if len(set(names)) != len(names):
            raise ValidationError([_("Dos ventanillas no pueden llamarse igual.")])

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> OpenSession:
        return OpenSession(**{**data, "desks": tuple(data["desks"])})


class ChangeSessionSchema(Schema):
    """A session can be closed; other changes are a new session."""

    example: ClassVar[dict[str, Any]] = {"status": "closed"}

    status = Choice(("closed",), required=True)


class SessionQuery(PageQuery, PeriodQuery):
    """Days at the office, both included; sixty from ``from`` on when ``to`` is missing."""

    consulate = Code(load_default=None)
