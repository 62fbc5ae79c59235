"""An amount that a person writes is understood or asked back, never misread."""

from __future__ import annotations

import pytest

from services.kernel.money import Money, plain_amount


@pytest.mark.parametrize(
    ("written", "cents"),
    [
        ("300", 300_00), ("300.00", 300_00), ("10,50", 10_50), ("10.5", 10_50), ("10,5", 10_50),
        ("1,000", 1000_00), ("1,000.00", 1000_00), ("1.000,00", 1000_00), ("1 000,5", 1000_50),
        ("1\u00a0000.50", 1000_50), ("1'000.50", 1000_50), ("1’000,50", 1000_50), ("$300", 300_00),
        ("US$ 1,000.50", 1000_50), ("300 USD", 300_00), ("$ 300 dólares", 300_00),
        ("1,234,567.89", 1_234_567_89), ("1.234.567,89", 1_234_567_89), ("1.234.567", 1_234_567_00),
        ("  12  ", 12_00), ("0.99", 99), ("0,99", 99), ("0300", 300_00),
    ],
)  # fmt: skip
def test_both_ways_of_writing_an_amount_are_understood(written: str, cents: int) -> None:
    assert Money.parse(plain_amount(written, "USD"), "USD").minor == cents


@pytest.mark.parametrize(
    "written",
    [
        "1.000", "10.500", "1,00,000", "1,000,00", "1.000.00", "10,500.5.0", "1 0", "10 50", "1e2",
        "-5", "+5", "1_0", "５００", "٣٠٠", "½", "", "$", ".50", "10.", "10,", "1.2345", "0,500",
        "300 pesos", "300 MXN", "300 o 400", "trescientos", "3OO", "1.0.0", "1..0", "1,,000",
    ],
)  # fmt: skip
def test_an_amount_that_could_be_another_is_asked_back(written: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        plain_amount(written, "USD")


def test_pesos_are_written_with_their_own_sign() -> None:
    assert plain_amount("$5,478.21 pesos", "MXN") == "5478.21"


@pytest.mark.parametrize(
    "sent",
    ["100,00", "1_0", "+5", "-1", "1e2", "１００", "٣", " 5", "5 ", "5.", ".5", "0x5", "1.001"],
)
def test_a_program_sends_plain_decimals_only(sent: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        Money.parse(sent, "USD")
