"""Delete what has served its time."""

from __future__ import annotations

import structlog

from services.appointments import closing
from services.outbox.delivery import Claim
from workers.runtime import Work
from workers.sweeping import KEPT, sweep

BATCH = 200

log = structlog.get_logger(__name__)


def close_days(work: Work, claim: Claim) -> None:
    """In small transactions, until nothing of past days is open."""
    count = BATCH
    while count == BATCH:
        with work.transaction() as session:
            count = closing.close_days(session, now=work.now(session), most=BATCH)
    with work.settle(claim, "closed"):
        return


def sweep_tables(work: Work, claim: Claim) -> None:
    """One transaction a table, so that no lock is held for long."""
    for table in KEPT:
        with work.transaction() as session:
            count = sweep(session, table)
        log.info("swept", part=table, count=count)
    with work.settle(claim, "swept"):
        return
