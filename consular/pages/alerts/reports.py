"""Reports by schedule: subscribe staff to a question, see what was sent, stop it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for

from consular.auth import ANALYSTS, MONITORS, actor, allow
from consular.db import database_now, transaction
from consular.input.alerts import REPORT, ScheduledReportSchema, report_of
from consular.pages.alerts import presenters
from consular.pages.alerts.routes import own_address, read_with_readers
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, go, pick
from consular.pages.posting import reopen
from services.alerts.scheduling import (
    get_report,
    list_reports,
    list_runs,
    schedule_report,
    stop_report,
)

pages = Blueprint("report_pages", __name__, url_prefix="/monitoring/scheduled-reports")
SHOWN_RUNS = 20


@pages.get("/")
@allow(MONITORS)
def reports() -> str:
    """List the reports that go to whoever asks, or that they made."""
    with transaction() as session:
        rows = [presenters.report(session, row) for row in list_reports(session, actor())]
    return render_template("alerts/reports.html", reports=rows, may_make=actor().role in ANALYSTS)


@pages.get("/new")
@allow(ANALYSTS)
def report_new() -> str:
    """Ask for a question, its days, and when to send it to whom."""
    with transaction() as session:
        first = {"readers": own_address(session), "hour": "8"}
        return render_template(
            "alerts/report_new.html",
            form=draft().form or {**first, **pick(request.args.to_dict(), *REPORT)},
            errors=draft().errors(_read),
            **presenters.report_choices(session),
        )


@pages.post("/new")
@allow(ANALYSTS)
def report_make() -> Response:
    """Begin to send it, one to each reader."""
    command = _read(answers(), None)
    with transaction() as session:
        schedule_report(session, command, now=database_now(session), actor=actor())
    return finish(url_for(".reports"))


@pages.get("/<uuid:id>")
@allow(MONITORS)
def report(id: UUID) -> str:
    """Show one, what was sent of it, and the button that stops it: opening it stops nothing."""
    with transaction() as session:
        row = get_report(session, id, actor())
        runs = list_runs(session, id, limit=SHOWN_RUNS)
        return render_template(
            "alerts/report.html",
            report=presenters.report(session, row),
            runs=[presenters.run(session, row, sent) for sent in runs],
        )


@pages.post("/<uuid:id>/stop")
@allow(MONITORS)
def report_stop(id: UUID) -> Response:
    """Send it no more."""
    with transaction() as session:
        stop_report(session, id, now=database_now(session), actor=actor())
    return go(url_for(".report", id=id))


reopen(pages, ["/<uuid:id>/stop"], "report_pages.report", MONITORS)


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    return read_with_readers(ScheduledReportSchema(), report_of(form), errors)
