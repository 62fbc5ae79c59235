"""Counts of votes and registrations: numbers only, never voters (LGIPE 337.2)."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import Schema, fields, post_load, validate

from consular.api.fields import Choice, Code, Day, Text
from services.voting.reporting import ReportCount
from services.voting.rules import Metric, Mode, Status

MODES = tuple(m.value for m in Mode)
METRICS = tuple(m.value for m in Metric)
YEAR = validate.Regexp(r"(19|20|21)\d\d\Z", error=_("Escribe el año de la elección."))


class CountSchema(Schema):
    """What an office counted on a day, and where the number comes from."""

    consulate = Code(required=True)
    election = fields.String(required=True, validate=YEAR)
    metric = Choice(METRICS, required=True)
    mode = Choice(MODES, load_default=None, allow_none=True)
    date = Day(required=True)
    value = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(0, 10**9, error=_("Escribe un número entero desde cero.")),
    )
    source = Text(most=300, required=True)
    note = Text(most=300, load_default=None, allow_none=True)

    @post_load
    def _command(self, data: dict[str, Any], **_kwargs: Any) -> ReportCount:
        day = data.pop("date")
        metric, mode = Metric(data.pop("metric")), data.pop("mode")
        return ReportCount(day=day, metric=metric, mode=Mode(mode) if mode else None, **data)


class CountAnswer(Schema):
    """A count with its source and state."""

    id = fields.String(required=True)
    election = fields.String(allow_none=True)
    metric = fields.String(required=True)
    mode = fields.String(allow_none=True)
    dimension = fields.String()
    key = fields.String(allow_none=True)
    consulate = fields.String(allow_none=True)
    date = fields.String(allow_none=True)
    value = fields.Float(required=True)
    unit = fields.String()
    status = fields.String(required=True, metadata={"enum": [s.value for s in Status]})
    source = fields.String(required=True)


class CountQuery(Schema):
    """Filters."""

    election = fields.String(load_default=None, validate=YEAR)
    metric = Choice(METRICS, load_default=None)
    consulate = Code(load_default=None)
    status = Choice(tuple(s.value for s in Status), load_default=None)
    limit = fields.Integer(
        load_default=50, validate=validate.Range(1, 100, error=_("Pide de 1 a 100 por página."))
    )
    next = fields.UUID(load_default=None)


class CountList(Schema):
    """A page."""

    items = fields.List(fields.Nested(CountAnswer), required=True)
    next = fields.String(allow_none=True, required=True)


class ElectionAnswer(Schema):
    """Published by others, and approved counts of our offices; the two don't add up."""

    year = fields.String(required=True)
    published = fields.List(fields.Nested(CountAnswer), required=True)
    approved = fields.List(fields.Nested(CountAnswer), required=True)
