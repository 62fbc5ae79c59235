"""Stop all calls to an agency, and let them go on: by staff, with a reason, audited."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.agencies.errors import AlreadyPaused, NotPaused
from services.agencies.models import AgencyPause
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.ids import new_id


def pause(
    session: Session, agency: str, reason: str, *, now: datetime, actor: Actor
) -> AgencyPause:
    """No call to ``agency`` begins from the commit on. Raises `AlreadyPaused`."""
    row = {
        "id": new_id(),
        "agency": agency,
        "reason": reason,
        "paused_by": actor.account_id,
        "paused_at": now,
    }
    added = session.scalars(
        insert(AgencyPause).values(row).on_conflict_do_nothing().returning(AgencyPause)
    ).one_or_none()
    if added is None:
        raise AlreadyPaused()
    audit.record(
        session, audit.Subject("agency_pause", added.id), action="agency.paused", now=now,
        actor=actor,
    )  # fmt: skip
    return added


def lift(session: Session, agency: str, reason: str, *, now: datetime, actor: Actor) -> AgencyPause:
    """Calls go on; what waited is done. Raises `NotPaused`."""
    pause = session.scalars(
        select(AgencyPause)
        .where(AgencyPause.agency == agency, AgencyPause.lifted_at.is_(None))
        .with_for_update()
    ).one_or_none()
    if pause is None:
        raise NotPaused()
    pause.lifted_at, pause.lifted_by, pause.lift_reason = now, actor.account_id, reason
    session.flush()
    audit.record(
        session, audit.Subject("agency_pause", pause.id), action="agency.lifted", now=now,
        actor=actor,
    )  # fmt: skip
    return pause
