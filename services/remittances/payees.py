"""Whom the pesos of a remittance go to, and by which number."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.remittances.rules import Payout

ACCOUNT_PLACE = "remittances.account"
_HINT = 4
# Of a card: what tells who issued it, and its end. No more of it is shown anywhere (PCI DSS 3.4.1).
_CARD_BEGINS = 6
_CARD_GROUP = 4


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


def masked_card(number: str) -> str:
    """As much of a card as may be shown to whoever typed it: its first six digits and its last
    four, in the groups that are printed on it."""
    begins, ends = number[:_CARD_BEGINS], number[-_HINT:]
    masked = begins + "•" * (len(number) - _CARD_BEGINS - _HINT) + ends
    return " ".join(masked[at : at + _CARD_GROUP] for at in range(0, len(masked), _CARD_GROUP))
