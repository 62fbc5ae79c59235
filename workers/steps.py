"""Claim, call, settle: the three parts of a job that speaks with somebody outside.

1. claim, in a transaction: read what there is to do, and write down that it will be done, unless
   the agency isn't to be called now (`workers.gate`): then nothing was claimed;
2. call, in no transaction: the agency's answer, and what comes next;
3. settle, in the transaction that ends the item: write what the answer means, and leave the agency.

Nothing is called while a transaction is open, and nothing is written by a worker that lost its
lease. No worker waits for an agency that may not be called now: the item is put back, and the
worker goes on with what is for others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from services.agencies.entering import NotNow
from services.outbox.delivery import Lease
from workers.gate import Passage
from workers.runtime import JobContext, LeaseLost

Task = TypeVar("Task")


def _nothing(_session: Session, _now: datetime) -> None:
    return


def _as_if_unclaimed(_task: object, _session: Session, _now: datetime) -> None:
    return


@dataclass(frozen=True)
class Settled:
    """The item ends as ``outcome``, together with what ``write`` writes."""

    outcome: str
    write: Callable[[Session, datetime], None] = _nothing


@dataclass(frozen=True)
class RetryLater:
    """The item is due again after a while; nothing is written."""


@dataclass(frozen=True)
class Claim(Generic[Task]):
    """There is another call to make: ``take`` returns for what, or how the item ends.

    ``keep`` writes what the call before has shown, for when the next isn't to be made now.
    """

    take: Callable[[Session, datetime], Task | Settled | None]
    keep: Callable[[Session, datetime], object] = _nothing


@dataclass(frozen=True)
class Parts(Generic[Task]):
    """The parts of an item: ``claim`` says what to do, nothing where it is moot; ``call`` does it.

    ``agency`` is the code of the one that is called, or says it of a task; then ``agency_now`` says
    it of the row, before anything is claimed. ``within_lease``: a
    worker that was asleep for longer than the lease calls nobody. ``untried`` writes that there was
    no call after all, where that has to be known.
    """

    claim: Callable[[Session, datetime], Task | Settled | None]
    call: Callable[[JobContext, Task], Claim[Task] | Settled | RetryLater]
    agency: str | Callable[[Task], str]
    within_lease: bool = False
    untried: Callable[[Task, Session, datetime], None] = _as_if_unclaimed
    agency_now: Callable[[Session], str] | None = None

    def agency_before(self, session: Session) -> str | None:
        """The code of the agency that would be called, as far as can be told before the claim."""
        if isinstance(self.agency, str):
            return self.agency
        return self.agency_now(session) if self.agency_now else None

    def agency_of(self, task: Task) -> str:
        """The code of the agency that is called for ``task``."""
        return self.agency if isinstance(self.agency, str) else self.agency(task)


def run_steps(
    job: JobContext,
    lease: Lease,
    claim: Callable[[Session, datetime], Task | Settled | None],
    call: Callable[[JobContext, Task], Claim[Task] | Settled | RetryLater],
    *,
    agency: str | Callable[[Task], str],
    within_lease: bool = False,
) -> None:
    """Do an item's three parts; a claim of nothing ends it as moot.

    Raises `LeaseLost`, and `NotNow` where the agency isn't to be called now.
    """
    go_on(job, lease, Parts(claim, call, agency, within_lease), Claim(claim))


def go_on(
    job: JobContext, lease: Lease, parts: Parts[Task], step: Claim[Task] | Settled | RetryLater
) -> None:
    """Do what is left of an item, from this step on. Raises as `run_steps`."""
    started = time.monotonic()
    passage: Passage | None = None
    with ExitStack() as passages:
        while isinstance(step, Claim):
            claimed = _claim(job, lease, step, parts, passage)
            if claimed is None:
                return
            task, passage = claimed
            passages.enter_context(job.gate.through(passage))
            if parts.within_lease and time.monotonic() - started > job.lease_seconds:
                raise LeaseLost(lease.id)
            step = parts.call(job, task)
        _end(job, lease, step, passage)


def _end(
    job: JobContext, lease: Lease, step: Settled | RetryLater, passage: Passage | None
) -> None:
    """Whoever called leaves the agency in the transaction that ends the item, last: its rows are
    everybody's."""
    if isinstance(step, RetryLater):
        job.retry_later(lease)
        return
    with job.settle(lease, step.outcome) as session:
        step.write(session, job.now(session))
        if passage is not None:
            job.gate.leave(session, passage)
    if passage is not None:
        passage.left = True


def _claim(
    job: JobContext,
    lease: Lease,
    step: Claim[Task],
    parts: Parts[Task],
    before: Passage | None,
) -> tuple[Task, Passage] | None:
    """What to do, and the right to call for it; None when that ended the item.

    Raises `NotNow`: then nothing was claimed.
    """
    with _keeping(job, step, before), job.transaction() as session:
        now = job.now(session)
        task = step.take(session, now) or Settled("moot")
        if isinstance(task, Settled):
            job.finish(session, lease, task.outcome)
            task.write(session, now)
        if before is not None:
            job.gate.leave(session, before)
        if isinstance(task, Settled):
            return None
        return task, job.gate.enter(session, parts.agency_of(task))


@contextmanager
def _keeping(job: JobContext, step: Claim[Task], before: Passage | None) -> Iterator[None]:
    """Where the next call has to wait, what the one before has shown is known all the same."""
    try:
        yield
    except NotNow:
        if step.keep is not _nothing:
            with job.transaction() as session:
                step.keep(session, job.now(session))
        raise
    if before is not None:
        before.left = True
