"""Incidents over the API, for treasury and compliance."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy.orm import Session

from consular.api.contract import deed, endpoint
from consular.api.v1.incidents.answers import IncidentAnswer, IncidentList
from consular.auth import INCIDENTS, account, actor
from consular.db import database_now, transaction
from consular.input.appointments import NothingSchema
from consular.input.incidents import IncidentQuery, NoteSchema, ResolveSchema, wanted
from consular.input.paging import cursor
from services.incidents.handling import add_note, resolve, take
from services.incidents.queries import get_incident, list_incidents, list_steps
from services.incidents.rules import Kind, resolutions
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
    """List what a person has to look at."""
    with transaction() as session:
        page = list_incidents(
            session, wanted(query, account()), limit=query["limit"], after=query["next"]
        )
        return {"items": [summary(found) for found in page.items], "next": cursor(page.next)}


@endpoint(
    api, "GET", "/<uuid:incident>", operation="getIncident", who=INCIDENTS, answer=IncidentAnswer()
)
def show_incident(incident: UUID) -> dict[str, Any]:
    """Return one with its history and how it may end."""
    with transaction() as session:
        return detailed(session, get_incident(session, incident))


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
    """Work on it; nobody else does from then on."""
    return deed(
        lambda session: detailed(
            session, take(session, incident, now=database_now(session), actor=actor())
        )
    )


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
    """Write down what was found out."""
    return deed(
        lambda session: detailed(
            session,
            add_note(session, incident, command["note"], now=database_now(session), actor=actor()),
        )
    )


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
    """End it with a reason; what stands in suspense is then cleared by a worker."""
    return deed(
        lambda session: detailed(
            session,
            resolve(session, incident, now=database_now(session), actor=actor(), **command),
        )
    )


def summary(found: Any) -> dict[str, Any]:
    """As lists show it."""
    amount = abs(found.suspense_minor)
    return {
        "id": str(found.id),
        "kind": found.kind,
        "subject_kind": found.subject_kind,
        "subject_id": str(found.subject_id),
        "detail": found.detail,
        "times": found.times,
        "opened_at": found.opened_at.isoformat(),
        "last_at": found.last_at.isoformat(),
        "taken_by": str(found.taken_by) if found.taken_by else None,
        "resolution": found.resolution,
        "resolved_at": found.resolved_at.isoformat() if found.resolved_at else None,
        "suspense": Money(amount, "MXN").as_dict() if amount else None,
        "owed": found.suspense_minor < 0,
        "suspense_cleared_at": (
            found.suspense_cleared_at.isoformat() if found.suspense_cleared_at else None
        ),
    }


def detailed(session: Session, found: Any) -> dict[str, Any]:
    """With its history, and how a person may end it."""
    offered = () if found.resolution else resolutions(Kind(found.kind), found.suspense_minor)
    return {
        **summary(found),
        "resolutions": [resolution.value for resolution in offered],
        "history": [
            {
                "step": step.step,
                "at": step.at.isoformat(),
                "by": str(step.actor_id) if step.actor_id else None,
                "note": step.note,
            }
            for step in list_steps(session, found.id)
        ],
    }
