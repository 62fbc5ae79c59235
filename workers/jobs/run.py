"""The one function that a queue can call: lease items, let each topic's handler do its own."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from math import inf
from pathlib import Path
from uuid import UUID

import structlog

from integrations.errors import AgencyError, Throttled
from services.agencies.entering import NotNow
from services.agencies.rules import POLICIES, Then
from services.kernel.db import NETWORK_SCOPE
from services.outbox import delivery
from services.outbox.delivery import Lease
from workers import together
from workers.gate import OUTCOMES
from workers.jobs.incidents import park
from workers.routes import ROUTES, TOGETHER
from workers.runtime import JobContext, LeaseLost, retry_delay

ATTEMPTS_BEFORE_PARKING = 20
UNKNOWN_TOPIC_SECONDS = 300.0
# After so long a job begins no further item.
LONGEST_TOGETHER_SECONDS = 1.0
# Behind an item that lasts so long, e.g. for a call of an agency that has fallen ill, none waits.
LONGEST_BEFORE_SECONDS = 0.25

log = structlog.get_logger(__name__)


@dataclass
class _Process:
    """``rest``: those of the job in hand that aren't begun; the item under way ``began`` then."""

    job: JobContext | None = None
    progress: Callable[[], None] = lambda: None
    rest: deque[str] = field(default_factory=deque)
    began: float = inf


_process = _Process()


def use(job: JobContext | None, progress: Callable[[], None] = lambda: None) -> None:
    """The means that `run_outbox` works with in this process; ``progress`` hears of each item."""
    _process.job, _process.progress = job, progress


def run_outbox(*outbox_ids: str) -> None:
    """Do what each item says, if it is still to be done and no other worker holds its lease.

    What isn't begun after a while goes back into the queues (also by `hand_back`): one slow call
    holds up no more than itself. Never raises for what goes wrong in the doing: the item stays in
    the outbox and comes due again, and nothing of it ends up in Redis.
    """
    if _process.job is None:
        raise RuntimeError("this process has no means to work with")
    job, rest = _process.job, deque(outbox_ids)
    _process.rest = rest
    deadline = time.monotonic() + LONGEST_TOGETHER_SECONDS
    if len(rest) > 1:
        _attempt(outbox_ids[0], partial(_begin_together, job, rest, deadline))
    while outbox_id := _pop(rest):
        _process.began = time.monotonic()
        _process.progress()
        _attempt(outbox_id, partial(_run, job, outbox_id))
        if time.monotonic() > deadline:
            _give_back(job, rest)
    _process.began = inf


def _begin_together(job: JobContext, rest: deque[str], deadline: float) -> None:
    """Do those that can be done together, one agency's after another's; the others are left in
    ``rest``."""
    left_out = True
    while left_out and len(rest) > 1 and time.monotonic() < deadline:
        _process.began = time.monotonic()
        batch = together.claim(job, [UUID(outbox_id) for outbox_id in rest], TOGETHER)
        left_out = bool(batch.leased and batch.others)
        for item in batch.leased:
            with suppress(ValueError):  # a thread beside may have taken all
                rest.remove(str(item))
        for left in together.finish(job, batch, _process.progress):
            _attempt(str(left.lease.id), partial(_judge, job, left.lease, left.go_on))


def hand_back() -> None:
    """For a thread beside the job: behind an item that lasts, the others don't wait."""
    if _process.job and time.monotonic() - _process.began > LONGEST_BEFORE_SECONDS:
        _give_back(_process.job, _process.rest)


def _pop(rest: deque[str]) -> str | None:
    """Whoever pops one has it: a thread beside may take the others meanwhile."""
    with suppress(IndexError):
        return rest.popleft()
    return None


def _attempt(outbox_id: str, do: Callable[[], None]) -> None:
    try:
        do()
    except LeaseLost:
        log.warning("lease_lost", outbox_id=outbox_id)
    except Exception as error:
        # The database is not there: the relay brings the item back once its lease has ended.
        log.error("job_lost", outbox_id=outbox_id, error=type(error).__name__, part=_where(error))


def _give_back(job: JobContext, rest: deque[str]) -> None:
    left = list(iter(partial(_pop, rest), None))
    if left:
        _attempt(left[0], partial(_make_due, job, left))


def _make_due(job: JobContext, outbox_ids: Sequence[str]) -> None:
    # Not in the job's own transaction, which may be about the item in hand.
    with job.database.transaction(NETWORK_SCOPE) as session:
        delivery.make_due(session, [UUID(outbox_id) for outbox_id in outbox_ids])


def _run(job: JobContext, outbox_id: str) -> None:
    with job.in_hand(UUID(outbox_id)) as lease:
        if lease is not None:
            _do(job, lease)


def _do(job: JobContext, lease: Lease) -> None:
    route = ROUTES.get(lease.topic)
    if route is None:
        log.error("topic_unknown", topic=lease.topic, outbox_id=str(lease.id))
        job.retry_later(lease, UNKNOWN_TOPIC_SECONDS)
        return
    _judge(job, lease, lambda: route.handler(job, lease))


def _judge(job: JobContext, lease: Lease, do: Callable[[], None]) -> None:
    """Do the item, and put it off where it can't be done now."""
    try:
        do()
    except LeaseLost:
        raise
    except NotNow as denied:
        _postpone(job, lease, denied)
    except Exception as error:
        if isinstance(error, AgencyError) and POLICIES[OUTCOMES[type(error)]].then is Then.RETRY:
            _put_off(job, lease, error)
        else:
            _unexpected(job, lease, error, parks=ROUTES[lease.topic].parks)


def _postpone(job: JobContext, lease: Lease, denied: NotNow) -> None:
    """The agency wasn't called: the item waits for it, and this was no attempt."""
    log.info(
        "job_waits_for_agency",
        topic=lease.topic,
        outbox_id=str(lease.id),
        agency=denied.agency,
        code=denied.denial.value,
    )
    job.postpone(lease, denied.agency)


def _put_off(job: JobContext, lease: Lease, error: AgencyError) -> None:
    """The agency did nothing: come back, not before it wants us."""
    delay = retry_delay(lease.attempts)
    if isinstance(error, Throttled):
        delay = max(delay, error.retry_after)
    log.info(
        "job_put_off",
        topic=lease.topic,
        outbox_id=str(lease.id),
        attempts=lease.attempts,
        agency=error.agency,
        code=error.code,
        delay_seconds=round(delay, 1),
    )
    job.retry_later(lease, delay, error=error.code)


def _unexpected(job: JobContext, lease: Lease, error: Exception, *, parks: bool) -> None:
    """A fault of ours: tried again, in the end left for a person to look at."""
    log.error(
        "job_failed",
        topic=lease.topic,
        outbox_id=str(lease.id),
        attempts=lease.attempts,
        error=type(error).__name__,
        code=getattr(error, "code", None),
        part=_where(error),
    )
    if parks and lease.attempts >= ATTEMPTS_BEFORE_PARKING:
        park(job, lease, _name_of(error))
        log.error("job_parked", topic=lease.topic, outbox_id=str(lease.id))
    else:
        job.retry_later(lease, error=_name_of(error))


def _name_of(error: BaseException) -> str:
    """What kind of error it was and where, or its code: nothing of what it says."""
    code = getattr(error, "code", None)
    return f"{type(error).__name__} {code if isinstance(code, str) else _where(error)}"


def _where(error: BaseException) -> str:
    """File and line where it was raised: what helps to find it and says nothing of anybody."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
