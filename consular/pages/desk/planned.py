"""Sessions as the supervisor's pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.appointments.planned_days import PlannedSession
from services.kernel.audit import Role
from services.kernel.collation import alphabetical

SUPERVISOR = frozenset({Role.SUPERVISOR})


def show_session(planned: PlannedSession, zone: ZoneInfo) -> dict[str, Any]:
    """A session with its desks and places; hours are on the wall clock of where it is held."""
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
        "planned": places.total,
        "taken": places.taken,
        "free": 0 if row.closed_at or row.cancelled_at else places.total - places.taken,
    }


def _by_name(desks: Sequence[Any]) -> list[Any]:
    return sorted(desks, key=lambda desk: alphabetical(desk.name))
