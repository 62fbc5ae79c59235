"""Several items of one job done together: one transaction claims them, one ends them.

Only what may be left uncalled after its claim is done so: a question, or a message that is the same
however often it is handed over. Whatever is out of the ordinary with one of them (the agency isn't
to be called now, something can't be read or written) leaves it to be done by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from services.agencies.rules import BRIEF_CALL
from services.outbox import delivery
from services.outbox.delivery import Lease
from workers.gate import Passage
from workers.runtime import JobContext
from workers.steps import Claim, Parts, RetryLater, Settled, go_on

# Behind calls that have taken so long together none of the same job is begun; well below what
# counts as one slow call (`services.agencies.rules.SLOW_CALL`).
LONGEST_CALLS_SECONDS = 0.5

PartsOf = Callable[[JobContext, Lease], Parts[Any]]
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Claimed:
    """An item that is leased, with what to do for it."""

    lease: Lease
    parts: Parts[Any]
    task: Any


@dataclass
class Batch:
    """What was claimed: for each agency the right to call it, and the items that call it."""

    items: frozenset[UUID] = frozenset()
    calls: dict[str, list[Claimed]] = field(default_factory=dict)
    passages: dict[str, Passage] = field(default_factory=dict)


@dataclass(frozen=True)
class Left:
    """How an item goes on that wasn't ended with the others."""

    lease: Lease
    go_on: Callable[[], None]


def claim(job: JobContext, items: Sequence[UUID], parts_of: Mapping[str, PartsOf]) -> Batch:
    """Lease and claim those of the items whose topic is in ``parts_of``, or none of them.

    What is moot ends at once.
    """
    try:
        return _claim(job, items, parts_of)
    except Exception as error:
        log.info("not_together", error=type(error).__name__)
        return Batch()


def _claim(job: JobContext, items: Sequence[UUID], parts_of: Mapping[str, PartsOf]) -> Batch:
    batch = Batch()
    with job.transaction() as session:
        leases = delivery.take_leases(
            session, items, list(parts_of), lease_seconds=job.lease_seconds
        )
        now, ended = job.now(session), []
        # In the order in which they came to be: what happened first is told first.
        for lease in sorted(leases, key=lambda lease: lease.id):
            parts = parts_of[lease.topic](job, lease)
            task = parts.claim(session, now) or Settled("moot")
            if isinstance(task, Settled):
                task.write(session, now)
                ended.append((lease, task.outcome))
            else:
                called = batch.calls.setdefault(parts.agency_of(task), [])
                called.append(Claimed(lease, parts, task))
        if ended:
            delivery.finish_together(session, ended)
        batch.passages = {
            agency: job.gate.enter(session, agency, calls=len(called))
            for agency, called in batch.calls.items()
        }
    batch.items = frozenset(lease.id for lease in leases)
    return batch


def finish(job: JobContext, batch: Batch, progress: Callable[[], None]) -> Iterator[Left]:
    """Call for each and end them; ``progress`` hears of each call. Yields what goes on by itself,
    once the others are ended."""
    for agency, claimed in batch.calls.items():
        yield from _finish(job, claimed, batch.passages[agency], progress)


def _finish(
    job: JobContext, claimed: Sequence[Claimed], passage: Passage, progress: Callable[[], None]
) -> Iterator[Left]:
    admission = passage.admission
    longest = BRIEF_CALL.total_seconds() if admission.brief else LONGEST_CALLS_SECONDS
    allowed = 1 if admission.probe is not None else 1 + max(admission.tokens, 0)
    ended: list[tuple[Claimed, Settled]] = []
    untried: list[Lease] = []
    left: list[Left] = []
    with job.gate.through(passage):
        deadline = time.monotonic() + longest
        for number, each in enumerate(claimed):
            if number >= allowed:
                left.append(Left(each.lease, _going_on(job, each, Claim(each.parts.claim))))
                continue
            if time.monotonic() > deadline:
                untried.append(each.lease)
                continue
            progress()
            step = _call(job, each)
            if isinstance(step, Settled):
                ended.append((each, step))
                continue
            # The others ask the breaker again.
            allowed = number + 1
            left.append(Left(each.lease, step))
        try:
            _end(job, ended, untried, passage)
        except Exception as error:
            log.info("not_together", error=type(error).__name__)
            left += [Left(each.lease, _going_on(job, each, step)) for each, step in ended]
            left += [Left(lease, partial(_give_back, job, lease)) for lease in untried]
    yield from left


def _call(job: JobContext, each: Claimed) -> Settled | Callable[[], None]:
    """How the item ends, or how it goes on: an error flies there."""
    try:
        step = each.parts.call(job, each.task)
    except Exception as raised:
        return _raising(raised)
    return step if isinstance(step, Settled) else _going_on(job, each, step)


def _raising(error: Exception) -> Callable[[], None]:
    def fly() -> None:
        raise error

    return fly


def _going_on(
    job: JobContext, each: Claimed, step: Claim[Any] | Settled | RetryLater
) -> Callable[[], None]:
    return lambda: go_on(job, each.lease, each.parts, step)


def _give_back(job: JobContext, lease: Lease) -> None:
    with job.transaction() as session:
        delivery.give_back(session, [lease])


def _end(
    job: JobContext,
    ended: Sequence[tuple[Claimed, Settled]],
    untried: Sequence[Lease],
    passage: Passage,
) -> None:
    """End those whose lease is still ours, with what they write; all or nothing."""
    with job.transaction() as session:
        outcomes = [(each.lease, step.outcome) for each, step in ended]
        ours = set(delivery.finish_together(session, outcomes)) if ended else set()
        now = job.now(session)
        for each, step in ended:
            if each.lease.id in ours:
                step.write(session, now)
            else:
                log.warning("lease_lost", outbox_id=str(each.lease.id))
        if untried:
            delivery.give_back(session, untried)
        job.gate.leave(session, passage)
    passage.left = True
