"""Incidents: what may be sent and asked for, by API and pages."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import Schema, post_load

from consular.input.fields import Choice, Text
from consular.input.paging import PageQuery
from services.incidents.queries import Filter, State
from services.incidents.rules import Kind, Resolution

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
    """A note of what was found out."""

    example: ClassVar[dict[str, Any]] = {"note": "Finabien looks into it; their case 4711."}

    note = Text(most=1000, required=True)


class ResolveSchema(Schema):
    """How an incident ended, and why."""

    example: ClassVar[dict[str, Any]] = {
        "resolution": "explained",
        "reason": "The order was paid; Finabien confirmed it by telephone.",
    }

    resolution = Choice(BY_A_PERSON, required=True)
    reason = Text(most=1000, required=True)

    @post_load
    def _of_type(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {**data, "resolution": Resolution(data["resolution"])}


def filter_of(query: dict[str, Any], reader: Any) -> Filter:
    """The filter that an address or a program asks for; ``reader`` is whose are "mine"."""
    return Filter(
        state=State(query["state"]),
        kind=Kind(query["kind"]) if query["kind"] else None,
        mine=reader if query["taken"] == MINE else None,
    )
