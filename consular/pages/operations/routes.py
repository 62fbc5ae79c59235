"""The duty officer's pages: what is stuck, and what can be done about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for

from consular.agencies import agency_codes, known_agency
from consular.auth import DUTY, actor, allow
from consular.db import database_now, transaction
from consular.input.loading import load_fields
from consular.input.operations import DECISIONS, MOST_JOBS, DecideSchema, ReasonSchema
from consular.input.paging import PageQuery, cursor
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, pick, read_fields
from consular.pages.operations import presenters
from services.agencies.pausing import lift, pause
from services.agencies.queries import list_agencies, list_pauses
from services.operations.parked import decide
from services.operations.queries import get_parked, list_parked
from services.operations.rules import Decision

pages = Blueprint("operations_pages", __name__, url_prefix="/operations")
# The agencies' clocks.
ZONE = "America/Mexico_City"


@pages.get("/")
@allow(DUTY)
def duty() -> str:
    """Show processes, agencies, answers that nobody knows, queues and parked jobs."""
    query = load_fields(PageQuery(), pick(request.args.to_dict(), "next"))
    with transaction() as session:
        now = database_now(session)
        jobs, following = list_parked(session, limit=presenters.LINES, after=query["next"])
        shown = {
            "processes": presenters.processes(session, now),
            "agencies": [
                presenters.agency(session, overview, now)
                for overview in list_agencies(session, agency_codes())
            ],
            "unknown": presenters.unknown(session, now),
            "oldest": presenters.oldest_requests(session, now),
            "queues": presenters.queues(session, now),
            "parked": [presenters.parked(session, job) for job in jobs],
        }
    more = url_for("operations_pages.duty", next=cursor(following)) if following else None
    return render_template("operations/duty.html", **shown, more=more, at=now, zone=ZONE, errors={})


@pages.get("/agencies/<code:agency>")
@allow(DUTY)
def agency(agency: str) -> str:
    """Show one agency, its pauses, and the form that pauses it or lets calls go on."""
    code = known_agency(agency)
    errors = draft().errors(_read_reason)
    with transaction() as session:
        now = database_now(session)
        [overview] = list_agencies(session, [code])
        return render_template(
            "operations/agency.html",
            agency=presenters.agency(session, overview, now),
            pauses=[
                presenters.pause(session, each)
                for each in list_pauses(session, code, limit=presenters.LINES)
            ],
            zone=ZONE,
            form=draft().form,
            errors=errors,
        )


@pages.post("/agencies/<code:agency>")
@allow(DUTY)
def agency_change(agency: str) -> Response:
    """Pause an agency, or lift its pause."""
    code, form = known_agency(agency), answers()
    reason = _read_reason(form, None)["reason"]
    change = lift if form.get("change") == "lift" else pause
    with transaction() as session:
        change(session, code, reason, now=database_now(session), actor=actor())
    return finish(url_for("operations_pages.agency", agency=code))


@pages.get("/parked/<uuid:id>")
@allow(DUTY)
def parked_job(id: UUID) -> str:
    """Show one parked job: ids and codes."""
    with transaction() as session:
        job = presenters.parked(session, get_parked(session, id))
    return render_template("operations/parked.html", job=job, zone=ZONE, errors={})


@pages.get("/parked")
@allow(DUTY)
def decision() -> str:
    """Ask for the reason before parked jobs are tried once more or left undone."""
    form = _chosen()
    errors = draft().errors(_read_decision)
    with transaction() as session:
        jobs = [presenters.parked(session, get_parked(session, id)) for id in _ids(form)]
    return render_template("operations/decide.html", jobs=jobs, form=form, zone=ZONE, errors=errors)


@pages.post("/parked")
@allow(DUTY)
def decision_take() -> Response:
    """Try parked jobs once more, or leave them undone."""
    form = answers()
    values = _read_decision(form, None)
    with transaction() as session:
        decide(
            session,
            values["jobs"],
            Decision.RELEASED if form.get("decision") == Decision.RELEASED else Decision.ENDED,
            values["reason"],
            now=database_now(session),
            actor=actor(),
        )
    return finish(url_for("operations_pages.duty", _anchor="parked"))


def _chosen() -> dict[str, str]:
    """What was chosen in the list, or is kept in the draft: jobs with spaces between them."""
    if "jobs" in draft().form:
        return draft().form
    wanted = request.args.get("decision", "")
    return {
        "jobs": " ".join(request.args.getlist("job")[:MOST_JOBS]),
        "decision": wanted if wanted in DECISIONS else Decision.RELEASED.value,
    }


def _ids(form: dict[str, str]) -> list[UUID]:
    """The ids among the values that can be read as such."""
    return [UUID(text) for text in form["jobs"].split() if len(text) == 36]


def _read_reason(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(ReasonSchema(), pick(form, "reason"), errors)


def _read_decision(form: dict[str, str], errors: Errors | None) -> Any:
    values = {**pick(form, "reason"), "jobs": form.get("jobs", "").split()}
    return read_fields(DecideSchema(), values, errors)
