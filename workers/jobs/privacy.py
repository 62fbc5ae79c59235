"""Carry out requests to erase somebody's data."""

from __future__ import annotations

import structlog

from services.outbox.delivery import Lease
from services.privacy.erasing import erase
from workers.runtime import JobContext

log = structlog.get_logger(__name__)


def erase_person(job: JobContext, lease: Lease) -> None:
    """Erase, or leave it to the schedule to ask again when something stands in the way."""
    with job.settle(lease, "looked_at") as session:
        obstacles = erase(session, lease.ref, now=job.now(session), vault=job.vault)
    if obstacles:
        log.info("erasure_waits", part=",".join(obstacles))
