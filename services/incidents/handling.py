"""Take an incident, write a note, resolve it: each audited, each in its history."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.incidents.errors import IncidentResolved, IncidentTaken, ResolutionNotOffered
from services.incidents.models import Incident
from services.incidents.reporting import note_step
from services.incidents.rules import Action, Kind, Resolution, Step, actions, resolutions
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.tables import get_row
from services.outbox.delivery import enqueue

CLEAR_SUSPENSE = "incidents.clear_suspense"


def list_actions(incident: Incident) -> frozenset[Action]:
    """List the actions open on an incident now."""
    return actions(resolved=incident.resolved_at is not None, taken=incident.taken_by is not None)


def list_resolutions(incident: Incident) -> tuple[Resolution, ...]:
    """List the resolutions open on an incident now."""
    open_still = Action.RESOLVE in list_actions(incident)
    return resolutions(Kind(incident.kind), incident.suspense_minor) if open_still else ()


def take(session: Session, incident_id: UUID, *, now: datetime, actor: Actor) -> Incident:
    """Work on it. Raises NotFound, `IncidentResolved`, `IncidentTaken` by somebody else."""
    incident = _lock_open(session, incident_id)
    if incident.taken_by == actor.account_id:
        return incident
    if Action.TAKE not in list_actions(incident):
        raise IncidentTaken()
    incident.taken_by, incident.taken_at = actor.account_id, now
    _write(session, incident, Step.TAKEN, now=now, actor=actor)
    return incident


def add_note(
    session: Session, incident_id: UUID, note: str, *, now: datetime, actor: Actor
) -> Incident:
    """Add a note of what was found out. Raises NotFound, `IncidentResolved`."""
    incident = _lock_open(session, incident_id)
    _write(session, incident, Step.NOTED, now=now, actor=actor, note=note)
    return incident


def resolve(
    session: Session,
    incident_id: UUID,
    resolution: Resolution,
    reason: str,
    *,
    now: datetime,
    actor: Actor,
) -> Incident:
    """End it, with the reason. Money in suspense is moved by a worker, once.

    Raises NotFound, `IncidentResolved`, `ResolutionNotOffered`.
    """
    incident = _lock_open(session, incident_id)
    if resolution not in list_resolutions(incident):
        raise ResolutionNotOffered(field="resolution")
    incident.resolution = resolution
    incident.resolved_at, incident.resolved_by = now, actor.account_id
    _write(session, incident, Step.RESOLVED, now=now, actor=actor, note=reason)
    if incident.suspense_minor:
        enqueue(session, CLEAR_SUSPENSE, incident.id)
    return incident


def _lock_open(session: Session, incident_id: UUID) -> Incident:
    incident = get_row(session, Incident, incident_id, lock=True)
    if not list_actions(incident):
        raise IncidentResolved()
    return incident


def _write(
    session: Session,
    incident: Incident,
    step: Step,
    *,
    now: datetime,
    actor: Actor,
    note: str | None = None,
) -> None:
    session.flush()
    note_step(session, incident.id, step, actor=actor, now=now, note=note)
    subject = audit.Subject("incident", incident.id)
    audit.record(session, subject, action=f"incident.{step}", now=now, actor=actor)
