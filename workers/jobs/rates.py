"""Fetch the published exchange rate."""

from __future__ import annotations

from services.outbox.delivery import Claim
from services.remittances.rates import store_rate
from workers.runtime import Work


def fetch_rates(work: Work, claim: Claim) -> None:
    """Keep the newest rates; one that is there already stays as it is."""
    rates = work.agencies.rates.latest()
    with work.settle(claim, "fetched") as session:
        now = work.now(session)
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
