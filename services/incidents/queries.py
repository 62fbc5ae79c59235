"""Read incidents: the list with its filters, one with its history, and how many are open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select, text, tuple_
from sqlalchemy.orm import Session

from services.incidents.models import Incident, IncidentStep
from services.incidents.rules import Kind
from services.kernel.tables import Page, fetch_page, get_row, list_numbered


class State(StrEnum):
    """Filter of incidents by state."""

    OPEN = "open"
    RESOLVED = "resolved"


@dataclass(frozen=True)
class Filter:
    """``mine`` is whose: those that this account took."""

    state: State = State.OPEN
    kind: Kind | None = None
    mine: UUID | None = None


@dataclass(frozen=True)
class OpenCount:
    """How many of a kind are open, and for how long the oldest has been."""

    kind: Kind
    count: int
    oldest_seconds: float


def list_incidents(
    session: Session,
    wanted: Filter,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> Page[Incident, tuple[datetime, UUID]]:
    """Open ones with the oldest first, resolved ones with the newest first."""
    still_open = wanted.state is State.OPEN
    place = tuple_(Incident.opened_at, Incident.id)
    query = select(Incident).where(Incident.resolved_at.is_(None) == still_open)
    if wanted.kind:
        query = query.where(Incident.kind == wanted.kind)
    if wanted.mine:
        query = query.where(Incident.taken_by == wanted.mine)
    if after:
        query = query.where(place > after if still_open else place < after)
    order = (Incident.opened_at, Incident.id)
    query = query.order_by(*(order if still_open else (column.desc() for column in order)))
    return fetch_page(session, query, limit=limit, place=lambda row: (row.opened_at, row.id))


def get_incident(session: Session, incident: UUID) -> Incident:
    """The incident with that id. Raises NotFound."""
    return get_row(session, Incident, incident)


def list_steps(session: Session, incident: UUID) -> Sequence[IncidentStep]:
    """List an incident's history, oldest first."""
    return list_numbered(session, IncidentStep, incident_id=incident)


_OPEN = text(
    """
    SELECT kind, count(*) AS still_open,
           extract(epoch FROM clock_timestamp() - min(opened_at))::float8 AS oldest
    FROM incidents WHERE resolved_at IS NULL GROUP BY kind ORDER BY kind
    """
)


def count_open(session: Session) -> list[OpenCount]:
    """Count open incidents by kind; kinds without any are left out."""
    return [OpenCount(Kind(r.kind), r.still_open, r.oldest) for r in session.execute(_OPEN)]


_SUSPENSE_AGE = text(
    """
    SELECT coalesce(extract(epoch FROM clock_timestamp() - min(opened_at)), 0)::float8
    FROM incidents WHERE suspense_minor <> 0 AND suspense_cleared_at IS NULL
    """
)


def suspense_age(session: Session) -> float:
    """For how many seconds the oldest money has stood in suspense."""
    return float(session.execute(_SUSPENSE_AGE).scalar_one())
