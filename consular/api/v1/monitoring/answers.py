"""Indicators: what the API answers."""

from __future__ import annotations

from marshmallow import Schema, fields

from consular.api.answer_fields import CalendarDay, Instant, Word
from services.monitoring.indicators import Unit


class IndicatorItem(Schema):
    """An indicator that can be asked for: ``unit`` is what one is, ``counts`` says it in words."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    unit = Word(Unit, required=True)
    counts = fields.String(required=True)


class FigureAnswer(Schema):
    """A value, and of which status; the other dimensions where they were asked for."""

    status = fields.String(required=True)
    value = fields.Integer(required=True)
    compared = fields.Integer(metadata={"description": "With compare: of the period before"})
    program = fields.String()
    consulate = fields.String(allow_none=True)
    day = CalendarDay()


class IndicatorAnswer(IndicatorItem):
    """``rows`` as of ``as_of``: asked with it again, they are the same."""

    as_of = Instant(required=True)
    rows = fields.List(fields.Nested(FigureAnswer), required=True)


class IndicatorList(Schema):
    """All of them."""

    items = fields.List(fields.Nested(IndicatorItem), required=True)
    next = fields.String(allow_none=True, required=True)
