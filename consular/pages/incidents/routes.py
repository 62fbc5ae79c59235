"""The queue of what a person has to look at: money that doesn't add up, waits, failed jobs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for

from consular.auth import INCIDENTS, account, actor, allow
from consular.db import database_now, transaction
from consular.input.incidents import (
    KINDS,
    STATES,
    IncidentQuery,
    NoteSchema,
    ResolveSchema,
    filter_of,
)
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, check_filters, next_page, pick, read_fields
from consular.pages.incidents.presenters import described, line
from consular.pages.posting import reopen
from services.incidents.handling import add_note, resolve, take
from services.incidents.queries import get_incident, list_incidents

pages = Blueprint("incidents_pages", __name__, url_prefix="/incidents")
# The Treasury's clocks.
ZONE = "America/Mexico_City"
FILTERS = ("state", "kind", "taken", "next")
LINES = 50


@pages.get("/")
@allow(INCIDENTS)
def queue() -> str:
    """List open incidents, oldest first; filters stay in the address."""
    values = pick(request.args, *FILTERS)
    errors: Errors = {}
    query = check_filters(IncidentQuery(), values, errors)
    with transaction() as session:
        page = list_incidents(
            session, filter_of(query, account()), limit=LINES, after=query["next"]
        )
        moment = database_now(session)
        lines = [line(session, incident, now=moment) for incident in page.items]
    return render_template(
        "incidents/queue.html",
        incidents=lines,
        filters={"state": query["state"], "kind": query["kind"], "taken": query["taken"]},
        kinds=KINDS,
        states=STATES,
        more=next_page("incidents_pages.queue", values, page.next),
        zone=ZONE,
        errors=errors,
    )


@pages.get("/<uuid:id>")
@allow(INCIDENTS)
def incident(id: UUID) -> str:
    """Show one incident with its history and the actions open."""
    read = _read_note if draft().at.endswith("/note") else _read_end
    errors = draft().errors(read, also_under=True)
    with transaction() as session:
        opened = get_incident(session, id)
        return render_template(
            "incidents/incident.html",
            incident=described(session, opened, now=database_now(session)),
            zone=ZONE,
            form=draft().form,
            errors=errors,
        )


@pages.post("/<uuid:id>/take")
@allow(INCIDENTS)
def incident_take(id: UUID) -> Response:
    """Take an incident."""
    with transaction() as session:
        take(session, id, now=database_now(session), actor=actor())
    return _back_to_incident(id)


@pages.post("/<uuid:id>/note")
@allow(INCIDENTS)
def incident_note(id: UUID) -> Response:
    """Add a note to an incident."""
    note = _read_note(answers(), None)
    with transaction() as session:
        add_note(session, id, note["note"], now=database_now(session), actor=actor())
    return _back_to_incident(id)


@pages.post("/<uuid:id>/resolve")
@allow(INCIDENTS)
def incident_resolve(id: UUID) -> Response:
    """Resolve an incident, with the reason."""
    resolution = _read_end(answers(), None)
    with transaction() as session:
        resolve(session, id, now=database_now(session), actor=actor(), **resolution)
    return _back_to_incident(id)


reopen(
    pages,
    ["/<uuid:id>/take", "/<uuid:id>/note", "/<uuid:id>/resolve"],
    "incidents_pages.incident",
    INCIDENTS,
)


def _back_to_incident(id: UUID) -> Response:
    return finish(url_for("incidents_pages.incident", id=id))


def _read_note(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(NoteSchema(), pick(form, "note"), errors)


def _read_end(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(ResolveSchema(), pick(form, "resolution", "reason"), errors)
