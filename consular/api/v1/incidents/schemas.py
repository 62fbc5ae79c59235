"""Incidents: what a person has to look at. Ids, codes and amounts; nobody's data."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, fields, post_load

from consular.api.answer_fields import Id, Instant, Word
from consular.api.fields import Choice, MoneyPair, Text
from consular.api.paging import PageQuery
from services.incidents.queries import Filter, State
from services.incidents.rules import Kind, Resolution, Step, Subject

KINDS = tuple(kind.value for kind in Kind)
STATES = tuple(state.value for state in State)
ANYBODY, MINE = "anybody", "me"
BY_A_PERSON = tuple(r.value for r in Resolution if r is not Resolution.RECOVERED)


class IncidentQuery(PageQuery):
    """Open ones with the oldest first, resolved ones with the newest first."""

    state = Choice(STATES, load_default=State.OPEN.value)
    kind = Choice(KINDS, load_default=None)
    taken = Choice((ANYBODY, MINE), load_default=ANYBODY)


class NoteSchema(Schema):
    """What was found out."""

    example: ClassVar[dict[str, Any]] = {"note": "Finabien looks into it; their case 4711."}

    note = Text(most=1000, required=True)


class ResolveSchema(Schema):
    """How it ended, and why."""

    example: ClassVar[dict[str, Any]] = {
        "resolution": "explained",
        "reason": "The order was paid; Finabien confirmed it by telephone.",
    }

    resolution = Choice(BY_A_PERSON, required=True)
    reason = Text(most=1000, required=True)

    @post_load
    def _typed(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {**data, "resolution": Resolution(data["resolution"])}


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


def wanted(query: dict[str, Any], reader: Any) -> Filter:
    """The filter that an address or a program asks for; ``reader`` is whose are "mine"."""
    return Filter(
        state=State(query["state"]),
        kind=Kind(query["kind"]) if query["kind"] else None,
        mine=reader if query["taken"] == MINE else None,
    )
