"""Incidents over the API, for treasury and compliance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy.orm import Session

from consular.api.contract import endpoint, run_once
from consular.api.lists import list_page
from consular.api.v1.incidents.answers import IncidentAnswer, IncidentList
from consular.auth import INCIDENTS, account, actor
from consular.db import database_now, transaction
from consular.input.appointments import NothingSchema
from consular.input.incidents import IncidentQuery, NoteSchema, ResolveSchema, filter_of
from services.incidents.handling import add_note, list_resolutions, resolve, take
from services.incidents.queries import get_incident, list_incidents, list_steps
from services.kernel.money import Money

api = Blueprint("incidents", __name__, url_prefix="/api/v1/incidents")


@endpoint(
    api,
    "GET",
    "",
    operation="listIncidents",
    who=INCIDENTS,
    query=IncidentQuery(),
    answer=IncidentList(),
)
def list_all_incidents(query: dict[str, Any]) -> dict[str, Any]:
    """List incidents."""
    wanted = filter_of(query, account())
    return list_page(IncidentList, query, list_incidents, _shown, wanted=wanted)


@endpoint(
    api, "GET", "/<uuid:incident>", operation="getIncident", who=INCIDENTS, answer=IncidentAnswer()
)
def show_incident(incident: UUID) -> dict[str, Any]:
    """Return one incident with its history and how it may end."""
    with transaction() as session:
        return _detailed(session, get_incident(session, incident))


@endpoint(
    api,
    "POST",
    "/<uuid:incident>/take",
    operation="takeIncident",
    who=INCIDENTS,
    body=NothingSchema(),
    answer=IncidentAnswer(),
    errors={409: ("incident_resolved", "incident_taken")},
)
def take_incident(incident: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Take an incident; nobody else can work on it from then on."""
    return _run(take, incident)


@endpoint(
    api,
    "POST",
    "/<uuid:incident>/notes",
    operation="noteIncident",
    who=INCIDENTS,
    body=NoteSchema(),
    answer=IncidentAnswer(),
    errors={409: ("incident_resolved",)},
)
def note_incident(incident: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Add a note to an incident."""
    return _run(add_note, incident, command["note"])


@endpoint(
    api,
    "POST",
    "/<uuid:incident>/resolve",
    operation="resolveIncident",
    who=INCIDENTS,
    body=ResolveSchema(),
    answer=IncidentAnswer(),
    errors={409: ("incident_resolved",), 422: ("resolution_not_offered",)},
)
def resolve_incident(incident: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Resolve an incident with a reason; a worker then clears what is in suspense."""
    return _run(resolve, incident, **command)


def _run(step: Callable[..., Any], incident: UUID, *args: Any, **named: Any) -> dict[str, Any]:
    def run(session: Session) -> dict[str, Any]:
        who: dict[str, Any] = {"now": database_now(session), "actor": actor()}
        return _detailed(session, step(session, incident, *args, **who, **named))

    return run_once(run)


def _shown(incident: Any, **more: Any) -> dict[str, Any]:
    amount = incident.suspense_minor
    return IncidentAnswer.render(
        incident, suspense=Money(abs(amount), "MXN") if amount else None, owed=amount < 0, **more
    )


def _detailed(session: Session, incident: Any) -> dict[str, Any]:
    """With its history, and how a person may end it."""
    offered = list_resolutions(incident)
    return _shown(incident, resolutions=offered, history=list_steps(session, incident.id))
