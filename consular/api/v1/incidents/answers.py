"""Incidents: what the API answers."""

from __future__ import annotations

from consular.api import answer_fields as fields
from services.incidents.rules import Kind, Resolution, Step, Subject


class StepAnswer(fields.Answer):
    """Something that was done about it; ``by`` is null for the system."""

    step = fields.Word(Step)
    at = fields.Instant()
    by = fields.Id(attribute="actor_id", allow_none=True)
    note = fields.Text(allow_none=True)


class IncidentAnswer(fields.Answer):
    """``suspense``: what stands in suspense for it until it is cleared; ``owed``: to somebody,
    rather than lost so far. ``times``: how often it was seen."""

    id = fields.Id()
    kind = fields.Word(Kind)
    subject_kind = fields.Word(Subject)
    subject_id = fields.Id()
    detail = fields.Table()
    times = fields.Number()
    opened_at = fields.Instant()
    last_at = fields.Instant()
    taken_by = fields.Id(allow_none=True)
    resolution = fields.Word(Resolution, allow_none=True)
    resolved_at = fields.Instant(allow_none=True)
    suspense = fields.One(fields.MoneyPair, allow_none=True)
    owed = fields.Flag()
    suspense_cleared_at = fields.Instant(allow_none=True)
    resolutions = fields.Texts(fields.Word(Resolution), required=False)
    history = fields.Many(StepAnswer, required=False)


class IncidentList(fields.ListAnswer):
    """A page of incidents."""

    items = fields.Many(IncidentAnswer)
