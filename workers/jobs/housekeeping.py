"""Delete what has served its time."""

from __future__ import annotations

import structlog

from services.outbox.delivery import Claim
from workers.runtime import Work
from workers.sweeping import KEPT, sweep

log = structlog.get_logger(__name__)


def sweep_tables(work: Work, claim: Claim) -> None:
    """One transaction a table, so that no lock is held for long."""
    for table in KEPT:
        with work.transaction() as session:
            count = sweep(session, table)
        log.info("swept", part=table, count=count)
    with work.settle(claim, "swept"):
        return
