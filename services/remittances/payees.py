"""Whom the pesos of a remittance go to, and by which number."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.remittances.rules import Payout

ACCOUNT_PLACE = "remittances.account"
_HINT = 4


@dataclass(frozen=True)
class Recipient:
    """The recipient of the pesos: ``clabe`` for an account, ``card`` for a card, neither at a
    branch. With a ``phone`` they are told what to collect."""

    given_names: str
    first_surname: str
    second_surname: str | None = None
    clabe: str | None = field(default=None, repr=False)
    card: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)


def account_of(recipient: Recipient, payout: Payout) -> str | None:
    """The digits that this way of payout goes to; None for cash. A card has a CLABE of its own."""
    if payout is Payout.BRANCH:
        return None
    card = recipient.card if payout is Payout.CARD else None
    return card or recipient.clabe


def last_digits(number: str | None) -> str | None:
    """The part of an account that may be shown."""
    return number[-_HINT:] if number else None
