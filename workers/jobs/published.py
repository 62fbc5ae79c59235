"""Fetch what other agencies count and publish."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from integrations.registry import Purpose
from services.monitoring.published import keep_credential_requests
from services.outbox.delivery import Lease
from workers.agencies import code_of
from workers.runtime import JobContext
from workers.steps import Settled, run_steps

AGENCY = code_of(Purpose.CREDENTIAL_COUNTS)

log = structlog.get_logger(__name__)


def fetch_credential_counts(job: JobContext, lease: Lease) -> None:
    """Keep the newest counts of credential requests by office."""
    run_steps(job, lease, lambda _session, _now: True, _fetch, agency=AGENCY)


def _fetch(job: JobContext, _due: bool) -> Settled:
    published = job.agencies.credentials.latest()

    def store(session: Session, _now: datetime) -> None:
        unknown = keep_credential_requests(session, published.cut_off, published.by_office)
        if unknown:
            log.warning("offices_unknown", agency=AGENCY, count=len(unknown))

    return Settled("fetched", store)
