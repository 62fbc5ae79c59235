"""The price of any day is worked out again from the rules and the rate of that day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.kernel.audit import Actor
from services.kernel.db import violated_constraint
from services.kernel.money import Money
from services.remittances.errors import RateUnavailable
from services.remittances.models import Quote
from services.remittances.quoting import RequestQuote, price_at, price_on
from services.remittances.rules import Funding, Payout, customer_rate
from services.remittances.tariffs import list_rules, tariff
from tests.factories.remittances import (
    NOW,
    RATE,
    ask_quote,
    make_remittance,
    make_sender,
    prepare_reference,
    set_rule,
)

FIX = Decimal("18.4321")

pytestmark = pytest.mark.usefixtures("reference")


def _price(
    session: Session,
    day: date,
    funding: Funding = Funding.CASH,
    payout: Payout = Payout.BRANCH,
    send: int = 300_00,
) -> Quote:
    command = RequestQuote(Money(send, "USD"), None, funding, payout)
    return price_on(session, command, day, FIX)


@pytest.mark.parametrize(
    ("day", "fee", "tax"),
    [
        (date(2025, 7, 20), "3.99", "0.00"),
        (date(2025, 7, 21), "2.99", "0.00"),
        (date(2025, 12, 31), "2.99", "0.00"),
        (date(2026, 1, 1), "2.99", "3.00"),
    ],
)
def test_fee_and_excise_are_those_of_the_day(
    session: Session, day: date, fee: str, tax: str
) -> None:
    price = _price(session, day)
    assert (price.transfer_fees.amount, price.transfer_taxes.amount) == (fee, tax)
    assert price.tax_if_cash == Money(int(tax.replace(".", "")), "USD")


@pytest.mark.parametrize("funding", [Funding.BANK_ACCOUNT, Funding.US_CARD])
def test_an_account_or_a_us_card_saves_the_excise(session: Session, funding: Funding) -> None:
    price = _price(session, date(2026, 1, 1), funding)
    assert price.transfer_taxes == Money(0, "USD")
    assert price.tax_if_cash == Money(3_00, "USD")


def test_every_rule_says_where_it_was_read(session: Session) -> None:
    rules = {rule.rule: rule for rule in list_rules(session, date(2026, 11, 24))}
    assert all(rule.source and rule.unit is not None for rule in rules.values())
    assert "secondary source" in rules["card_rebate"].note


def test_the_day_of_mexico_city_decides(session: Session, sender: Actor) -> None:
    """At six in the morning of 2026 in UTC it is midnight in Mexico City."""
    set_rule(session, "fee_per_transfer", Decimal("1.99"), date(2026, 11, 25))
    late = NOW.replace(day=25, hour=5, minute=59)
    assert ask_quote(session, sender, now=late).fee_minor == 2_99
    assert ask_quote(session, sender, now=late.replace(hour=6, minute=0)).fee_minor == 1_99


def test_a_day_without_a_rate_has_no_price(session: Session) -> None:
    command = RequestQuote(Money(300_00, "USD"), None, Funding.CASH, Payout.BRANCH)
    assert price_on(session, command, date(2026, 11, 24)).fix == RATE
    with pytest.raises(RateUnavailable):
        price_on(session, command, date(2026, 11, 23))


def test_customers_get_the_fix_less_the_margin_of_the_day(session: Session, sender: Actor) -> None:
    prepare_reference(session, value=FIX, margin=Decimal("0.5"))
    quoted = ask_quote(session, sender, funding=Funding.CASH)
    assert quoted.rate == Decimal("18.33993950")
    assert (quoted.exchange_rate, quoted.reference_rate) == ("18.3399", "18.4321")
    assert quoted.total_to_recipient == Money(5501_98, "MXN")
    # 305.99 dollars would bring 5,640.03 pesos at the FIX.
    assert quoted.cost == Money(5640_03 - 5501_98, "MXN")


def test_a_rate_has_eight_decimals_and_is_shown_with_four(session: Session) -> None:
    rules = tariff(session, date(2026, 11, 24))
    assert customer_rate(Decimal("11.9483779"), rules) == Decimal("11.94837790")


def test_the_agency_gives_the_excise_back_up_to_400_dollars_a_month(session: Session) -> None:
    sender = make_sender(session)
    rebates = []
    for _ in range(2):
        quoted = ask_quote(session, sender, funding=Funding.CASH, payout=Payout.CARD)
        rebates.append(quoted.agency_rebate)
        # It isn't ours to pay.
        assert quoted.total == Money(305_99, "USD")
        make_remittance(session, sender, funding=Funding.CASH, payout=Payout.CARD)
    assert rebates == [Money(3_00, "USD"), Money(1_00, "USD")]
    assert ask_quote(session, sender, payout=Payout.CARD).agency_rebate == Money(0, "USD")
    assert ask_quote(session, sender, funding=Funding.CASH).agency_rebate == Money(0, "USD")


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("receive_minor", 5537_02, "ck_quotes_receive"),
        ("fix", Decimal(18), "ck_quotes_rate"),
        ("rebate_minor", 1, "ck_quotes_rebate"),
    ],
)
def test_the_database_holds_a_quote_to_its_rate(
    session: Session, sender: Actor, column: str, value: object, constraint: str
) -> None:
    command = RequestQuote(Money(300_00, "USD"), None, Funding.US_CARD, Payout.BRANCH)
    quoted = price_at(session, command, now=NOW, account=sender.account_id)
    setattr(quoted, column, value)
    session.add(quoted)
    with pytest.raises(IntegrityError) as refused:
        session.flush()
    assert violated_constraint(refused.value) == constraint
