"""Sessions as the supervisor's pages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from consular.auth import actor
from consular.pages.desk.capacity_forms import kept_in_words
from services.appointments.planned_days import PlannedSession
from services.appointments.queries import get_session
from services.kernel.audit import Role
from services.kernel.collation import alphabetical
from services.kernel.errors import NotFound

SUPERVISOR = frozenset({Role.SUPERVISOR})


def own_session(session: Session, id: UUID) -> Any:
    """A session of the reader's office. Raises NotFound."""
    row = get_session(session, id)
    if row.consulate_code != actor().consulate:
        raise NotFound()
    return row


def show_session(
    planned: PlannedSession, zone: ZoneInfo, names: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A session with its desks and places; hours are on the wall clock of where it is held.
    ``names``: of the services."""
    row, places = planned.row, planned.places
    return {
        "id": row.id,
        "day": row.day,
        "opens": datetime.combine(row.day, row.opens, zone),
        "closes": datetime.combine(row.day, row.closes, zone),
        "place": row.place_name,
        "slot_minutes": row.slot_minutes,
        "closed": row.closed_at is not None,
        "cancelled": row.cancelled_at is not None,
        "desks": [f"{desk.name}: {', '.join(desk.services)}" for desk in _by_name(planned.desks)],
        "kept": kept_in_words(row, names or {}),
        "planned": places.total,
        "taken": places.taken,
        "free": 0 if row.closed_at or row.cancelled_at else places.total - places.taken,
    }


def _by_name(desks: Sequence[Any]) -> list[Any]:
    return sorted(desks, key=lambda desk: alphabetical(desk.name))
