"""Vote counts: what the API answers."""

from __future__ import annotations

from marshmallow import Schema, fields

from consular.api.answer_fields import CalendarDay, Id, Word
from services.voting.rules import Status


class CountAnswer(Schema):
    """A count with its source and state. ``value`` is null for who may not see it yet;
    ``second_value`` is what another person typed that differs."""

    id = Id(required=True)
    election = fields.String(allow_none=True, required=True)
    metric = fields.String(required=True)
    mode = fields.String(allow_none=True, required=True)
    dimension = fields.String(required=True)
    key = fields.String(allow_none=True, required=True)
    consulate = fields.String(allow_none=True, required=True)
    date = CalendarDay(allow_none=True, required=True)
    value = fields.Float(required=True, allow_none=True)
    second_value = fields.Float(required=True, allow_none=True)
    unit = fields.String(required=True)
    status = Word(Status, required=True)
    revision = fields.Integer(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)
    source = fields.String(required=True)


class CountList(Schema):
    """A page."""

    items = fields.List(fields.Nested(CountAnswer), required=True)
    next = fields.String(allow_none=True, required=True)


class ElectionAnswer(Schema):
    """Published by others, and approved counts of our offices; the two don't add up. ``version``
    grows with every approval or correction: until then the answer is the same."""

    year = fields.String(required=True)
    version = fields.Integer(required=True)
    published = fields.List(fields.Nested(CountAnswer), required=True)
    approved = fields.List(fields.Nested(CountAnswer), required=True)
