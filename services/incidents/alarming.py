"""What calls the duty officer at once, each incident once: books that differ, answers past the time
that was promised, and money that has stood in suspense for a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select, text
from sqlalchemy.orm import Session

from services.incidents.models import Incident
from services.incidents.rules import CALLS_AT_ONCE

LONGEST_IN_SUSPENSE = timedelta(days=1)


def list_untold(session: Session, *, now: datetime, most: int) -> Sequence[Incident]:
    """Those about which the duty officer hasn't been told, the oldest first."""
    at_once = Incident.kind.in_(sorted(CALLS_AT_ONCE)) & Incident.resolved_at.is_(None)
    # Also one that a person has ended, whose money no worker has moved.
    suspended = (
        (Incident.suspense_minor != 0)
        & Incident.suspense_cleared_at.is_(None)
        & (Incident.opened_at < now - LONGEST_IN_SUSPENSE)
    )
    query = select(Incident).where(Incident.told_at.is_(None), or_(at_once, suspended))
    return session.scalars(query.order_by(Incident.opened_at, Incident.id).limit(most)).all()


_TOLD = text("UPDATE incidents SET told_at = clock_timestamp() WHERE id = :id AND told_at IS NULL")


def mark_told(session: Session, incident: UUID) -> None:
    """The duty officer has been told."""
    session.execute(_TOLD, {"id": incident})
