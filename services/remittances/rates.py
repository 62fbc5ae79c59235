"""The exchange rate in force: the newest published one, while it is recent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.remittances.errors import RateUnavailable
from services.remittances.models import ExchangeRate
from services.remittances.rules import day_in_mexico
from services.remittances.tariffs import tariff


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


def latest_rate(session: Session, now: datetime) -> Rate:
    """The newest rate from dollars to pesos. Raises `RateUnavailable` when it is too old."""
    today = day_in_mexico(now)
    oldest = today - tariff(session, today).rate_age
    row = session.execute(
        select(ExchangeRate)
        .where(
            ExchangeRate.base == "USD",
            ExchangeRate.quote == "MXN",
            ExchangeRate.valid_on.between(oldest, today),
        )
        .order_by(ExchangeRate.valid_on.desc(), ExchangeRate.fetched_at.desc())
        .limit(1)
    ).scalar_one_or_none()
    if row is None:
        raise RateUnavailable()
    return Rate(row.series, row.value, row.valid_on)
