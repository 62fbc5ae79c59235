"""Tell a recipient what to collect, where and until when, if their sender gave a telephone.

What is told follows from how the transfer stands when the message goes out, never from when it was
asked for; account numbers are never told. Whoever has the telephone can stop it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.citizens.people import open_person
from services.kernel.crypto import Vault
from services.kernel.transitions import Moved
from services.kernel.writes import Write
from services.messages.models import SentMessage
from services.messages.rules import State
from services.outbox.delivery import enqueue_at
from services.remittances.models import Remittance, StoppedPhone
from services.remittances.rules import NOT_COUNTED, Payout, Status

TOPIC = "remittances.tell_recipient"


class News(StrEnum):
    """What there is to tell, by the name of its text."""

    COLLECT = "recipient_collect"
    RENAMED = "recipient_renamed"
    DEPOSITED = "recipient_deposited"
    NOT_COMING = "recipient_not_coming"


@dataclass(frozen=True)
class RecipientNews:
    """What to tell whom. ``branch`` and ``collect_until`` are for cash."""

    news: News
    folio: str
    amount_minor: int
    branch: str | None
    collect_until: date | None
    account: UUID
    name: str = field(repr=False)
    phone: str = field(repr=False)


_ENQUEUE = enqueue_at(TOPIC, Status.AVAILABLE, Status.PAID, *NOT_COUNTED)


_REACHED = frozenset({State.SENT, State.DELIVERED})


def tell_recipient(session: Session, moved: Moved) -> Write | None:
    """Have the recipient told, whenever a transfer comes to where there is something to tell."""
    return _ENQUEUE(session, moved) if moved.thing.recipient.phone_sealed else None


def find_news(session: Session, remittance_id: UUID, vault: Vault) -> RecipientNews | None:
    """What is to be told now; None where there is nothing, or nobody to tell."""
    remittance = session.get_one(Remittance, remittance_id)
    news = _news(session, remittance)
    phone = _phone(remittance, vault)
    if news is None or phone is None or _is_stopped(session, phone, vault):
        return None
    return RecipientNews(
        news,
        remittance.folio,
        remittance.receive_minor,
        _where(remittance),
        remittance.collect_until,
        remittance.account_id,
        remittance.recipient_name,
        phone,
    )


def list_told(session: Session, remittance: UUID) -> Sequence[SentMessage]:
    """The messages to the recipient, the newest first."""
    query = select(SentMessage).where(SentMessage.ref == remittance, SentMessage.topic == TOPIC)
    return session.scalars(query.order_by(SentMessage.created_at.desc(), SentMessage.id)).all()


def wants_no_messages(session: Session, remittance: Remittance, vault: Vault) -> bool:
    """Whether whoever has the recipient's telephone stopped the messages."""
    phone = _phone(remittance, vault)
    return phone is not None and _is_stopped(session, phone, vault)


def stop_messages(session: Session, folio: str, vault: Vault) -> None:
    """Send nothing more to the telephone of that transfer; nothing where there is none. Needs the
    scope of the network."""
    phone = _phone_of_folio(session, folio, vault)
    if phone is not None:
        row = {"phone_index": _index(phone, vault), "stopped_at": func.now()}
        session.execute(insert(StoppedPhone).values(row).on_conflict_do_nothing())


def resume_messages(session: Session, folio: str, vault: Vault) -> None:
    """Send messages again to the telephone of that transfer. Needs the scope of the network."""
    phone = _phone_of_folio(session, folio, vault)
    if phone is not None:
        index = _index(phone, vault)
        session.execute(delete(StoppedPhone).where(StoppedPhone.phone_index == index))


def _news(session: Session, remittance: Remittance) -> News | None:
    status, cash = Status(remittance.status), remittance.payout == Payout.BRANCH
    if status is Status.AVAILABLE:
        return News.RENAMED if _was_renamed(session, remittance) else News.COLLECT
    if status is Status.PAID:
        return None if cash else News.DEPOSITED
    # Who was told nothing before has nothing to unlearn, and hears it once.
    reached = [each for each in list_told(session, remittance.id) if each.state in _REACHED]
    unlearns = bool(reached) and reached[0].kind != News.NOT_COMING
    return News.NOT_COMING if status in NOT_COUNTED and unlearns else None


def _where(remittance: Remittance) -> str | None:
    """The branch with its address, where that is known."""
    place = remittance.place
    return f"{place.name}, {place.address}" if place else remittance.branch


def _was_renamed(session: Session, remittance: Remittance) -> bool:
    """Since the recipient was told another name."""
    return remittance.corrected_id is not None and bool(list_told(session, remittance.id))


def _phone(remittance: Remittance, vault: Vault) -> str | None:
    return open_person(remittance.recipient, vault).phone


def _phone_of_folio(session: Session, folio: str, vault: Vault) -> str | None:
    remittance = session.scalar(select(Remittance).where(Remittance.folio == folio))
    return _phone(remittance, vault) if remittance else None


def _is_stopped(session: Session, phone: str, vault: Vault) -> bool:
    return session.get(StoppedPhone, _index(phone, vault)) is not None


def _index(phone: str, vault: Vault) -> bytes:
    return vault.blind_index("recipient.phone", phone)
