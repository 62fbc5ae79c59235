"""The exchange rate in force: the newest published one, while it is recent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.kernel.db import text
from services.remittances.errors import RateUnavailable
from services.remittances.models import ExchangeRate
from services.remittances.rules import Tariff
from services.remittances.tariffs import tariff_of


@dataclass(frozen=True)
class Rate:
    """Pesos for a dollar, unrounded, as published in ``series`` for the day ``valid_on``."""

    series: str
    value: Decimal
    valid_on: date


def store_rate(
    session: Session,
    *,
    series: str,
    base: str,
    quote: str,
    value: Decimal,
    valid_on: date,
    now: datetime,
) -> None:
    """Keep what was published for a day; a correction by the source takes its place."""
    row = {"base": base, "quote": quote, "value": value, "fetched_at": now}
    session.execute(
        insert(ExchangeRate)
        .values(series=series, valid_on=valid_on, **row)
        .on_conflict_do_update(index_elements=["series", "valid_on"], set_=row)
    )


def tariff_and_rate(session: Session, today: date) -> tuple[Tariff, Rate]:
    """What holds on a day of Mexico City, and its newest rate from dollars to pesos: one round
    trip. Raises `TariffUnavailable`, and `RateUnavailable` when the rate is too old."""
    row = session.execute(_TERMS, {"day": today}).one()
    rules = tariff_of(row.rules)
    if row.series is None or row.valid_on < today - rules.rate_age:
        raise RateUnavailable()
    return rules, Rate(row.series, row.value, row.valid_on)


_TERMS = text(
    """
    SELECT remittance_rules_v1(:day) AS rules, newest.series, newest.value, newest.valid_on
    FROM (VALUES (1)) one LEFT JOIN LATERAL (
        SELECT series, value, valid_on FROM exchange_rates
        WHERE base = 'USD' AND quote = 'MXN' AND valid_on <= :day
        ORDER BY valid_on DESC, fetched_at DESC LIMIT 1
    ) newest ON true
    """
)
