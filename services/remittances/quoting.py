"""Tell what a transfer costs and brings, and hold that price for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from services.kernel.audit import Actor
from services.kernel.errors import Forbidden, Invalid
from services.kernel.ids import new_id
from services.kernel.money import Money
from services.remittances.errors import AmountOutOfRange
from services.remittances.models import Quote
from services.remittances.rates import latest_rate
from services.remittances.rules import (
    Funding,
    Payout,
    Price,
    Tariff,
    day_in_mexico,
    price_of_receive,
    price_of_send,
)
from services.remittances.tariffs import tariff


@dataclass(frozen=True)
class RequestQuote:
    """Either ``send`` in USD or ``receive`` in MXN."""

    send: Money | None
    receive: Money | None
    funding: Funding
    payout: Payout


def quote(session: Session, command: RequestQuote, *, now: datetime, actor: Actor) -> Quote:
    """A price at the latest rate, locked until ``expires_at``.

    Raises Invalid (``amount_required``, ``currency_not_offered``), `AmountOutOfRange`,
    `RateUnavailable`, `TariffUnavailable`; Forbidden without an account.
    """
    if actor.account_id is None:
        raise Forbidden()
    rules = tariff(session, day_in_mexico(now))
    rate = latest_rate(session, now)
    price = _price(command, rate.value, rules)
    quoted = Quote(
        id=new_id(),
        account_id=actor.account_id,
        funding=command.funding.value,
        payout=command.payout.value,
        **_amounts(price),
        rate=rate.value,
        rate_series=rate.series,
        rate_valid_on=rate.valid_on,
        date_available=day_in_mexico(now + rules.settlement),
        created_at=now,
        expires_at=now + rules.quote,
    )
    session.add(quoted)
    session.flush()
    return quoted


def get_quote(session: Session, quote_id: UUID) -> Quote | None:
    """The quote, None when it doesn't exist or the transaction may not see it."""
    return session.get(Quote, quote_id)


def _amounts(price: Price) -> dict[str, int]:
    return {
        "send_minor": price.send_minor,
        "fee_minor": price.fee_minor,
        "tax_minor": price.tax_minor,
        "total_minor": price.total_minor,
        "receive_minor": price.receive_minor,
    }


def _price(command: RequestQuote, rate: Decimal, rules: Tariff) -> Price:
    amount, field = _requested_amount(command)
    if field == "send":
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


def _requested_amount(command: RequestQuote) -> tuple[Money, str]:
    """The amount that was given and its field: exactly one, in its own currency."""
    if (command.send is None) == (command.receive is None):
        raise Invalid("amount_required", field="send")
    field = "send" if command.send else "receive"
    amount = command.send or command.receive
    if amount is None or amount.currency != ("USD" if field == "send" else "MXN"):
        raise Invalid("currency_not_offered", field=field)
    return amount, field
