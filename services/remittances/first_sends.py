"""Tell a first large transfer to somebody, before it is paid for: the mark of many frauds."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.citizens.models import Person
from services.citizens.people import PersonData, name_index
from services.kernel.crypto import Vault
from services.remittances.models import Quote, Remittance
from services.remittances.payees import Recipient, account_of, last_digits
from services.remittances.rules import Payout, Status


def is_first_large_send(
    session: Session,
    priced: Quote | Remittance,
    recipient: Recipient,
    *,
    large_minor: int,
    vault: Vault,
) -> bool:
    """Whether it is of ``large_minor`` cents or more, and nothing has yet been paid to that person
    at that account."""
    if priced.send_minor < large_minor:
        return False
    named = PersonData(
        recipient.given_names, recipient.first_surname, recipient.second_surname, None
    )
    hint = last_digits(account_of(recipient, Payout(priced.payout)))
    paid = (
        select(Remittance.id)
        .join(Person, Person.id == Remittance.recipient_id)
        .where(
            Remittance.account_id == priced.account_id,
            Remittance.status == Status.PAID,
            Remittance.account_hint.is_not_distinct_from(hint),
            Person.name_index == name_index(named, vault),
        )
    )
    return session.scalar(paid.limit(1)) is None
