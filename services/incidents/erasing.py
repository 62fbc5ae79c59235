"""Erase what staff wrote about somebody's things, and tell whether they are still at it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session

from services.incidents.models import Incident, IncidentStep


def has_open_incident(session: Session, things: Sequence[UUID]) -> bool:
    """About one of these remittances or enrollments, or with its money in suspense."""
    unsettled = or_(
        Incident.resolved_at.is_(None),
        (Incident.suspense_minor != 0) & Incident.suspense_cleared_at.is_(None),
    )
    incidents = select(Incident.id).where(_about(things), unsettled)
    return session.scalars(incidents.limit(1)).first() is not None


def erase_notes(session: Session, things: Sequence[UUID]) -> None:
    """Delete the notes of incidents about these things: who did what when stays, the words go."""
    about = select(Incident.id).where(_about(things))
    session.execute(
        update(IncidentStep)
        .where(IncidentStep.incident_id.in_(about), IncidentStep.note.is_not(None))
        .values(note=None)
        .execution_options(synchronize_session=False)
    )


def _about(things: Sequence[UUID]) -> ColumnElement[bool]:
    """Of a job's incident the detail says what the job was about."""
    ref = Incident.detail["ref"].astext
    return or_(Incident.subject_id.in_(things), ref.in_([str(id) for id in things]))
