"""Build the sums of facts, and prove every day that they are what a recount gives."""

from __future__ import annotations

import structlog

from services.facts.cubes import CUBES, name_of
from services.facts.rolling_up import build, drop_left_over
from services.monitoring.recounting import prove
from services.outbox.delivery import Lease
from workers.runtime import JobContext

log = structlog.get_logger(__name__)


def build_sums(job: JobContext, lease: Lease) -> None:
    """One transaction a cube, so that each is of use once it is built."""
    for cube in CUBES:
        with job.transaction() as session:
            build(session, cube)
    with job.settle(lease, "built"):
        return


def recount_sums(job: JobContext, lease: Lease) -> None:
    """One transaction a cube: each compares one snapshot. What no version has any more goes."""
    with job.transaction() as session:
        log.info("left_over_dropped", count=drop_left_over(session))
    for cube in CUBES:
        with job.transaction() as session:
            result = prove(session, cube, now=job.now(session))
        log.info("recounted", part=name_of(cube), count=result.differences)
    with job.settle(lease, "recounted"):
        return
