"""Let places go that were kept for some, when their moment has come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments.closures import lock_openings
from services.appointments.fitting import fit_day
from services.appointments.models import OpeningSession


def list_due(session: Session, *, now: datetime) -> Sequence[UUID]:
    """Sessions that keep places whose moment has come."""
    return session.scalars(
        select(OpeningSession.id)
        .where(OpeningSession.release_at <= now)
        .order_by(OpeningSession.release_at, OpeningSession.id)
    ).all()


def release(session: Session, opening: UUID, *, now: datetime) -> None:
    """Everybody's from now on, and first of all of those who had lost their place."""
    row = session.get_one(OpeningSession, opening)
    lock_openings(session, row.consulate_code)
    fit_day(session, row.consulate_code, row.day, now=now)
