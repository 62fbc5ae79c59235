"""Open incidents, and close those that ended by themselves. Needs the network's scope."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid5

import structlog
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.incidents.models import Incident, IncidentStep
from services.incidents.rules import Kind, Resolution, Step, Subject
from services.kernel.audit import SYSTEM, Actor
from services.kernel.ids import new_id
from services.kernel.tables import append_numbered

# Under which the ids of what has none are made up.
_MADE_UP = UUID("6f1d7c0e-3a51-4b0c-9d5c-1b1d8f6e2a90")

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Report:
    """What to look at. ``detail`` is kept and shown: codes and ids only."""

    kind: Kind
    subject_kind: Subject
    subject_id: UUID
    detail: Mapping[str, object] = field(default_factory=dict)


_REPORT = text(
    """
    INSERT INTO incidents AS i (id, kind, subject_kind, subject_id, detail)
    VALUES (:id, :kind, :subject_kind, :subject_id, CAST(:detail AS jsonb))
    ON CONFLICT (kind, subject_id) WHERE resolved_at IS NULL DO UPDATE SET
        times = i.times + 1, last_at = clock_timestamp(), detail = i.detail || EXCLUDED.detail
    RETURNING i.id
    """
)


def report(session: Session, incident: Report, *, now: datetime) -> UUID:
    """Open an incident, or count that the open one was seen again; returns its id."""
    new_incident_id = new_id()
    incident_id: UUID = session.execute(
        _REPORT,
        {
            "id": new_incident_id,
            "kind": incident.kind,
            "subject_kind": incident.subject_kind,
            "subject_id": incident.subject_id,
            "detail": json.dumps(dict(incident.detail)),
        },
    ).scalar_one()
    if incident_id == new_incident_id:
        note_step(session, incident_id, Step.OPENED, actor=SYSTEM, now=now)
        log.error("incident_opened", code=incident.kind.value, message_id=str(incident_id))
    return incident_id


_SUSPEND = text(
    "UPDATE incidents SET suspense_minor = :amount WHERE id = :id AND suspense_minor = 0"
    " RETURNING id"
)


def suspend(session: Session, incident: UUID, minor: int) -> bool:
    """Say how much stands in suspense for it. False when it said so before: nothing to post."""
    row = session.execute(_SUSPEND, {"id": incident, "amount": minor}).first()
    return row is not None


def settled_before(session: Session, kind: Kind, subject: UUID, *, suspense_minor: int = 0) -> bool:
    """A person has looked at this and settled it for good: the same word again is no news, one
    about another amount is."""
    settled = session.scalar(
        select(Incident.id)
        .where(
            Incident.kind == kind,
            Incident.subject_id == subject,
            Incident.suspense_minor == suspense_minor,
            Incident.resolution.in_([Resolution.EXPLAINED, Resolution.WRITTEN_OFF]),
        )
        .limit(1)
    )
    return settled is not None


_RECOVER = text(
    """
    UPDATE incidents SET resolved_at = clock_timestamp(), resolution = 'recovered'
    WHERE resolved_at IS NULL AND id = ANY (:ids) RETURNING id
    """
)


def recover(session: Session, incidents: Iterable[UUID], *, now: datetime) -> int:
    """Close those whose cause has gone; returns how many."""
    closed = session.scalars(_RECOVER, {"ids": list(incidents)}).all()
    for incident in closed:
        note_step(session, incident, Step.RESOLVED, actor=SYSTEM, now=now)
    return len(closed)


def find_open(session: Session, kind: Kind, subject: UUID) -> UUID | None:
    """The open incident of a kind about something, if there is one."""
    return session.scalar(
        select(Incident.id).where(
            Incident.kind == kind, Incident.subject_id == subject, Incident.resolved_at.is_(None)
        )
    )


def note_step(
    session: Session,
    incident: UUID,
    step: Step,
    *,
    actor: Actor,
    now: datetime,
    note: str | None = None,
) -> None:
    """Append to the history of an incident that this transaction has written to."""
    row = {
        "incident_id": incident,
        "step": step,
        "at": now,
        "actor_role": actor.role.value,
        "actor_id": actor.account_id,
        "note": note,
    }
    append_numbered(session, IncidentStep, row, owner="incident_id")


def id_of_job(topic: str, ref: UUID) -> UUID:
    """One id for every outbox item of that topic about that row."""
    return uuid5(_MADE_UP, f"{topic} {ref}")


def id_of_agency(agency: str) -> UUID:
    """One id for every incident about that agency as a whole."""
    return uuid5(_MADE_UP, agency)


def id_of_field(agency: str, name: str) -> UUID:
    """One id for every answer of that agency with that field."""
    return uuid5(_MADE_UP, f"{agency}.{name}")


def id_of_sums(name: str) -> UUID:
    """One id for every incident about the sums of facts of that name."""
    return uuid5(_MADE_UP, f"sums {name}")
