"""Money: whole minor units (cents, centavos) and a currency. Decimals only at the edges."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from math import floor

CURRENCIES = ("USD", "MXN")
# Far above any limit of the system, far below what a bigint holds.
MAX_MINOR = 10**13
_PLAIN = re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?")
# Thousands may be grouped by one mark, cents follow another.
_WRITTEN = re.compile(
    r"(?P<whole>[0-9]{1,15}|[1-9][0-9]{0,2}(?P<mark>[,.' ])[0-9]{3}(?:(?P=mark)[0-9]{3})*)"
    r"(?:(?P<point>[.,])(?P<cents>[0-9]{1,2}))?"
)
_SPACES = re.compile(r"[ \u00a0\u2009\u202f]+")
_SIGNS: Mapping[str, str] = {
    "USD": r"US\$|\$|USD|D[OÓ]LARES|DOLLARS",
    "MXN": r"MX\$|\$|MXN|PESOS",
}
_SIGNED: Mapping[str, re.Pattern[str]] = {
    currency: re.compile(rf"(?:{signs})? ?(?P<number>.+?) ?(?:{signs})?", re.IGNORECASE)
    for currency, signs in _SIGNS.items()
}


@dataclass(frozen=True, order=True)
class Money:
    """``minor`` hundredths of ``currency`` (ISO 4217; both of ours have two decimals)."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, amount: str, currency: str) -> Money:
        """From plain decimal text: ASCII digits, a point, at most two decimals, nothing else.

        Raises ValueError: other text, too large, or a currency that is not ours.
        """
        if currency not in CURRENCIES:
            raise ValueError("currency")
        if not _PLAIN.fullmatch(amount):
            raise ValueError("amount")
        minor = int(Decimal(amount) * 100)
        if minor > MAX_MINOR:
            raise ValueError("amount")
        return cls(minor, currency)

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


def plain_amount(written: str, currency: str) -> str:
    """An amount as a person writes it, as `Money.parse` reads it: ``$1,000.50`` -> ``1000.50``.

    Both conventions are understood: ``1.000,50`` is the same, ``10,50`` is ten and a half. Raises
    ValueError for what could mean two amounts (``1.000``) or none: it is asked back, never guessed.
    """
    text = _SPACES.sub(" ", written.replace("\u2019", "'")).strip()
    if currency not in CURRENCIES:
        raise ValueError("currency")
    signed = _SIGNED[currency].fullmatch(text)
    match = _WRITTEN.fullmatch(signed["number"]) if signed else None
    if match is None or _ambiguous(match):
        raise ValueError("amount")
    whole = re.sub(r"[^0-9]", "", match["whole"])
    return f"{whole}.{match['cents']}" if match["cents"] else whole


def format_minor(minor: int) -> str:
    """Minor units as decimal text: 12345 -> ``123.45``."""
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def convert(minor: int, rate: Decimal) -> int:
    """Minor units times an unrounded rate, rounded down: the fraction stays with the house's
    FX account, so that what was promised can always be paid."""
    return int((Decimal(minor) * rate).to_integral_value(ROUND_DOWN))


def percent_half_up(minor: int | Fraction, percent: Decimal) -> int:
    """A percentage of an amount, half a cent upwards. The amount may be a fraction of cents."""
    return floor(Fraction(minor) * Fraction(percent) / 100 + Fraction(1, 2))


def _ambiguous(match: re.Match[str]) -> bool:
    """One mark for thousands and cents alike, or a single group after a point: 1.000."""
    mark, whole = match["mark"], match["whole"]
    return bool(mark) and (
        mark == match["point"] or (mark == "." and whole.count(".") == 1 and not match["cents"])
    )
