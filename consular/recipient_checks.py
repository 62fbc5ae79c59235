"""What to know of a recipient before paying: bank, holder, a first large transfer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session

from consular.auth import account, now, vault
from consular.db import database_now, transaction
from services.citizens.limits import Budget, Rate, spend
from services.kernel.db import NETWORK_SCOPE
from services.kernel.errors import NotFound
from services.kernel.identifiers import find_bank
from services.remittances.first_sends import is_first_large_send
from services.remittances.holders import ask_holder, find_answer
from services.remittances.house_accounts import refuse_house_account
from services.remittances.models import Quote
from services.remittances.payees import Recipient, account_of
from services.remittances.quoting import get_quote
from services.remittances.rules import HolderMatch, Payout, day_in_mexico, wants_confirmation
from services.remittances.tariffs import first_send_minor, rules_of

# Nobody has so many recipients; whoever tries names at an account would need more.
QUESTIONS = Rate(30, timedelta(days=1))


@dataclass(frozen=True)
class RecipientCheck:
    """``holder`` is None where nobody asked, and until the answer comes: then it is ``pending``."""

    bank: str | None
    holder: HolderMatch | None
    pending: bool
    first_large_send: bool

    @property
    def wants_tick(self) -> bool:
        """Whether the sender has to say that they are sure."""
        return wants_confirmation(first_large_send=self.first_large_send, holder=self.holder)


def check_recipient(quote: UUID, recipient: Recipient) -> RecipientCheck:
    """What is known now. Raises NotFound for a quote of somebody else, `HouseAccount`."""
    with transaction() as session:
        priced = _priced(session, quote)
        payout = Payout(priced.payout)
        _refuse_house_account(recipient, payout)
        answer = find_answer(session, account(), recipient, payout, vault=vault())
        rules = rules_of(session, day_in_mexico(database_now(session)))
        return RecipientCheck(
            find_bank(recipient.clabe) if recipient.clabe else None,
            answer.match if answer else None,
            pending=answer is not None and answer.match is None,
            first_large_send=is_first_large_send(
                session, priced, recipient, large_minor=first_send_minor(rules), vault=vault()
            ),
        )


def ask_about(quote: UUID, recipient: Recipient) -> None:
    """Have the agency asked whose the account is, once. Raises NotFound, TooManyAttempts,
    `HouseAccount`."""
    with transaction() as session:
        payout = Payout(_priced(session, quote).payout)
        _refuse_house_account(recipient, payout)
        known = find_answer(session, account(), recipient, payout, vault=vault())
    if known is not None or account_of(recipient, payout) is None:
        return
    subject = vault().blind_index("attempt.holder", str(account()))
    with transaction(NETWORK_SCOPE) as session:
        spend(session, [Budget(subject, QUESTIONS)], now=now())
    with transaction() as session:
        ask_holder(session, account(), recipient, payout, now=now(), vault=vault())


def _refuse_house_account(recipient: Recipient, payout: Payout) -> None:
    refuse_house_account(current_app.config["HOUSE_ACCOUNTS"], account_of(recipient, payout))


def _priced(session: Session, quote: UUID) -> Quote:
    priced = get_quote(session, quote)
    if priced is None or priced.account_id != account():
        raise NotFound()
    return priced
