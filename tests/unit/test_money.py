"""Money is exact: text in, whole cents inside, text out; nothing that isn't a plain decimal."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.money import (
    CURRENCIES,
    MAX_MINOR,
    Money,
    convert,
    format_minor,
    percent_half_up,
)

minors = st.integers(0, MAX_MINOR)
rates = st.decimals(min_value="0.0001", max_value="100", places=8)


@given(minors, st.sampled_from(CURRENCIES))
def test_what_is_written_reads_back_as_the_same_money(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.parse(money.amount, currency) == money
    assert money.as_dict() == {"amount": money.amount, "currency": currency}


@given(st.integers(-MAX_MINOR, MAX_MINOR))
def test_written_money_has_two_decimals_and_its_sign(minor: int) -> None:
    assert Decimal(format_minor(minor)) * 100 == minor
    assert len(format_minor(minor).rpartition(".")[2]) == 2


@pytest.mark.parametrize(
    "amount",
    [
        "NaN", "sNaN", "Infinity", "-Infinity", "inf", "1e999", "1E2", "-1", "-0.01", "+1", "0.001",
        "1.005", "１２", "٣", "1,000.00", "1 000", "", " ", ".", "..", "1..0", "0x10", "1_000",
        "100000000000.01", "9" * 40, "½", "²", "1\0", "1\n2", "$1", "1.00 USD",
    ],
)  # fmt: skip
def test_anything_but_a_plain_decimal_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        Money.parse(amount, "USD")


@pytest.mark.parametrize("currency", ["", "usd", "EUR", "US", "USDT", "ＵＳＤ"])
def test_other_currencies_are_refused(currency: str) -> None:
    with pytest.raises(ValueError, match="currency"):
        Money.parse("1.00", currency)


@given(st.text(max_size=20))
def test_text_that_is_taken_means_what_it_says(amount: str) -> None:
    try:
        money = Money.parse(amount, "MXN")
    except ValueError:
        return
    assert 0 <= money.minor <= MAX_MINOR
    assert Fraction(money.minor, 100) == Fraction(amount.strip())


@given(minors, rates)
def test_conversion_never_promises_more_than_the_rate_gives(minor: int, rate: Decimal) -> None:
    exact = Fraction(minor) * Fraction(rate)
    assert 0 <= exact - convert(minor, rate) < 1


@given(minors, st.decimals(min_value=0, max_value=100, places=4))
def test_a_percentage_is_at_most_half_a_cent_off(minor: int, percent: Decimal) -> None:
    exact = Fraction(minor) * Fraction(percent) / 100
    assert Fraction(-1, 2) < percent_half_up(minor, percent) - exact <= Fraction(1, 2)


def test_two_currencies_dont_add_up() -> None:
    assert Money(1, "USD") + Money(2, "USD") == Money(3, "USD")
    with pytest.raises(ValueError, match="currencies"):
        Money(1, "USD") + Money(1, "MXN")
