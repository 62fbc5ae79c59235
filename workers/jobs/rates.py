"""Fetch the published exchange rate."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from integrations.registry import Purpose
from services.outbox.delivery import Lease
from services.remittances.rates import store_rate
from workers.agencies import code_of
from workers.runtime import JobContext
from workers.steps import Settled, run_steps

AGENCY = code_of(Purpose.RATES)


def fetch_rates(job: JobContext, lease: Lease) -> None:
    """Keep the newest rates; one that is there already stays as it is."""
    run_steps(job, lease, lambda _session, _now: True, _fetch, agency=AGENCY)


def _fetch(job: JobContext, _due: bool) -> Settled:
    rates = job.agencies.rates.latest()

    def store(session: Session, now: datetime) -> None:
        for rate in rates:
            store_rate(
                session,
                series=rate.series,
                base=rate.base,
                quote=rate.quote,
                value=rate.value,
                valid_on=rate.valid_on,
                now=now,
            )

    return Settled("fetched", store)
