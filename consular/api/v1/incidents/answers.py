"""Incidents: what the API answers."""

from __future__ import annotations

from marshmallow import Schema, fields

from consular.api.answer_fields import Id, Instant, Word
from consular.input.fields import MoneyPair
from services.incidents.rules import Kind, Resolution, Step, Subject


class StepAnswer(Schema):
    """Something that was done about it; ``by`` is null for the system."""

    step = Word(Step, required=True)
    at = Instant(required=True)
    by = Id(allow_none=True, required=True)
    note = fields.String(allow_none=True, required=True)


class IncidentAnswer(Schema):
    """``suspense``: what stands in suspense for it until it is cleared; ``owed``: to somebody,
    rather than lost so far. ``times``: how often it was seen."""

    id = Id(required=True)
    kind = Word(Kind, required=True)
    subject_kind = Word(Subject, required=True)
    subject_id = Id(required=True)
    detail = fields.Dict(required=True)
    times = fields.Integer(required=True)
    opened_at = Instant(required=True)
    last_at = Instant(required=True)
    taken_by = Id(allow_none=True, required=True)
    resolution = Word(Resolution, allow_none=True, required=True)
    resolved_at = Instant(allow_none=True, required=True)
    suspense = fields.Nested(MoneyPair, allow_none=True, required=True)
    owed = fields.Boolean(required=True)
    suspense_cleared_at = Instant(allow_none=True, required=True)
    resolutions = fields.List(Word(Resolution))
    history = fields.List(fields.Nested(StepAnswer))


class IncidentList(Schema):
    """A page."""

    items = fields.List(fields.Nested(IncidentAnswer), required=True)
    next = fields.String(allow_none=True, required=True)
