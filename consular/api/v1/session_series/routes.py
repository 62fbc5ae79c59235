"""Session series: a supervisor opens sessions that recur."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy.orm import Session

from consular.api.contract import endpoint, request_key
from consular.api.lists import list_page
from consular.api.v1.sessions.answers import LeftOut, SeriesAnswer, SeriesList
from consular.api.v1.sessions.planning import create_or_try
from consular.api.v1.sessions.routes import EDITING, SUPERVISOR, shown_breaks, shown_impact
from consular.auth import actor, now
from consular.commands import run_or_try
from consular.db import transaction
from consular.i18n import in_language
from consular.input.paging import PageQuery
from consular.input.sessions import ChangeSeriesSchema, SeriesSchema, changes_of
from services.appointments import recurring
from services.appointments.closing_days import impact_of
from services.appointments.editing import EditSeries, edit_series
from services.appointments.planning import desks_from_json

api = Blueprint("session_series", __name__, url_prefix="/api/v1/session-series")


@endpoint(
    api,
    "POST",
    "",
    operation="createSessionSeries",
    who=SUPERVISOR,
    body=SeriesSchema(),
    answer=SeriesAnswer(),
    status=201,
    errors={
        404: ("not_found",),
        409: ("desk_taken",),
        422: ("rule_not_understood", "no_days", *EDITING),
    },
)
def create_session_series(command: dict[str, Any]) -> Any:
    """Open sessions that recur by a rule, from tomorrow on for three months ahead.

    Later days follow by themselves. On holidays there is none; on a day that the office closed by
    hand its places come when the closure is lifted. A dry run only says which days they would be.
    """
    return create_or_try(command, _create, "session_series.show_session_series", "series_id")


@endpoint(
    api,
    "GET",
    "",
    operation="listSessionSeries",
    who=SUPERVISOR,
    query=PageQuery(),
    answer=SeriesList(),
)
def list_session_series(query: dict[str, Any]) -> dict[str, Any]:
    """List the series of one's office, the newest first."""
    own = actor().consulate or ""
    return list_page(SeriesList, query, recurring.list_series, _shown, consulate=own)


@endpoint(
    api,
    "GET",
    "/<uuid:series_id>",
    operation="showSessionSeries",
    who=SUPERVISOR,
    answer=SeriesAnswer(),
)
def show_session_series(series_id: UUID) -> dict[str, Any]:
    """Return one series of one's office, with the days of its sessions to come."""
    with transaction() as session:
        return _with_days(session, recurring.get_series(session, series_id, actor()))


@endpoint(
    api,
    "PATCH",
    "/<uuid:series_id>",
    operation="changeSessionSeries",
    who=SUPERVISOR,
    body=ChangeSeriesSchema(),
    answer=SeriesAnswer(),
    errors={409: ("desk_taken",), 422: EDITING},
)
def change_session_series(series_id: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Change a series and its sessions to come; days that were edited apart stay as they are.

    Bookings are kept as by a change of one session. A dry run only says whom it would concern.
    """
    return run_or_try(
        request_key(), lambda session: _change(session, series_id, command), command["dry_run"]
    )


def _create(session: Session, command: recurring.CreateSeries) -> dict[str, Any]:
    return _with_days(session, recurring.create_series(session, command, now=now(), actor=actor()))


def _change(session: Session, series_id: UUID, wanted: dict[str, Any]) -> dict[str, Any]:
    command = EditSeries(
        series_id,
        changes_of(wanted),
        first=wanted["from_"],
        exdates=tuple(wanted["exdates"]),
        until=wanted["until"],
        reason=wanted["reason"],
    )
    fitted = edit_series(session, command, now=now(), actor=actor())
    impact = shown_impact(impact_of(session, fitted.orphaned), fitted)
    return _with_days(session, recurring.get_series(session, series_id, actor()), impact=impact)


def _with_days(session: Session, row: Any, **more: Any) -> dict[str, Any]:
    coming = recurring.coming_days(session, row, now=now())
    left_out = [
        LeftOut.render(date=day, reason=in_language(holiday, "name"))
        for day, holiday in coming.left_out
    ]
    days = [day.isoformat() for day in coming.days]
    return _shown(row, days=days, left_out=left_out, **more)


def _shown(row: Any, **more: Any) -> dict[str, Any]:
    exdates = [day.isoformat() for day in row.exdates]
    return SeriesAnswer.render(
        row,
        exdates=exdates,
        breaks=shown_breaks(row),
        place=recurring.place_of(row),
        desks=desks_from_json(row.desks),
        **more,
    )
