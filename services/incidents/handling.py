"""Take an incident, write a note, resolve it: each audited, each in its history."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.incidents.errors import IncidentResolved, IncidentTaken, ResolutionNotOffered
from services.incidents.models import Incident
from services.incidents.reporting import note_step
from services.incidents.rules import Action, Kind, Resolution, Step, actions, resolutions
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.errors import NotFound
from services.outbox.delivery import enqueue

CLEAR_SUSPENSE = "incidents.clear_suspense"


def list_actions(found: Incident) -> frozenset[Action]:
    """List the actions open on an incident now."""
    return actions(resolved=found.resolved_at is not None, taken=found.taken_by is not None)


def list_resolutions(found: Incident) -> tuple[Resolution, ...]:
    """List the resolutions open on an incident now."""
    open_still = Action.RESOLVE in list_actions(found)
    return resolutions(Kind(found.kind), found.suspense_minor) if open_still else ()


def take(session: Session, incident: UUID, *, now: datetime, actor: Actor) -> Incident:
    """Work on it. Raises NotFound, `IncidentResolved`, `IncidentTaken` by somebody else."""
    found = _lock_open(session, incident)
    if found.taken_by == actor.account_id:
        return found
    if Action.TAKE not in list_actions(found):
        raise IncidentTaken()
    found.taken_by, found.taken_at = actor.account_id, now
    _write(session, found, Step.TAKEN, now=now, actor=actor)
    return found


def add_note(
    session: Session, incident: UUID, note: str, *, now: datetime, actor: Actor
) -> Incident:
    """What was found out. Raises NotFound, `IncidentResolved`."""
    found = _lock_open(session, incident)
    _write(session, found, Step.NOTED, now=now, actor=actor, note=note)
    return found


def resolve(
    session: Session,
    incident: UUID,
    resolution: Resolution,
    reason: str,
    *,
    now: datetime,
    actor: Actor,
) -> Incident:
    """End it, with the reason. Money in suspense is moved by a worker, once.

    Raises NotFound, `IncidentResolved`, `ResolutionNotOffered`.
    """
    found = _lock_open(session, incident)
    if resolution not in list_resolutions(found):
        raise ResolutionNotOffered(field="resolution")
    found.resolution = resolution
    found.resolved_at, found.resolved_by = now, actor.account_id
    _write(session, found, Step.RESOLVED, now=now, actor=actor, note=reason)
    if found.suspense_minor:
        enqueue(session, CLEAR_SUSPENSE, found.id)
    return found


def _lock_open(session: Session, incident: UUID) -> Incident:
    found = session.execute(
        select(Incident)
        .where(Incident.id == incident)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound()
    if not list_actions(found):
        raise IncidentResolved()
    return found


def _write(
    session: Session,
    found: Incident,
    step: Step,
    *,
    now: datetime,
    actor: Actor,
    note: str | None = None,
) -> None:
    session.flush()
    note_step(session, found.id, step, actor=actor, now=now, note=note)
    subject = audit.Subject("incident", found.id)
    audit.record(session, subject, action=f"incident.{step}", now=now, actor=actor)
