"""Try parked jobs once more, or leave them undone for good: one or many, all or none, audited."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.incidents.handling import resolve
from services.incidents.reporting import find_open, id_of_job
from services.incidents.rules import Kind, Resolution
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.errors import NotFound
from services.operations.errors import AlreadyDecided
from services.operations.models import ParkedDecision
from services.operations.rules import Decision
from services.outbox.delivery import PARKED, enqueue
from services.outbox.models import OutboxItem


def decide(
    session: Session,
    jobs: Collection[UUID],
    decision: Decision,
    reason: str,
    *,
    now: datetime,
    actor: Actor,
) -> None:
    """Release or end every one of ``jobs`` (ids of outbox items).

    A released job is a new item: it is tried as often as the first. Raises NotFound where one isn't
    parked, `AlreadyDecided`: then none was changed.
    """
    # In one order, so that two who decide at once wait for each other and nobody for ever.
    for job in sorted(set(jobs)):
        item = _get_parked(session, job)
        released = decision is Decision.RELEASED
        again = enqueue(session, item.topic, item.ref) if released else None
        _write_down(session, job, decision, reason, again, now=now, actor=actor)
        _close_incident(session, item, reason, now=now, actor=actor)


def _get_parked(session: Session, job: UUID) -> Any:
    query = select(OutboxItem.id, OutboxItem.topic, OutboxItem.ref)
    row = session.execute(query.where(OutboxItem.id == job, OutboxItem.outcome == PARKED)).first()
    if row is None:
        raise NotFound(field="jobs")
    return row


def _write_down(
    session: Session,
    job: UUID,
    decision: Decision,
    reason: str,
    again: UUID | None,
    *,
    now: datetime,
    actor: Actor,
) -> None:
    """The primary key lets one decision be taken. Raises `AlreadyDecided`."""
    row = {
        "outbox_id": job,
        "decision": decision,
        "reason": reason,
        "decided_by": actor.account_id,
        "decided_at": now,
        "released_as": again,
    }
    added = insert(ParkedDecision).values(row).on_conflict_do_nothing()
    if session.execute(added.returning(ParkedDecision.outbox_id)).first() is None:
        raise AlreadyDecided()
    audit.record(session, audit.Subject("job", job), action=f"job.{decision}", now=now, actor=actor)


def _close_incident(
    session: Session, item: Any, reason: str, *, now: datetime, actor: Actor
) -> None:
    """Whoever decides about the last one of a job has looked at its incident."""
    others = (
        select(OutboxItem.id)
        .outerjoin(ParkedDecision, ParkedDecision.outbox_id == OutboxItem.id)
        .where(
            OutboxItem.ref == item.ref,
            OutboxItem.topic == item.topic,
            OutboxItem.outcome == PARKED,
            ParkedDecision.outbox_id.is_(None),
        )
    )
    incident = find_open(session, Kind.JOB_PARKED, id_of_job(item.topic, item.ref))
    if incident is not None and session.scalars(others.limit(1)).first() is None:
        resolve(session, incident, Resolution.EXPLAINED, reason, now=now, actor=actor)
