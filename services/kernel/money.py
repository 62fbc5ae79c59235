"""Money: whole minor units (cents, centavos) and a currency. Decimals only at the edges."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

CURRENCIES = ("USD", "MXN")
# Far above any limit of the system, far below what a bigint holds.
MAX_MINOR = 10**13


@dataclass(frozen=True, order=True)
class Money:
    """``minor`` hundredths of ``currency`` (ISO 4217; both of ours have two decimals)."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, amount: str, currency: str) -> Money:
        """From text with at most two decimals.

        Raises ValueError: not a plain decimal, more than two decimals, too large, or a
        currency that is not ours.
        """
        if currency not in CURRENCIES:
            raise ValueError("currency")
        digits = amount.strip()
        if not digits.replace(".", "", 1).isdecimal() or not digits.isascii() or len(digits) > 17:
            raise ValueError("amount")
        scaled = Decimal(digits) * 100
        if scaled != scaled.to_integral_value() or scaled > MAX_MINOR:
            raise ValueError("amount")
        return cls(int(scaled), currency)

    @property
    def amount(self) -> str:
        """Decimal text with two decimals, as the contract sends it."""
        return format_minor(self.minor)

    def as_dict(self) -> dict[str, str]:
        """``{"amount": "100.00", "currency": "USD"}``."""
        return {"amount": self.amount, "currency": self.currency}

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError("two currencies don't add up")
        return Money(self.minor + other.minor, self.currency)


def format_minor(minor: int) -> str:
    """Minor units as decimal text: 12345 -> ``123.45``."""
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def convert(minor: int, rate: Decimal) -> int:
    """Minor units times an unrounded rate, rounded down: the fraction stays with the house's
    FX account, so that what was promised can always be paid."""
    return int((Decimal(minor) * rate).to_integral_value(ROUND_DOWN))


def percent_half_up(minor: int, percent: Decimal) -> int:
    """A percentage of an amount, half a cent upwards."""
    return int((Decimal(minor) * percent / 100).to_integral_value(ROUND_HALF_UP))
