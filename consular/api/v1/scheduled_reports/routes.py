"""Reports by schedule, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy.orm import Session

from consular.api.contract import endpoint, run_once
from consular.api.v1.alerts.answers import ScheduledReportAnswer, ScheduledReportList
from consular.auth import ANALYSTS, MONITORS, actor
from consular.db import database_now, transaction
from consular.input.alerts import ScheduledReportSchema
from consular.input.paging import SliceQuery, slice_of
from services.alerts.scheduling import ScheduleReport, list_reports, schedule_report, stop_report
from services.staff.accounts import find_name

api = Blueprint("scheduled_reports", __name__, url_prefix="/api/v1/monitoring/scheduled-reports")


@endpoint(
    api,
    "GET",
    "",
    operation="listScheduledReports",
    who=MONITORS,
    query=SliceQuery(),
    answer=ScheduledReportList(),
    errors={},
)
def list_scheduled(query: dict[str, Any]) -> dict[str, Any]:
    """List the reports that go to whoever asks, or that they made."""
    with transaction() as session:
        items = [_shown(session, row) for row in list_reports(session, actor())]
    return slice_of(items, query, "id")


@endpoint(
    api,
    "POST",
    "",
    operation="scheduleReport",
    who=ANALYSTS,
    body=ScheduledReportSchema(),
    answer=ScheduledReportList(),
    status=201,
    errors={
        404: ("not_found",),
        422: (
            "alert_unknown_status",
            "alert_unknown_country",
            "alert_unknown_program",
            "dimension_not_held",
            "reader_unknown",
        ),
    },
)
def schedule(command: ScheduleReport) -> dict[str, Any]:
    """Begin to send a report, one to each reader."""

    def begin(session: Session) -> dict[str, Any]:
        rows = schedule_report(session, command, now=database_now(session), actor=actor())
        return ScheduledReportList.page([_shown(session, row) for row in rows])

    return run_once(begin, status=201)


@endpoint(
    api,
    "POST",
    "/<uuid:report>/stop",
    operation="stopScheduledReport",
    who=MONITORS,
    answer=ScheduledReportAnswer(),
    errors={},
)
def stop(report: UUID) -> dict[str, Any]:
    """Send it no more: for its reader, and for whoever made it."""

    def end(session: Session) -> dict[str, Any]:
        row = stop_report(session, report, now=database_now(session), actor=actor())
        return _shown(session, row)

    return run_once(end)


def _shown(session: Session, row: Any) -> dict[str, Any]:
    return ScheduledReportAnswer.render(row, reader=find_name(session, row.staff_id))
