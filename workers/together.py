"""Several items of one job done together: one transaction claims them, one ends them, and where
another agency is called for them behind the first, one in between does both.

Only what may be left uncalled after its claim is done so: a question, a message that is the same
however often it is handed over, and an order of which can be written that it wasn't sent. They
call one agency; what is for another is left for later. Whatever is out of the ordinary with one of
them (the agency isn't to be called now, something can't be read or written) leaves it to be done
by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from services.agencies.rules import BRIEF_CALL
from services.outbox import delivery
from services.outbox.delivery import Lease
from workers.gate import Passage
from workers.runtime import JobContext, LeaseLost
from workers.steps import Claim, Parts, RetryLater, Settled, go_on

# Behind calls that have taken so long together none of the same job is begun; well below what
# counts as one slow call (`services.agencies.rules.SLOW_CALL`).
LONGEST_CALLS_SECONDS = 0.5

PartsOf = Callable[[JobContext, Lease], Parts[Any]]
log = structlog.get_logger(__name__)


class CallsAnother(Exception):
    """A claim turned out to be for another agency than was to be seen before it."""


@dataclass(frozen=True)
class Item:
    """An item that is leased, with its next ``step``, and once that was taken the ``task``."""

    lease: Lease
    parts: Parts[Any]
    step: Claim[Any] | Settled
    task: Any = None


@dataclass(frozen=True)
class Batch:
    """Items that were claimed, and the right to call their agency. ``since``: when they were
    leased, by the monotonic clock. ``others``: how many were left because they call another."""

    items: Sequence[Item] = ()
    passage: Passage | None = None
    since: float = 0.0
    leased: frozenset[UUID] = frozenset()
    others: int = 0


@dataclass(frozen=True)
class Left:
    """How an item goes on that wasn't ended with the others."""

    lease: Lease
    go_on: Callable[[], None]


@dataclass
class _Called:
    """What came of the calls: ``steps`` ended or go on together, ``again`` begin by themselves,
    ``untried`` are given back."""

    steps: list[Item] = field(default_factory=list)
    again: list[Item] = field(default_factory=list)
    untried: list[Item] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)


def claim(job: JobContext, items: Sequence[UUID], parts_of: Mapping[str, PartsOf]) -> Batch:
    """Lease and claim those of the items whose topic is in ``parts_of`` and that call one agency,
    or none of them.

    What is moot ends at once.
    """
    since = time.monotonic()
    try:
        with job.transaction() as session:
            leases = delivery.take_leases(
                session, items, list(parts_of), lease_seconds=job.lease_seconds
            )
            # In the order in which they came to be: what happened first is told first.
            leased = [
                Item(lease, parts := parts_of[lease.topic](job, lease), Claim(parts.claim))
                for lease in sorted(leases, key=lambda lease: lease.id)
            ]
            return _claim(job, session, leased, None, since)
    except Exception as error:
        log.info("not_together", error=type(error).__name__)
        return Batch()


def _claim(
    job: JobContext,
    session: Session,
    items: Sequence[Item],
    before: Passage | None,
    since: float,
) -> Batch:
    """Take the steps of those that call the agency of the first one; the others are given back."""
    now = job.now(session)
    claimed: list[Item] = []
    ended: list[Item] = []
    others: list[Item] = []
    agency: str | None = None
    for each in items:
        if isinstance(each.step, Settled):
            continue
        if agency and before is None and each.parts.agency_before(session) != agency:
            others.append(each)
            continue
        task = each.step.take(session, now) or Settled("moot")
        if isinstance(task, Settled):
            ended.append(replace(each, step=task))
            continue
        claimed.append(replace(each, task=task))
        agency = agency or each.parts.agency_of(task)
        if each.parts.agency_of(task) != agency:
            raise CallsAnother
    _write_ended(session, ended, now)
    _give_back(session, others)
    # Last: its rows are everybody's.
    if before is not None:
        job.gate.leave(session, before)
    passage = job.gate.enter(session, agency, calls=len(claimed)) if agency else None
    leased = frozenset(each.lease.id for each in (*claimed, *ended))
    return Batch(claimed, passage, since, leased, len(others))


def finish(job: JobContext, batch: Batch, progress: Callable[[], None]) -> Iterator[Left]:
    """Call for each and end them; ``progress`` hears of each call. Yields what goes on by itself,
    once the others are ended."""
    left: list[Left] = []
    while batch.passage is not None:
        with job.gate.through(batch.passage):
            called = _call_each(job, batch, batch.passage, progress)
            batch = _end(job, called, batch.passage, batch.since)
        left += called.left
    yield from left


def _call_each(
    job: JobContext, batch: Batch, passage: Passage, progress: Callable[[], None]
) -> _Called:
    admission = passage.admission
    longest = BRIEF_CALL.total_seconds() if admission.brief else LONGEST_CALLS_SECONDS
    allowed = 1 if admission.probe is not None else 1 + max(admission.tokens, 0)
    deadline = time.monotonic() + longest
    called = _Called()
    for number, each in enumerate(batch.items):
        if number >= allowed:
            called.again.append(each)
        elif time.monotonic() > deadline:
            called.untried.append(each)
        else:
            progress()
            step = _call(job, each, batch.since)
            if isinstance(step, Claim | Settled):
                called.steps.append(replace(each, step=step))
                continue
            # The others ask the breaker again.
            allowed = number + 1
            called.left.append(Left(each.lease, step))
    return called


def _call(job: JobContext, each: Item, since: float) -> Claim[Any] | Settled | Callable[[], None]:
    """What comes next for the item, or how it goes on by itself: an error flies there."""
    if each.parts.within_lease and time.monotonic() - since > job.lease_seconds:
        return _raising(LeaseLost(each.lease.id))
    try:
        step = each.parts.call(job, each.task)
    except Exception as raised:
        return _raising(raised)
    return _going_on(job, each, step) if isinstance(step, RetryLater) else step


def _raising(error: Exception) -> Callable[[], None]:
    def fly() -> None:
        raise error

    return fly


def _going_on(
    job: JobContext, each: Item, step: Claim[Any] | Settled | RetryLater
) -> Callable[[], None]:
    return lambda: go_on(job, each.lease, each.parts, step)


def _end(job: JobContext, called: _Called, passage: Passage, since: float) -> Batch:
    """End what has ended, all or nothing, and claim what another call is made for."""
    following = Batch()
    try:
        with job.transaction() as session:
            following = _write(job, session, called, passage, since)
        passage.left = True
    except Exception as error:
        log.info("not_together", error=type(error).__name__)
        called.left += [_by_itself(job, each, each.step) for each in called.steps]
        called.left += [Left(each.lease, partial(_hand_back, job, each)) for each in called.untried]
    called.left += [_by_itself(job, each, Claim(each.parts.claim)) for each in called.again]
    return following


def _by_itself(job: JobContext, each: Item, step: Claim[Any] | Settled) -> Left:
    return Left(each.lease, _going_on(job, each, step))


def _write(
    job: JobContext, session: Session, called: _Called, passage: Passage, since: float
) -> Batch:
    now = job.now(session)
    _write_ended(session, called.steps, now)
    _write_untried(session, [*called.again, *called.untried], now)
    _give_back(session, called.untried)
    return _claim(job, session, called.steps, passage, since)


def _write_ended(session: Session, items: Sequence[Item], now: datetime) -> None:
    """End those that are settled and whose lease is still ours, with what they write."""
    settled = [(each.lease, each.step) for each in items if isinstance(each.step, Settled)]
    outcomes = [(lease, step.outcome) for lease, step in settled]
    ours = set(delivery.finish_together(session, outcomes)) if outcomes else set()
    for lease, step in settled:
        if lease.id in ours:
            step.write(session, now)
        else:
            log.warning("lease_lost", outbox_id=str(lease.id))


def _write_untried(session: Session, items: Sequence[Item], now: datetime) -> None:
    for each in items:
        each.parts.untried(each.task, session, now)


def _give_back(session: Session, items: Sequence[Item]) -> None:
    if items:
        delivery.give_back(session, [each.lease for each in items])


def _hand_back(job: JobContext, each: Item) -> None:
    with job.transaction() as session:
        _give_back(session, [each])
