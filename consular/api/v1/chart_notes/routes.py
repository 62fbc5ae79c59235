"""Notes on charts, over the API."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy.orm import Session

from consular.api.contract import endpoint, run_once
from consular.api.v1.chart_notes.answers import NoteAnswer, NoteList
from consular.auth import ANALYSTS, MONITORS, actor
from consular.db import database_now, transaction
from consular.input.notes import NoteQuery, NoteSchema
from consular.input.paging import slice_of
from services.consulates.queries import get_consulate
from services.monitoring.noting import AddNote, add_note, list_notes, remove_note
from services.staff.accounts import find_name

api = Blueprint("chart_notes", __name__, url_prefix="/api/v1/monitoring/notes")


@endpoint(
    api,
    "GET",
    "",
    operation="listChartNotes",
    who=MONITORS,
    query=NoteQuery(),
    answer=NoteList(),
)
def show_notes(query: dict[str, Any]) -> dict[str, Any]:
    """List the notes that touch some days, as they stand or stood at a moment."""
    with transaction() as session:
        notes = list_notes(
            session,
            first=query["from_"] or date.min,
            last=query["to"] or date.max,
            as_of=query["as_of"] or database_now(session),
            consulate=query["consulate"],
        )
        items = [_shown(session, note) for note in notes]
    return slice_of(items, query, "id")


@endpoint(
    api,
    "POST",
    "",
    operation="addChartNote",
    who=ANALYSTS,
    body=NoteSchema(),
    answer=NoteAnswer(),
    status=201,
    errors={404: ("not_found",)},
)
def create_note(command: AddNote) -> dict[str, Any]:
    """Pin a note to days: it stands on every chart and table of them from now on."""

    def add(session: Session) -> dict[str, Any]:
        if command.consulate:
            get_consulate(session, command.consulate)
        return _shown(session, add_note(session, command, now=database_now(session), actor=actor()))

    return run_once(add, status=201)


@endpoint(
    api,
    "POST",
    "/<uuid:note>/remove",
    operation="removeChartNote",
    who=ANALYSTS,
    answer=NoteAnswer(),
    errors={404: ("not_found",)},
)
def take_away(note: UUID) -> dict[str, Any]:
    """Take a note away; as of a moment before it is still there. Answers what it said."""

    def remove(session: Session) -> dict[str, Any]:
        row = remove_note(session, note, now=database_now(session), actor=actor())
        return _shown(session, row)

    return run_once(remove)


def _shown(session: Session, note: Any) -> dict[str, Any]:
    return NoteAnswer.render(note, added_by=find_name(session, note.added_by))
