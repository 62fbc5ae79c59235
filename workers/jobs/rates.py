"""Fetch the published exchange rate."""

from __future__ import annotations

from services.outbox.delivery import Lease
from services.remittances.rates import store_rate
from workers.runtime import JobContext


def fetch_rates(job: JobContext, lease: Lease) -> None:
    """Keep the newest rates; one that is there already stays as it is."""
    rates = job.agencies.rates.latest()
    with job.settle(lease, "fetched") as session:
        now = job.now(session)
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
