"""Enqueue something in the outbox; take what is due, lease it, end it.

Times are the database's own, for hosts' clocks differ. A lease has a fence: whoever
wakes up after the lease has passed on settles nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from services.kernel.db import text
from services.kernel.ids import new_id
from services.kernel.transitions import Effect, Moved
from services.kernel.writes import Write, write

# How an item ends that was given up and waits for a person.
PARKED = "parked"


@dataclass(frozen=True)
class DueItem:
    """An item that is due: which queue it goes to follows from the topic."""

    id: UUID
    topic: str


@dataclass(frozen=True)
class Lease:
    """The right to work on an item until the lease ends."""

    id: UUID
    topic: str
    ref: UUID
    fence: int
    attempts: int


def enqueue(session: Session, topic: str, ref: UUID, *, delay_seconds: float = 0) -> UUID:
    """Add an item in the current transaction; ``delay_seconds`` from now it is due."""
    item = new_id()
    write(session, _put(item, topic, ref, delay_seconds))
    return item


def enqueue_at(topic: str, *statuses: str) -> Effect:
    """Add an item whenever something comes to one of these statuses."""

    def add(_session: Session, moved: Moved) -> Write | None:
        return _put(new_id(), topic, moved.thing.id, 0) if moved.after in statuses else None

    return add


_PUT = """
    INSERT INTO outbox (id, topic, ref, ring_at, due_at)
    SELECT :id, :topic, :ref, due, due
    FROM (SELECT clock_timestamp() + make_interval(secs => :delay)) at (due)
"""


def _put(item: UUID, topic: str, ref: UUID, delay_seconds: float) -> Write:
    return Write(_PUT, {"id": item, "topic": topic, "ref": ref, "delay": float(delay_seconds)})


_RECENT = text(
    """
    SELECT EXISTS (SELECT 1 FROM outbox WHERE ref = :ref AND topic = :topic
        AND created_at > clock_timestamp() - interval '1 day')
    """
)


def enqueue_once_a_day(session: Session, topic: str, ref: UUID) -> None:
    """Add an item unless such a one was enqueued within the last day: a message, however often its
    reason comes back, must not become a nuisance."""
    if not session.execute(_RECENT, {"ref": ref, "topic": topic}).scalar_one():
        enqueue(session, topic, ref)


_OVERTAKEN = text(
    """
    SELECT EXISTS (SELECT 1 FROM outbox o JOIN outbox newer USING (ref, topic)
        WHERE o.id = :item AND newer.id <> o.id AND newer.created_at > o.created_at
          AND newer.done_at IS NULL
          AND coalesce(newer.due_at, newer.created_at) <= clock_timestamp())
    """
)


def is_overtaken(session: Session, item: UUID) -> bool:
    """Whether a later item says the same about the same row and is due as well: what it says is
    newer, and one message is enough."""
    return bool(session.execute(_OVERTAKEN, {"item": item}).scalar_one())


_TAKE_DUE = text(
    "SELECT item, item_topic FROM take_due_v1(CAST(:most AS int), :again, CAST(:topics AS text[]),"
    " CAST(:but_not AS text[]))"
)


def take_due(
    session: Session,
    *,
    most: int,
    again_seconds: float,
    topics: Sequence[str] | None = None,
    but_not: Sequence[str] = (),
) -> Sequence[DueItem]:
    """Take up to ``most`` due items; unless done by then, they are due again later.

    Of ``topics`` only, or of any when it is None; never of ``but_not``.
    """
    rows = session.execute(
        _TAKE_DUE,
        {
            "most": most,
            "again": again_seconds,
            "topics": None if topics is None else list(topics),
            "but_not": list(but_not),
        },
    )
    return [DueItem(row.item, row.item_topic) for row in rows]


_LEASE = text(
    """
    UPDATE outbox
    SET lease_until = clock_timestamp() + make_interval(secs => :lease),
        fence = fence + 1, attempts = attempts + 1, waits_for = NULL,
        ring_at = clock_timestamp() + make_interval(secs => :lease)
    WHERE id = :id AND done_at IS NULL
      AND (lease_until IS NULL OR lease_until < clock_timestamp())
    RETURNING id, topic, ref, fence, attempts
    """
)


def take_lease(session: Session, item: UUID, *, lease_seconds: float) -> Lease | None:
    """Take the item, or None when it is done or another worker holds its lease."""
    row = session.execute(_LEASE, {"id": item, "lease": lease_seconds}).first()
    return Lease(row.id, row.topic, row.ref, row.fence, row.attempts) if row else None


# `num_nulls` keeps the planner from the index of all that is due, which is long while much waits.
_LEASE_TOGETHER = text(
    """
    WITH idle AS MATERIALIZED (
        SELECT id FROM outbox
        WHERE id = ANY (CAST(:ids AS uuid[])) AND topic = ANY (CAST(:topics AS text[]))
          AND num_nulls(done_at) = 1 AND (lease_until IS NULL OR lease_until < clock_timestamp())
        FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox o
    SET lease_until = clock_timestamp() + make_interval(secs => :lease),
        fence = fence + 1, attempts = attempts + 1, waits_for = NULL,
        ring_at = clock_timestamp() + make_interval(secs => :lease)
    FROM idle WHERE o.id = idle.id
    RETURNING o.id, o.topic, o.ref, o.fence, o.attempts
    """
)


def take_leases(
    session: Session, items: Sequence[UUID], topics: Sequence[str], *, lease_seconds: float
) -> Sequence[Lease]:
    """Take those of the items that are of ``topics``, aren't done, and that nobody else has."""
    values = {"ids": list(items), "topics": list(topics), "lease": lease_seconds}
    return [Lease(*row) for row in session.execute(_LEASE_TOGETHER, values)]


_FINISH = text(
    """
    UPDATE outbox SET done_at = clock_timestamp(), outcome = :outcome, lease_until = NULL
    WHERE id = :id AND fence = :fence AND done_at IS NULL
    RETURNING id
    """
)


def finish(session: Session, held: Lease, outcome: str) -> bool:
    """Mark it done. False when the lease has passed on: then the caller must roll back."""
    return (
        session.execute(_FINISH, {"id": held.id, "fence": held.fence, "outcome": outcome}).first()
        is not None
    )


_FINISH_TOGETHER = text(
    """
    UPDATE outbox o SET done_at = clock_timestamp(), outcome = ended.outcome, lease_until = NULL
    FROM unnest(CAST(:ids AS uuid[]), CAST(:fences AS bigint[]), CAST(:outcomes AS text[]))
        AS ended (id, fence, outcome)
    WHERE o.id = ended.id AND o.fence = ended.fence AND num_nulls(o.done_at) = 1
    RETURNING o.id
    """
)


def finish_together(session: Session, ended: Sequence[tuple[Lease, str]]) -> Sequence[UUID]:
    """Mark each done with its outcome; returns those whose lease has not passed on."""
    values = {
        "ids": [held.id for held, _ in ended],
        "fences": [held.fence for held, _ in ended],
        "outcomes": [outcome for _, outcome in ended],
    }
    return session.scalars(_FINISH_TOGETHER, values).all()


_RELEASE = text(
    """
    UPDATE outbox
    SET lease_until = clock_timestamp() + make_interval(secs => :delay),
        ring_at = clock_timestamp() + make_interval(secs => :delay),
        last_error = coalesce(:error, last_error)
    WHERE id = :id AND fence = :fence AND done_at IS NULL
    """
)


def release(
    session: Session, held: Lease, *, delay_seconds: float, error: str | None = None
) -> None:
    """Give it back: due again ``delay_seconds`` from now, and not before, in whichever queue.

    ``error`` is a code that says why, for whoever looks at it.
    """
    values = {"id": held.id, "fence": held.fence, "delay": delay_seconds, "error": error}
    session.execute(_RELEASE, values)


_NOTE_ERROR = text("UPDATE outbox SET last_error = :error WHERE id = :id")


def note_error(session: Session, held: Lease, error: str) -> None:
    """Say why an item ended that this transaction has ended."""
    session.execute(_NOTE_ERROR, {"id": held.id, "error": error})


_MAKE_DUE = text(
    """
    UPDATE outbox SET ring_at = clock_timestamp()
    WHERE id = ANY (:ids) AND done_at IS NULL
      AND (lease_until IS NULL OR lease_until < clock_timestamp())
    """
)


def make_due(session: Session, items: Sequence[UUID]) -> None:
    """Put those of the items that nobody works on into the queues again at once."""
    session.execute(_MAKE_DUE, {"ids": list(items)})


_HURRY = text(
    """
    UPDATE outbox SET ring_at = clock_timestamp(), due_at = least(due_at, clock_timestamp())
    WHERE ref = :ref AND topic = :topic AND done_at IS NULL RETURNING id
    """
)


def hurry(session: Session, topic: str, ref: UUID) -> None:
    """Let the waiting item of that topic about ``ref`` be due now; a new one where none waits."""
    if session.execute(_HURRY, {"ref": ref, "topic": topic}).first() is None:
        enqueue(session, topic, ref)


_POSTPONE = text(
    """
    UPDATE outbox
    SET lease_until = clock_timestamp() + make_interval(secs => :delay),
        ring_at = clock_timestamp() + make_interval(secs => :delay),
        attempts = attempts - 1, waits_for = :agency
    WHERE id = :id AND fence = :fence AND done_at IS NULL
    """
)


def postpone(session: Session, held: Lease, agency: str, *, delay_seconds: float) -> None:
    """Give it back untried: it waits until ``agency`` may be called (`wake`), or for that long."""
    values = {"id": held.id, "fence": held.fence, "agency": agency, "delay": delay_seconds}
    session.execute(_POSTPONE, values)


_GIVE_BACK = text(
    """
    UPDATE outbox o SET lease_until = NULL, ring_at = clock_timestamp(), attempts = attempts - 1
    FROM unnest(CAST(:ids AS uuid[]), CAST(:fences AS bigint[])) AS untried (id, fence)
    WHERE o.id = untried.id AND o.fence = untried.fence AND o.done_at IS NULL
    """
)


def give_back(session: Session, held: Sequence[Lease]) -> None:
    """Give them back untried: due again at once."""
    values = {"ids": [lease.id for lease in held], "fences": [lease.fence for lease in held]}
    session.execute(_GIVE_BACK, values)


_END_WAITING = text(
    """
    WITH idle AS MATERIALIZED (
        SELECT id FROM outbox WHERE ref = :ref AND topic = :topic AND done_at IS NULL
          AND (lease_until IS NULL OR lease_until < clock_timestamp())
        FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox o SET done_at = clock_timestamp(), outcome = 'moot', waits_for = NULL
    FROM idle WHERE o.id = idle.id
    """
)


def end_waiting(session: Session, topic: str, ref: UUID) -> None:
    """End the items of that topic about ``ref`` that nobody works on: there is nothing to do."""
    session.execute(_END_WAITING, {"ref": ref, "topic": topic})


_AWAITED = text(
    "SELECT DISTINCT waits_for FROM outbox WHERE waits_for IS NOT NULL AND done_at IS NULL"
)
_WAKE = text(
    """
    WITH longest AS MATERIALIZED (
        SELECT id FROM outbox WHERE waits_for = :agency AND done_at IS NULL
        ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
    )
    UPDATE outbox o SET waits_for = NULL, lease_until = NULL, ring_at = clock_timestamp()
    FROM longest WHERE o.id = longest.id RETURNING o.id
    """
)


def list_awaited(session: Session) -> Sequence[str]:
    """The agencies that items wait for."""
    return session.scalars(_AWAITED).all()


def wake(session: Session, agency: str, *, most: int) -> int:
    """Let the items that have waited longest for ``agency`` be due now; returns how many."""
    return len(session.execute(_WAKE, {"agency": agency, "most": most}).all())
