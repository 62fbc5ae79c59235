"""Numbers that a transfer's pages tell: from the dated rules, never from a text."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from consular.db import database_now
from consular.i18n import amount
from services.kernel.money import Money
from services.remittances.rules import DISPUTE_DAYS, REFUND_DAYS, day_in_mexico
from services.remittances.tariffs import tariff


def terms(session: Session) -> dict[str, Any]:
    """The terms of a transfer that is quoted, ordered or cancelled now. Raises
    `TariffUnavailable`."""
    rules = tariff(session, day_in_mexico(database_now(session)))
    return {
        "quote_minutes": rules.quote // timedelta(minutes=1),
        "cancel_minutes": rules.cancel // timedelta(minutes=1),
        "settlement_hours": rules.settlement // timedelta(hours=1),
        "cash_tax": amount(rules.cash_tax_percent),
        "daily_limit": Money(rules.per_day_minor, "USD"),
        "monthly_limit": Money(rules.per_month_minor, "USD"),
        "rebate_limit": Money(rules.rebate_limit_minor, "USD"),
        "refund_days": REFUND_DAYS,
        "dispute_days": DISPUTE_DAYS,
    }
