"""Tell what a transfer costs and brings, on any day, and hold today's price for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from services.kernel.audit import Actor
from services.kernel.errors import Forbidden, Invalid
from services.kernel.ids import new_id
from services.kernel.money import Money
from services.kernel.writes import insert_together
from services.remittances.errors import AmountOutOfRange, DuesExceedAmount
from services.remittances.limits import taxed_to_card
from services.remittances.models import Quote
from services.remittances.rates import Rate, tariff_and_rate
from services.remittances.rules import (
    MEXICO_CITY,
    Funding,
    Payout,
    Price,
    Tariff,
    cents_for,
    customer_rate,
    day_in_mexico,
    divide,
    excise,
    price_of_receive,
    price_of_send,
    price_with_dues,
    rebate_minor,
)
from services.remittances.tariffs import tariff


@dataclass(frozen=True)
class Dues:
    """What an enrollment is to pay, until the end of ``due_on`` (Mexico City)."""

    enrollment: UUID
    amount: Money
    due_on: date


@dataclass(frozen=True)
class RequestQuote:
    """Either ``send`` in USD, or ``receive`` in MXN for the recipient. Where it also pays the dues
    of an ``enrollment``, ``send`` is for both."""

    send: Money | None
    receive: Money | None
    funding: Funding
    payout: Payout
    enrollment: UUID | None = None


def quote(
    session: Session,
    command: RequestQuote,
    *,
    now: datetime,
    actor: Actor,
    dues: Dues | None = None,
) -> Quote:
    """A price at the latest rate, locked until ``expires_at``; with ``dues``, of both together.

    Raises as `price_at`; Forbidden without an account.
    """
    if actor.account_id is None:
        raise Forbidden()
    quoted = price_at(session, command, now=now, account=actor.account_id, dues=dues)
    insert_together(session, quoted)
    return quoted


def price_at(
    session: Session,
    command: RequestQuote,
    *,
    now: datetime,
    account: UUID | None = None,
    fix: Decimal | None = None,
    dues: Dues | None = None,
) -> Quote:
    """The price at a moment by the rules and the rate of its day; it isn't stored, so that nobody
    can order from it. ``fix`` in place of the FIX that was stored for the day.

    Raises Invalid (``amount_required``, ``currency_not_offered``), `AmountOutOfRange`,
    `DuesExceedAmount`, `RateUnavailable`, `TariffUnavailable`.
    """
    today = day_in_mexico(now)
    rules, rate = _terms(session, today, fix)
    price = _price(command, dues, customer_rate(rate.value, rules), rules)
    to_person = divide(price, dues.amount.minor).person if dues else price
    taxed = taxed_to_card(session, account, now=now) if account and price.tax_minor else 0
    return Quote(
        id=new_id(),
        account_id=account,
        funding=command.funding.value,
        payout=command.payout.value,
        **price.amounts,
        rate=price.rate,
        rate_series=rate.series,
        rate_valid_on=rate.valid_on,
        fix=rate.value,
        cash_tax_minor=excise(price.send_minor, Funding.CASH, rules),
        rebate_minor=rebate_minor(to_person.tax_minor, command.payout, taxed, rules),
        date_available=day_in_mexico(now + rules.settlement),
        created_at=now,
        expires_at=now + rules.quote,
        dues_enrollment_id=dues and dues.enrollment,
        dues_minor=dues and dues.amount.minor,
        dues_due_on=dues and dues.due_on,
    )


def price_on(
    session: Session, command: RequestQuote, day: date, fix: Decimal | None = None
) -> Quote:
    """The price at noon in Mexico City of any day, as its rules had it. Raises as `price_at`."""
    return price_at(session, command, now=datetime.combine(day, time(12), MEXICO_CITY), fix=fix)


def get_quote(session: Session, quote_id: UUID) -> Quote | None:
    """The quote, None when it doesn't exist or the transaction may not see it."""
    return session.get(Quote, quote_id)


def _terms(session: Session, today: date, fix: Decimal | None) -> tuple[Tariff, Rate]:
    if fix is None:
        return tariff_and_rate(session, today)
    return tariff(session, today), Rate("", fix, today)


def _price(command: RequestQuote, dues: Dues | None, rate: Decimal, rules: Tariff) -> Price:
    amount, field = _requested_amount(command)
    if dues is not None:
        price = _price_both(amount, field, dues, rate, command.funding, rules)
    elif field == "send":
        price = price_of_send(amount.minor, rate, command.funding, rules)
    else:
        price = price_of_receive(amount.minor, rate, command.funding, rules)
    if not rules.minimum_minor <= price.send_minor <= rules.per_day_minor:
        raise AmountOutOfRange(
            field=field,
            minimum=Money(rules.minimum_minor, "USD").amount,
            maximum=Money(rules.per_day_minor, "USD").amount,
        )
    return price


def _price_both(
    amount: Money, field: str, dues: Dues, rate: Decimal, funding: Funding, rules: Tariff
) -> Price:
    try:
        return price_with_dues(field, amount.minor, dues.amount.minor, rate, funding, rules)
    except ValueError:
        needed = Money(cents_for(dues.amount.minor, rate), "USD")
        raise DuesExceedAmount(field=field, dues=needed.amount) from None


def _requested_amount(command: RequestQuote) -> tuple[Money, str]:
    """The amount that was given and its field: exactly one, in its own currency."""
    if (command.send is None) == (command.receive is None):
        raise Invalid("amount_required", field="send")
    field = "send" if command.send else "receive"
    amount = command.send or command.receive
    if amount is None or amount.currency != ("USD" if field == "send" else "MXN"):
        raise Invalid("currency_not_offered", field=field)
    return amount, field
