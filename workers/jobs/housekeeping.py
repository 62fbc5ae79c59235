"""Delete rows past their retention."""

from __future__ import annotations

import structlog

from services.appointments import closing
from services.enrollments.documents import delete_expired_documents
from services.outbox.delivery import Lease
from workers.retention import RETENTION, delete_expired
from workers.runtime import JobContext

BATCH = 200

log = structlog.get_logger(__name__)


def close_days(job: JobContext, lease: Lease) -> None:
    """In small transactions, until nothing of past days is open."""
    count = BATCH
    while count == BATCH:
        with job.transaction() as session:
            count = closing.close_days(session, now=job.now(session), most=BATCH)
    with job.settle(lease, "closed"):
        return


def sweep_tables(job: JobContext, lease: Lease) -> None:
    """One transaction a table, so that no lock is held for long; documents have rules."""
    for table in RETENTION:
        with job.transaction() as session:
            count = delete_expired(session, table)
        log.info("swept", part=table, count=count)
    with job.transaction() as session:
        count = delete_expired_documents(session, now=job.now(session))
    log.info("swept", part="documents", count=count)
    with job.settle(lease, "swept"):
        return
