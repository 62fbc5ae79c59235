"""Who changed opening hours, when and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, or_, select, tuple_
from sqlalchemy.orm import Session

from services.appointments.models import Closure, Desk, OpeningChange, OpeningSession, SessionSeries
from services.kernel import audit
from services.kernel.ids import new_id
from services.kernel.tables import Page, fetch_page


def record_change(
    session: Session,
    thing: OpeningSession | SessionSeries | Closure,
    action: str,
    *,
    now: datetime,
    actor: audit.Actor,
    reason: str | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    audited: bool = False,
) -> None:
    """Append an entry about a session, a series or a closure, here and in the audit, unless that
    has one already."""
    kind = _kind_of(thing)
    session.execute(
        insert(OpeningChange).values(
            id=new_id(),
            at=now,
            consulate_code=thing.consulate_code,
            subject_kind=kind,
            subject_id=thing.id,
            action=action,
            reason=reason,
            actor_id=actor.account_id,
            actor_role=actor.role.value,
            before=before,
            after=after,
        )
    )
    if not audited:
        subject = audit.Subject.of(kind, thing)
        audit.record(session, subject, action=f"{kind}.{action}", now=now, actor=actor)


def _kind_of(thing: OpeningSession | SessionSeries | Closure) -> str:
    return "series" if isinstance(thing, SessionSeries) else thing.__tablename__.rstrip("s")


def described(
    thing: OpeningSession | SessionSeries, desks: Sequence[Desk | dict[str, Any]]
) -> dict[str, Any]:
    """Hours and desks of a session or a series, as an entry keeps them."""
    return {
        "opens": f"{thing.opens:%H:%M}",
        "closes": f"{thing.closes:%H:%M}",
        "breaks": thing.breaks,
        "reserves": thing.reserves,
        "daily_maximums": thing.daily_maximums,
        "desks": [
            desk if isinstance(desk, dict) else {"name": desk.name, "services": desk.services}
            for desk in desks
        ],
    }


def list_changes(session: Session, *subjects: UUID | None, most: int = 50) -> list[OpeningChange]:
    """Of these sessions, series or closures, the latest first."""
    known = [subject for subject in subjects if subject is not None]
    return list(
        session.scalars(
            select(OpeningChange)
            .where(or_(*(OpeningChange.subject_id == subject for subject in known)))
            .order_by(OpeningChange.at.desc(), OpeningChange.id.desc())
            .limit(most)
        )
    )


def list_changes_of_office(
    session: Session,
    consulate: str,
    *,
    about: UUID | None = None,
    limit: int | None = None,
    after: tuple[datetime, UUID] | None = None,
) -> Page[OpeningChange, tuple[datetime, UUID]]:
    """An office's, the latest first, or those ``about`` one session, series or closure; ``after``
    is the last one of the page before."""
    query = (
        select(OpeningChange)
        .where(OpeningChange.consulate_code == consulate)
        .order_by(OpeningChange.at.desc(), OpeningChange.id.desc())
    )
    if about is not None:
        query = query.where(OpeningChange.subject_id == about)
    if after is not None:
        query = query.where(tuple_(OpeningChange.at, OpeningChange.id) < after)
    return fetch_page(session, query, limit=limit, place=lambda row: (row.at, row.id))
