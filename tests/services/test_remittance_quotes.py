"""Quotes: no cent appears or vanishes, limits of one transfer, and a rate that is recent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from services.kernel.audit import Actor
from services.kernel.errors import Invalid
from services.kernel.money import Money, convert
from services.remittances.errors import AmountOutOfRange, RateUnavailable, TariffUnavailable
from services.remittances.loading import load_reference
from services.remittances.quoting import RequestQuote, quote
from services.remittances.rates import store_rate, tariff_and_rate
from services.remittances.rules import (
    Funding,
    Payout,
    Tariff,
    excise,
    next_day_begins,
    next_month_begins,
    price_of_receive,
    price_of_send,
    shown_rate,
)
from services.remittances.tariffs import tariff
from tests.factories.remittances import NOW, RATE, SERIES, ask_quote

RULES = Tariff(
    fee_minor=299,
    minimum_minor=100,
    per_day_minor=2500_00,
    per_month_minor=10_000_00,
    cash_tax_percent=Decimal(1),
    margin_percent=Decimal(0),
    rebate_percent=Decimal(1),
    rebate_limit_minor=400_00,
    cancel=timedelta(minutes=30),
    settlement=timedelta(hours=48),
    quote=timedelta(minutes=15),
    rate_age=timedelta(days=5),
    promise=timedelta(hours=72),
    collect=timedelta(days=30),
    payment=timedelta(hours=1),
    payment_cash=timedelta(days=1),
    hold_days=2,
)
rates = st.decimals(min_value="1.00000001", max_value="999.99999999", places=8)
cents = st.integers(min_value=1, max_value=2500_00)
centavos = st.integers(min_value=1, max_value=50_000_00)
fundings = st.sampled_from(Funding)


pytestmark = pytest.mark.usefixtures("reference")


@given(cents, rates, fundings)
def test_what_is_sent_charged_and_taxed_is_what_is_paid(
    send: int, rate: Decimal, funding: Funding
) -> None:
    price = price_of_send(send, rate, funding, RULES)
    assert price.total_minor == send + price.fee_minor + price.tax_minor
    # Whole centavos, less than one of them left with the house.
    assert 0 <= Decimal(send) * rate - price.receive_minor < 1


@given(centavos, rates, fundings)
def test_the_send_for_an_amount_to_receive_is_the_smallest(
    receive: int, rate: Decimal, funding: Funding
) -> None:
    price = price_of_receive(receive, rate, funding, RULES)
    assert price.receive_minor == receive
    assert convert(price.send_minor, rate) >= receive
    assert convert(price.send_minor - 1, rate) < receive
    assert price.total_minor == price.send_minor + price.fee_minor + price.tax_minor


@given(cents, rates)
def test_asking_for_what_a_send_brings_costs_no_more_than_that_send(
    send: int, rate: Decimal
) -> None:
    brings = price_of_send(send, rate, Funding.CASH, RULES).receive_minor
    assert price_of_receive(brings, rate, Funding.CASH, RULES).send_minor <= send


@given(cents)
def test_tax_is_half_up_to_the_cent_and_on_cash_only(send: int) -> None:
    exact = Decimal(send) / 100
    tax = excise(send, Funding.CASH, RULES)
    assert exact - Decimal("0.5") < tax <= exact + Decimal("0.5")
    assert excise(send, Funding.BANK_ACCOUNT, RULES) == 0
    assert excise(send, Funding.US_CARD, RULES) == 0


@pytest.mark.parametrize(("send", "tax"), [(149, 1), (150, 2), (49, 0), (50, 1), (300_00, 3_00)])
def test_half_a_cent_of_tax_goes_up(send: int, tax: int) -> None:
    assert excise(send, Funding.CASH, RULES) == tax


def test_the_rate_is_shown_with_four_decimals_and_computed_unrounded() -> None:
    rate = Decimal("11.9483779")
    assert shown_rate(rate) == "11.9484"
    assert price_of_send(2500_00, rate, Funding.US_CARD, RULES).receive_minor == 2987094


def test_a_quote_discloses_every_amount_and_holds_for_fifteen_minutes(
    session: Session, sender: Actor
) -> None:
    quoted = ask_quote(session, sender, send=300_00, funding=Funding.CASH)
    assert quoted.transfer_amount == Money(300_00, "USD")
    assert quoted.transfer_fees == Money(2_99, "USD")
    assert quoted.transfer_taxes == Money(3_00, "USD")
    assert quoted.total == Money(305_99, "USD")
    assert quoted.exchange_rate == "18.4567"
    assert quoted.other_fees == Money(0, "MXN")
    assert quoted.total_to_recipient == Money(5537_01, "MXN")
    assert quoted.expires_at == NOW + timedelta(minutes=15)
    assert quoted.date_available == date(2026, 11, 26)
    assert (quoted.rate_series, quoted.rate_valid_on) == (SERIES, date(2026, 11, 24))


def test_a_quote_to_receive_gives_the_recipient_just_that(session: Session, sender: Actor) -> None:
    quoted = ask_quote(session, sender, receive=5000_00)
    assert quoted.total_to_recipient == Money(5000_00, "MXN")
    assert quoted.transfer_amount == Money(27091, "USD")
    assert convert(27090, RATE) < 5000_00 <= convert(27091, RATE)


def test_cash_was_not_taxed_before_2026(session: Session) -> None:
    assert tariff(session, date(2025, 12, 31)).cash_tax_percent == 0
    assert tariff(session, date(2026, 1, 1)).cash_tax_percent == 1


@pytest.mark.parametrize(
    ("send", "receive"), [(99, None), (2500_01, None), (None, 100), (None, 47_000_00)]
)
def test_amounts_out_of_range_name_their_field(
    session: Session, sender: Actor, send: int | None, receive: int | None
) -> None:
    with pytest.raises(AmountOutOfRange) as refused:
        ask_quote(session, sender, send=send, receive=receive)
    assert refused.value.field == ("send" if send else "receive")
    assert refused.value.params["maximum"] == "2500.00"


@pytest.mark.parametrize("send", [1_00, 2500_00])
def test_the_smallest_and_the_largest_amount_can_be_sent(
    session: Session, sender: Actor, send: int
) -> None:
    assert ask_quote(session, sender, send=send).send_minor == send


@pytest.mark.parametrize(
    ("send", "receive", "code"),
    [
        (None, None, "amount_required"),
        (Money(100_00, "USD"), Money(100_00, "MXN"), "amount_required"),
        (Money(100_00, "MXN"), None, "currency_not_offered"),
        (None, Money(100_00, "USD"), "currency_not_offered"),
    ],
)
def test_one_amount_in_its_own_currency_is_asked_for(
    session: Session, sender: Actor, send: Money | None, receive: Money | None, code: str
) -> None:
    command = RequestQuote(send, receive, Funding.CASH, Payout.BRANCH)
    with pytest.raises(Invalid) as refused:
        quote(session, command, now=NOW, actor=sender)
    assert refused.value.code == code


def test_a_rate_older_than_five_days_is_not_used(session: Session, sender: Actor) -> None:
    assert ask_quote(session, sender, now=NOW + timedelta(days=5)).rate == RATE
    with pytest.raises(RateUnavailable):
        ask_quote(session, sender, now=NOW + timedelta(days=6))


def test_the_newest_rate_is_used_and_a_correction_replaces_it(session: Session) -> None:
    for day, value in ((23, "18.1"), (24, "18.2"), (24, "18.3"), (20, "18.4")):
        store_rate(
            session,
            series=SERIES,
            base="USD",
            quote="MXN",
            value=Decimal(value),
            valid_on=date(2026, 11, day),
            now=NOW,
        )
    assert tariff_and_rate(session, date(2026, 11, 24))[1].value == Decimal("18.3")


def test_a_day_without_rules_has_no_tariff(session: Session) -> None:
    with pytest.raises(TariffUnavailable):
        tariff(session, date(2024, 12, 31))


def test_loading_the_rules_again_changes_nothing(session: Session) -> None:
    before = tariff(session, date(2026, 11, 24))
    assert load_reference(session) == load_reference(session)
    assert tariff(session, date(2026, 11, 24)) == before
    assert before == replace(RULES, cash_tax_percent=Decimal("1.0000"))


def test_limits_free_at_midnight_in_mexico_city() -> None:
    assert next_day_begins(date(2026, 11, 24)) == datetime(2026, 11, 25, 6, tzinfo=UTC)
    assert next_month_begins(date(2026, 12, 31)) == datetime(2027, 1, 1, 6, tzinfo=UTC)
    assert next_month_begins(date(2026, 1, 31)) == datetime(2026, 2, 1, 6, tzinfo=UTC)
