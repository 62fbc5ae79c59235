"""Fees, limits, taxes and times in force on a day, from the dated rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from services.kernel.db import text
from services.remittances.errors import TariffUnavailable
from services.remittances.models import RemittanceRule
from services.remittances.rules import Tariff


def tariff(session: Session, day: date) -> Tariff:
    """What holds on ``day`` (Mexico City). Raises `TariffUnavailable` when a rule is missing."""
    return tariff_of(rules_of(session, day))


_RULES = text("SELECT remittance_rules_v1(:day)")


def tariff_of(values: Mapping[str, str] | None) -> Tariff:
    """The rules of one day by name, as `remittance_rules_v1` has them. Raises `TariffUnavailable`
    when one is missing."""
    return _tariff_of(frozenset((values or {}).items()))


# The same rules are read at every price and order, and change once in months.
@lru_cache(maxsize=64)
def _tariff_of(values: frozenset[tuple[str, str]]) -> Tariff:
    rules = {rule: Decimal(value) for rule, value in values}
    try:
        return Tariff(
            fee_minor=_cents(rules["fee_per_transfer"]),
            minimum_minor=_cents(rules["minimum_per_transfer"]),
            per_day_minor=_cents(rules["limit_per_day"]),
            per_month_minor=_cents(rules["limit_per_month"]),
            cash_tax_percent=rules["cash_tax"],
            margin_percent=rules["rate_margin"],
            rebate_percent=rules["card_rebate"],
            rebate_limit_minor=_cents(rules["card_rebate_limit"]),
            cancel=timedelta(minutes=int(rules["cancel_window"])),
            settlement=timedelta(hours=int(rules["settlement"])),
            quote=timedelta(minutes=int(rules["quote_lifetime"])),
            rate_age=timedelta(days=int(rules["rate_age"])),
            promise=timedelta(hours=int(rules["rate_promise"])),
            collect=timedelta(days=int(rules["collect"])),
            payment=timedelta(minutes=int(rules["payment_term"])),
            payment_cash=timedelta(minutes=int(rules["payment_term_cash"])),
            hold_days=int(rules["hold"]),
        )
    except KeyError as missing:
        raise TariffUnavailable(rule=missing.args[0]) from None


def retention_years(session: Session, day: date) -> int:
    """For how long who sent and received is kept. Raises `TariffUnavailable` without that rule."""
    return int(_rule_on(session, day, "record_retention"))


def record_from(session: Session, day: date) -> int:
    """From how many cents a day of one sender is recorded. Raises `TariffUnavailable` without that
    rule."""
    return _cents(_rule_on(session, day, "record_per_day"))


def first_send_minor(values: Mapping[str, str]) -> int:
    """From how many cents on a first transfer to somebody is warned of, by `rules_of` a day. Raises
    `TariffUnavailable` without that rule."""
    return _cents(_rule_of(values, "first_send_warning"))


def tariff_when_asked(session: Session, day: date) -> Callable[[], Tariff]:
    """`tariff`, read when it is first asked for and once, for the steps of one transaction."""
    return cache(lambda: tariff(session, day))


def rules_of(session: Session, day: date) -> Mapping[str, str]:
    """The rules of one day by name, as `remittance_rules_v1` has them."""
    return session.execute(_RULES, {"day": day}).scalar_one() or {}


def list_rules(session: Session, day: date) -> Sequence[RemittanceRule]:
    """The rules in force on ``day`` with where each was read, by name."""
    return session.scalars(_in_force(select(RemittanceRule), day)).all()


def _rule_on(session: Session, day: date, rule: str) -> Decimal:
    return _rule_of(rules_of(session, day), rule)


def _rule_of(values: Mapping[str, str], rule: str) -> Decimal:
    if rule not in values:
        raise TariffUnavailable(rule=rule)
    return Decimal(values[rule])


def _in_force(query: Any, day: date) -> Any:
    return (
        query.ext(distinct_on(RemittanceRule.rule))
        .where(RemittanceRule.valid_from <= day)
        .order_by(RemittanceRule.rule, RemittanceRule.valid_from.desc())
    )


def _cents(usd: Decimal) -> int:
    return int(usd * 100)
