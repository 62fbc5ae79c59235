"""Settle what was posted, and hold the ledger against its second book every night."""

from __future__ import annotations

import structlog

from services.ledger.settling import MOST, settle
from services.outbox.delivery import Lease
from services.remittances.books import compare_books
from workers.runtime import JobContext

log = structlog.get_logger(__name__)


def settle_entries(job: JobContext, lease: Lease) -> None:
    """One transaction a batch."""
    settled = MOST
    while settled >= MOST:
        with job.transaction() as session:
            settled = settle(session, job.vault)
    with job.settle(lease, "settled"):
        return


def compare_with_second_book(job: JobContext, lease: Lease) -> None:
    """In one transaction: nothing is settled meanwhile."""
    with job.settle(lease, "compared") as session:
        comparison = compare_books(session, now=job.now(session), vault=job.vault)
    log.info("books_compared", count=len(comparison.differences))
