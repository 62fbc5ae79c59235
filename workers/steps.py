"""Claim, call, settle: the three parts of a job that speaks with somebody outside.

1. claim, in a transaction: read what there is to do, and write down that it will be done, unless
   the agency isn't to be called now (`workers.gate`): then nothing was claimed;
2. call, in no transaction: the agency's answer, and what comes next;
3. settle, in the transaction that ends the item: write what the answer means.

Nothing is called while a transaction is open, and nothing is written by a worker that lost its
lease.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from services.agencies.entering import NotNow
from services.outbox.delivery import Lease
from workers.gate import Passage
from workers.runtime import JobContext, LeaseLost

Task = TypeVar("Task")
# For a slot that will be free in a moment, a worker tries again so often.
TRIES = 20
TRY_SECONDS = 0.01


def _nothing(_session: Session, _now: datetime) -> None:
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
    """There is another call to make: ``take`` returns for what, or how the item ends."""

    take: Callable[[Session, datetime], Task | Settled | None]


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

    ``agency`` is the code of the one that is called, or says it of a task. ``within_lease``: a
    worker that was asleep for longer than the lease calls nobody. Raises `LeaseLost`, and `NotNow`
    where the agency isn't to be called now.
    """
    started = time.monotonic()
    step: Claim[Task] | Settled | RetryLater = Claim(claim)
    while isinstance(step, Claim):
        claimed = _claim(job, step, agency)
        if isinstance(claimed, Settled):
            step = claimed
            break
        task, passage = claimed
        with job.gate.through(passage):
            if within_lease and time.monotonic() - started > job.lease_seconds:
                raise LeaseLost(lease.id)
            step = call(job, task)
    if isinstance(step, RetryLater):
        job.retry_later(lease)
    elif isinstance(step, Settled):
        with job.settle(lease, step.outcome) as session:
            step.write(session, job.now(session))


def _claim(
    job: JobContext, step: Claim[Task], agency: str | Callable[[Task], str]
) -> tuple[Task, Passage] | Settled:
    """What to do, and the right to call for it. Raises `NotNow`: then nothing was claimed."""
    for _ in range(TRIES):
        try:
            return _claim_now(job, step, agency)
        except NotNow as denied:
            if not denied.soon:
                raise
        time.sleep(TRY_SECONDS)
    return _claim_now(job, step, agency)


def _claim_now(
    job: JobContext, step: Claim[Task], agency: str | Callable[[Task], str]
) -> tuple[Task, Passage] | Settled:
    with job.transaction() as session:
        task = step.take(session, job.now(session))
        if task is None or isinstance(task, Settled):
            return task or Settled("moot")
        return task, job.gate.enter(session, agency if isinstance(agency, str) else agency(task))
