"""Read what a duty officer looks at: queues, answers that nobody knows, parked jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from services.enrollments import rules as enrollments
from services.enrollments.models import Enrollment
from services.kernel.errors import NotFound
from services.operations.models import ParkedDecision
from services.outbox.delivery import PARKED
from services.outbox.models import OutboxItem
from services.remittances import rules as remittances
from services.remittances.models import Remittance

# Over so much time it is counted how many items a minute are done.
RECENTLY = timedelta(minutes=5)


@dataclass(frozen=True)
class QueueState:
    """One topic of the outbox. ``due``: of the ``waiting`` ones, those whose time has come;
    ``oldest``: since when the oldest of these has been due."""

    topic: str
    waiting: int
    due: int
    oldest: datetime | None
    done_a_minute: float


@dataclass(frozen=True)
class Unknown:
    """Something that was sent, and nobody knows whether it arrived."""

    kind: str
    id: UUID
    folio: str
    since: datetime
    answer_by: Any


@dataclass(frozen=True)
class OldestRequest:
    """Of the requests for a program about which nobody has decided, the first that came."""

    program: str
    folio: str
    status: str
    since: datetime


@dataclass(frozen=True)
class ParkedJob:
    """A job that was given up, and what was decided about it since."""

    id: UUID
    topic: str
    ref: UUID
    attempts: int
    last_error: str | None
    created_at: datetime
    parked_at: datetime
    decision: ParkedDecision | None


_QUEUES = text(
    """
    WITH waiting AS (
        SELECT topic, count(*) AS waiting, count(*) FILTER (WHERE ring_at <= clock_timestamp()
                   OR lease_until > clock_timestamp() OR waits_for IS NOT NULL) AS due,
               min(coalesce(due_at, created_at)) FILTER (
                   WHERE coalesce(due_at, created_at) <= clock_timestamp()) AS oldest
        FROM outbox WHERE done_at IS NULL GROUP BY topic
    ), done AS (
        SELECT topic, count(*) AS done FROM outbox
        -- Read once, so that an index ends there.
        WHERE done_at > (SELECT clock_timestamp() - make_interval(secs => :recently)) GROUP BY topic
    )
    SELECT topic, coalesce(waiting, 0) AS waiting, coalesce(due, 0) AS due, oldest,
           coalesce(done, 0) AS done
    FROM waiting FULL JOIN done USING (topic) ORDER BY oldest NULLS LAST, topic
    """
)


def list_queues(session: Session) -> list[QueueState]:
    """Topics in which something waits or was done lately, the one with the oldest item first."""
    rows = session.execute(_QUEUES, {"recently": RECENTLY.total_seconds()})
    minutes = RECENTLY / timedelta(minutes=1)
    return [
        QueueState(row.topic, row.waiting, row.due, row.oldest, round(row.done / minutes, 1))
        for row in rows
    ]


def list_unknown(session: Session, *, limit: int) -> list[Unknown]:
    """Enrollments and remittances without an answer, the oldest first; folios, no names."""
    queries = (
        select(Enrollment.id, Enrollment.folio, Enrollment.changed_at, Enrollment.resolve_by).where(
            Enrollment.status == enrollments.Status.UNKNOWN
        ),
        select(
            Remittance.id, Remittance.folio, Remittance.changed_at, Remittance.answer_due_at
        ).where(Remittance.status == remittances.Status.UNKNOWN),
    )
    unanswered = [
        Unknown(kind, *row)
        for kind, query in zip(("enrollment", "remittance"), queries, strict=True)
        for row in session.execute(query.order_by(query.selected_columns[2]).limit(limit))
    ]
    return sorted(unanswered, key=lambda each: each.since)[:limit]


def list_oldest_requests(session: Session) -> list[OldestRequest]:
    """One of each program in which a request waits, the oldest first; folios, no names."""
    query = (
        select(Enrollment.program, Enrollment.folio, Enrollment.status, Enrollment.created_at)
        .where(Enrollment.status.in_(sorted(enrollments.UNDECIDED)))
        .ext(distinct_on(Enrollment.program))
        .order_by(Enrollment.program, Enrollment.created_at)
    )
    oldest = [OldestRequest(*row) for row in session.execute(query)]
    return sorted(oldest, key=lambda each: each.since)


Place = tuple[datetime, UUID]
_PARKED = (
    select(OutboxItem, ParkedDecision)
    .outerjoin(ParkedDecision, ParkedDecision.outbox_id == OutboxItem.id)
    .where(OutboxItem.outcome == PARKED)
)


def list_parked(
    session: Session, *, limit: int, after: Place | None = None
) -> tuple[Sequence[ParkedJob], Place | None]:
    """Parked jobs about which nobody has decided, the oldest first, and where the rest begins."""
    place = tuple_(OutboxItem.created_at, OutboxItem.id)
    query = _PARKED.where(ParkedDecision.outbox_id.is_(None))
    if after:
        query = query.where(place > after)
    order = query.order_by(OutboxItem.created_at, OutboxItem.id).limit(limit + 1)
    jobs = [_parked(row) for row in session.execute(order)]
    page = jobs[:limit]
    return page, (page[-1].created_at, page[-1].id) if len(jobs) > limit else None


def get_parked(session: Session, job: UUID) -> ParkedJob:
    """One of them, decided or not. Raises NotFound."""
    row = session.execute(_PARKED.where(OutboxItem.id == job)).first()
    if row is None:
        raise NotFound()
    return _parked(row)


_COUNT_PARKED = text(
    """
    SELECT count(*) FROM (SELECT 1 FROM outbox o WHERE o.outcome = 'parked' AND NOT EXISTS (
        SELECT FROM parked_decisions d WHERE d.outbox_id = o.id) LIMIT 100000) p
    """
)


def count_parked(session: Session) -> int:
    """How many wait for a person, up to a hundred thousand."""
    return int(session.execute(_COUNT_PARKED).scalar_one())


def _parked(row: Any) -> ParkedJob:
    item, decision = row
    return ParkedJob(
        item.id,
        item.topic,
        item.ref,
        item.attempts,
        item.last_error,
        item.created_at,
        item.done_at,
        decision,
    )
