"""The one function that a queue can call: claim an item, let its topic's handler do it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog

from integrations.errors import Retryable, Throttled
from services.outbox.delivery import Claim
from workers.jobs.incidents import park
from workers.routes import ROUTES
from workers.runtime import LeaseLost, Work, retry_delay

ATTEMPTS_BEFORE_PARKING = 20
UNKNOWN_TOPIC_SECONDS = 300.0

log = structlog.get_logger(__name__)


@dataclass
class _Process:
    work: Work | None = None


_process = _Process()


def use(work: Work | None) -> None:
    """The means that `run_outbox` works with in this process."""
    _process.work = work


def run_outbox(outbox_id: str) -> None:
    """Do what the item says, if it is still to be done and nobody else is at it.

    Never raises for what goes wrong in the doing: the item stays in the outbox and comes due
    again, and nothing of it ends up in Redis.
    """
    if _process.work is None:
        raise RuntimeError("this process has no means to work with")
    try:
        _run(_process.work, UUID(outbox_id))
    except Exception as error:
        # The database is not there: the lease or the next ring brings the item back.
        log.error("job_lost", outbox_id=outbox_id, error=type(error).__name__, part=_where(error))


def _run(work: Work, item: UUID) -> None:
    claim = work.claim(item)
    if claim is None:
        return
    route = ROUTES.get(claim.topic)
    if route is None:
        log.error("topic_unknown", topic=claim.topic, outbox_id=str(item))
        work.again(claim, UNKNOWN_TOPIC_SECONDS)
        return
    try:
        route.handler(work, claim)
    except LeaseLost:
        log.warning("lease_lost", topic=claim.topic, outbox_id=str(item), fence=claim.fence)
    except Retryable as error:
        _put_off(work, claim, error)
    except Exception as error:
        _unexpected(work, claim, error, parks=route.parks)


def _put_off(work: Work, claim: Claim, error: Retryable) -> None:
    """The agency did nothing: come back, not before it wants us."""
    delay = retry_delay(claim.attempts)
    if isinstance(error, Throttled):
        delay = max(delay, error.retry_after)
    log.info(
        "job_put_off",
        topic=claim.topic,
        outbox_id=str(claim.id),
        attempts=claim.attempts,
        agency=error.agency,
        code=error.code,
        delay_seconds=round(delay, 1),
    )
    work.again(claim, delay)


def _unexpected(work: Work, claim: Claim, error: Exception, *, parks: bool) -> None:
    """A fault of ours: tried again, in the end left for a person to look at."""
    log.error(
        "job_failed",
        topic=claim.topic,
        outbox_id=str(claim.id),
        attempts=claim.attempts,
        error=type(error).__name__,
        code=getattr(error, "code", None),
        part=_where(error),
    )
    if parks and claim.attempts >= ATTEMPTS_BEFORE_PARKING:
        park(work, claim)
        log.error("job_parked", topic=claim.topic, outbox_id=str(claim.id))
    else:
        work.again(claim)


def _where(error: BaseException) -> str:
    """File and line where it was raised: what helps to find it and says nothing of anybody."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
