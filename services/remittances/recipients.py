"""The book of recipients of an account: whom its holder sends money to, and to which accounts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.citizens.erasing import Erased
from services.citizens.people import find_key, open_person
from services.citizens.saved import SavedList
from services.kernel.crypto import Vault
from services.kernel.identifiers import find_bank, normalise_name
from services.remittances.errors import RecipientForgotten, TooManyRecipients
from services.remittances.house_accounts import refuse_house_account
from services.remittances.models import HolderCheck, Remittance, SavedRecipient
from services.remittances.payees import ACCOUNT_PLACE, Recipient, last_digits
from services.remittances.rules import Payout

# As the table holds it.
MOST_RECIPIENTS = 50
_BOOK = SavedList(SavedRecipient, "recipients.content", MOST_RECIPIENTS, TooManyRecipients)


@dataclass(frozen=True)
class BookEntry(Recipient):
    """A recipient as their sender keeps them: where they live in Mexico (INEGI's code of the state,
    and the municipality as it was written), and what they are called at home, if told."""

    state: str | None = None
    municipality: str | None = None
    nickname: str | None = None

    @property
    def identity(self) -> tuple[str, str | None, str | None]:
        """Alike for two entries of one person with the same accounts."""
        names = (self.given_names, self.first_surname, self.second_surname)
        return normalise_name(*names), self.clabe, self.card

    @property
    def bank(self) -> str | None:
        """The name of the bank of the CLABE, where it is known."""
        return find_bank(self.clabe) if self.clabe else None

    @property
    def clabe_hint(self) -> str | None:
        """The last digits of the CLABE."""
        return last_digits(self.clabe)

    @property
    def card_hint(self) -> str | None:
        """The last digits of the card."""
        return last_digits(self.card)


@dataclass(frozen=True)
class Saved:
    """An entry of the book with its id."""

    id: UUID
    entry: BookEntry


def list_recipients(session: Session, account: UUID, vault: Vault) -> list[Saved]:
    """All of an account, in the order in which they were saved."""
    return [Saved(id, BookEntry(**kept)) for id, kept in _BOOK.all(session, account, vault)]


def get_recipient(session: Session, account: UUID, recipient: UUID, vault: Vault) -> Saved:
    """Raises NotFound, also for another account's."""
    return Saved(recipient, BookEntry(**_BOOK.get(session, account, recipient, vault)))


def add_recipient(
    session: Session,
    account: UUID,
    entry: BookEntry,
    *,
    now: datetime,
    vault: Vault,
    house_accounts: Collection[str],
) -> Saved:
    """Save one more. Raises `TooManyRecipients`, `HouseAccount`."""
    refuse_house_account(house_accounts, entry.clabe, entry.card, within="")
    return Saved(_BOOK.add(session, account, asdict(entry), now=now, vault=vault), entry)


def remember_recipient(
    session: Session,
    account: UUID,
    entry: BookEntry,
    *,
    now: datetime,
    vault: Vault,
    house_accounts: Collection[str],
) -> None:
    """Save somebody who was sent money, unless they are in the book by that name and account.
    Raises `TooManyRecipients`, `HouseAccount`."""
    saved = list_recipients(session, account, vault)
    if entry.identity not in {each.entry.identity for each in saved}:
        add_recipient(session, account, entry, now=now, vault=vault, house_accounts=house_accounts)


def change_recipient(
    session: Session,
    account: UUID,
    recipient: UUID,
    entry: BookEntry,
    *,
    vault: Vault,
    house_accounts: Collection[str],
) -> Saved:
    """Replace what was saved; what was sent stays as it was. Raises NotFound, `HouseAccount`."""
    refuse_house_account(house_accounts, entry.clabe, entry.card, within="")
    _BOOK.change(session, account, recipient, asdict(entry), vault=vault)
    return Saved(recipient, entry)


def remove_recipient(session: Session, account: UUID, recipient: UUID) -> None:
    """Forget one; what was sent stays. Raises NotFound."""
    _BOOK.remove(session, account, recipient)


def forget_recipients(session: Session, erased: Erased) -> None:
    """Delete the whole book of whoever is erased, and what they asked about accounts."""
    for model in (SavedRecipient, HolderCheck):
        session.execute(delete(model).where(erased.owns(model.account_id)))


def recipient_of(remittance: Remittance, vault: Vault) -> BookEntry:
    """The recipient of an earlier transfer, to send to them again. Raises `RecipientForgotten`."""
    person = open_person(remittance.payee, vault)
    key = find_key(remittance.recipient, vault)
    if key is None:
        raise RecipientForgotten()
    sealed, number = remittance.account_sealed, None
    if sealed is not None:
        number = key.open(sealed, place=ACCOUNT_PLACE, row=remittance.id)
    is_card = remittance.payout == Payout.CARD and number is not None and len(number) <= 16
    return BookEntry(
        person.given_names,
        person.first_surname,
        person.second_surname,
        clabe=None if is_card else number,
        card=number if is_card else None,
        phone=person.phone,
    )
