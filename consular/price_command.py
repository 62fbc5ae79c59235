"""``consular price``: what a transfer costs by the rules of any day, each with its source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from consular.seed import one_transaction
from services.kernel.clock import transaction_clock
from services.kernel.settings import Settings
from services.remittances.models import Quote
from services.remittances.quoting import RequestQuote, price_on
from services.remittances.rules import day_in_mexico
from services.remittances.tariffs import list_rules


def price_lines(
    settings: Settings, command: RequestQuote, day: date | None, fix: Decimal | None
) -> Iterator[str]:
    """The price of a transfer on ``day`` (today without one), and the rules that it follows.
    ``fix``: a FIX in place of the stored one."""
    url = settings.worker_database_url or settings.require("WORKER_DATABASE_URL")
    with one_transaction(url) as session:
        day = day or day_in_mexico(transaction_clock(session))
        yield from _price(price_on(session, command, day, fix), day)
        yield from _rules(session, day)


def _price(price: Quote, day: date) -> Iterator[str]:
    yield f"Price as of {day}, {price.funding} to {price.payout}:"
    for label, value in (
        ("sent", price.transfer_amount),
        ("fee", price.transfer_fees),
        ("tax", price.transfer_taxes),
        ("total", price.total),
        ("received", price.total_to_recipient),
        ("cost", price.cost),
        ("tax if cash", price.tax_if_cash),
        ("agency rebate", price.agency_rebate),
    ):
        if value is not None:
            yield f"{label:>14}  {value.amount:>12} {value.currency}"
    yield f"{'rate':>14}  {price.exchange_rate:>12} MXN (FIX {price.reference_rate})"


def _rules(session: Session, day: date) -> Iterator[str]:
    yield "Rules:"
    for rule in list_rules(session, day):
        yield f"{rule.rule:>20}  {rule.value.normalize():f} {rule.unit}, since {rule.valid_from}"
        yield f"{'':>20}  {rule.source}; {rule.note}"
