"""What the Commission's working groups report, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy.orm import Session

from consular.api.contract import endpoint, request_key, run_once
from consular.api.v1.group_figures.answers import (
    EntriesFileAnswer,
    EntryAnswer,
    EntryList,
    FileProblemAnswer,
    GroupIndicatorAnswer,
    GroupIndicatorList,
)
from consular.auth import ANALYSTS, MONITORS, actor, now
from consular.commands import run_or_try
from consular.db import transaction
from consular.figures_file import import_file
from consular.i18n import in_language, in_own_language
from consular.input.paging import SliceQuery, slice_of
from consular.input.reported import (
    EntriesFileSchema,
    EntryCorrectionSchema,
    EntryQuery,
    EntrySchema,
    GroupIndicatorSchema,
    GroupQuery,
)
from services.monitoring.entering import (
    AddGroupIndicator,
    EnterFigure,
    add_group_indicator,
    correct_figure,
    enter_figure,
)
from services.monitoring.queries import (
    Reported,
    list_entries,
    list_entry_revisions,
    list_group_indicators,
)
from services.staff.accounts import find_name

UNFIT = ("unit_differs", "not_whole", "in_the_future")
api = Blueprint("group_figures", __name__, url_prefix="/api/v1/monitoring")


@endpoint(
    api,
    "GET",
    "/group-indicators",
    operation="listGroupIndicators",
    who=MONITORS,
    query=GroupQuery(),
    answer=GroupIndicatorList(),
)
def list_indicators(query: dict[str, Any]) -> dict[str, Any]:
    """List what the Commission's working groups report."""
    with transaction() as session:
        rows = list_group_indicators(session, query["group"])
    items = [GroupIndicatorAnswer.render(row, name=in_language(row, "name")) for row in rows]
    return slice_of(items, query, "indicator")


@endpoint(
    api,
    "POST",
    "/group-indicators",
    operation="addGroupIndicator",
    who=ANALYSTS,
    body=GroupIndicatorSchema(),
    answer=GroupIndicatorAnswer(),
    status=201,
    errors={409: ("indicator_exists",)},
)
def add_indicator(command: AddGroupIndicator) -> dict[str, Any]:
    """Add an indicator to those that a group reports."""

    def add(session: Session) -> dict[str, Any]:
        row = add_group_indicator(session, command, now=now(), actor=actor())
        return GroupIndicatorAnswer.render(row, name=in_language(row, "name"))

    return run_once(add, status=201)


@endpoint(
    api,
    "GET",
    "/entries",
    operation="listEntries",
    who=MONITORS,
    query=EntryQuery(),
    answer=EntryList(),
)
def list_figures(query: dict[str, Any]) -> dict[str, Any]:
    """List the working groups' figures in force, now or at an earlier moment."""
    with transaction() as session:
        rows = list_entries(
            session, query["session"], query["group"], query["period"], as_of=query["as_of"]
        )
        items = [_shown(session, row) for row in rows]
    return slice_of(items, query, "id")


@endpoint(
    api,
    "POST",
    "/entries",
    operation="enterFigure",
    who=ANALYSTS,
    body=EntrySchema(),
    answer=EntryAnswer(),
    status=201,
    errors={
        409: ("already_entered",),
        422: ("when_required", "group_indicator_unknown", *UNFIT),
    },
)
def enter(command: EnterFigure) -> dict[str, Any]:
    """Write down a working group's figure, with its source."""

    def keep(session: Session) -> dict[str, Any]:
        return _newest(session, enter_figure(session, command, now=now(), actor=actor()).id)

    return run_once(keep, status=201)


@endpoint(
    api,
    "POST",
    "/entries/import",
    operation="importEntries",
    who=ANALYSTS,
    body=EntriesFileSchema(),
    answer=EntriesFileAnswer(),
    errors={},
)
def import_entries(command: dict[str, Any]) -> dict[str, Any]:
    """Try a file of figures, or keep it: all of its lines, or none where anything is wrong.

    A line that is in force as it stands is passed over, so a file can be sent again.
    """
    dry_run: bool = command["dry_run"]

    def keep(session: Session) -> dict[str, Any]:
        report = import_file(session, command["csv"])
        return EntriesFileAnswer.render(
            report,
            written=not (dry_run or report.problems),
            problems=[FileProblemAnswer.render(each) for each in report.problems],
        )

    return run_or_try(request_key(), keep, dry_run)


@endpoint(
    api,
    "POST",
    "/entries/<uuid:entry>/correct",
    operation="correctEntry",
    who=ANALYSTS,
    body=EntryCorrectionSchema(),
    answer=EntryAnswer(),
    errors={409: ("corrected_meanwhile",), 422: UNFIT},
)
def correct(entry: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Put another figure in the place of the one in force: a new revision, with its reason."""

    def keep(session: Session) -> dict[str, Any]:
        corrected = correct_figure(session, entry, **command, now=now(), actor=actor())
        return _newest(session, corrected.id)

    return run_once(keep)


@endpoint(
    api,
    "GET",
    "/entries/<uuid:entry>/revisions",
    operation="listEntryRevisions",
    who=MONITORS,
    query=SliceQuery(),
    answer=EntryList(),
)
def list_revisions(entry: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """List every revision of a figure, the newest first, with who wrote it down and why."""
    with transaction() as session:
        items = [_shown(session, row) for row in list_entry_revisions(session, entry)]
    return slice_of(items, query, "id")


def _newest(session: Session, entry: UUID) -> dict[str, Any]:
    return _shown(session, list_entry_revisions(session, entry)[0])


def _shown(session: Session, row: Reported) -> dict[str, Any]:
    said = {name: in_own_language(row, name) for name in ("source", "note")}
    name = find_name(session, row.entered_by) if row.entered_by else None
    return EntryAnswer.render(row, **said, name=in_language(row, "name"), entered_by=name)
