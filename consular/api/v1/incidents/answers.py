"""Incidents: what the API answers."""

from __future__ import annotations

from consular.api.answer_fields import (
    Answer,
    Flag,
    Id,
    Instant,
    ListAnswer,
    Many,
    MoneyPair,
    Number,
    One,
    Table,
    Text,
    Texts,
    Word,
)
from services.incidents.rules import Kind, Resolution, Step, Subject


class StepAnswer(Answer):
    """Something that was done about it; ``by`` is null for the system."""

    step = Word(Step)
    at = Instant()
    by = Id(attribute="actor_id", allow_none=True)
    note = Text(allow_none=True)


class IncidentAnswer(Answer):
    """``suspense``: what stands in suspense for it until it is cleared; ``owed``: to somebody,
    rather than lost so far. ``times``: how often it was seen."""

    id = Id()
    kind = Word(Kind)
    subject_kind = Word(Subject)
    subject_id = Id()
    detail = Table()
    times = Number()
    opened_at = Instant()
    last_at = Instant()
    taken_by = Id(allow_none=True)
    resolution = Word(Resolution, allow_none=True)
    resolved_at = Instant(allow_none=True)
    suspense = One(MoneyPair, allow_none=True)
    owed = Flag()
    suspense_cleared_at = Instant(allow_none=True)
    resolutions = Texts(Word(Resolution), required=False)
    history = Many(StepAnswer, required=False)


class IncidentList(ListAnswer):
    """A page of incidents."""

    items = Many(IncidentAnswer)
