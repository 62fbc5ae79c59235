"""Read disputes: a sender's own, the queue of staff, and how to tell whoever claimed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.orm import Session

from services.citizens.accounts import find_holder
from services.citizens.people import open_person
from services.disputes.claiming import CLAIM_PLACE
from services.disputes.models import Dispute
from services.disputes.resolving import EXPLANATION_PLACE
from services.disputes.rules import OPEN, Status
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound
from services.kernel.tables import Page, fetch_page

_OPEN = Dispute.status.in_(sorted(OPEN))
# Explained, and the documents that the sender wants haven't gone out.
_OWES_DOCUMENTS = Dispute.documents_asked_at.is_not(None) & Dispute.documents_given_at.is_(None)


class State(StrEnum):
    """Filter of disputes: something is to be done, or nothing any more."""

    OPEN = "open"
    SETTLED = "settled"


@dataclass(frozen=True)
class Texts:
    """What the sender claimed and what staff told them; None once the sender is forgotten."""

    claim: str | None
    explanation: str | None


@dataclass(frozen=True)
class Notice:
    """Where and in which language to tell the sender."""

    language: str
    email: str | None
    phone: str | None


def get_dispute(session: Session, dispute_id: UUID, *, account: UUID | None = None) -> Dispute:
    """Raises NotFound, also for one that isn't of ``account`` or that row security hides."""
    dispute = session.get(Dispute, dispute_id)
    if dispute is None or (account and dispute.account_id != account):
        raise NotFound()
    return dispute


def list_of_remittance(session: Session, remittance: UUID) -> Sequence[Dispute]:
    """List the errors that were claimed of a remittance, the newest first."""
    query = select(Dispute).where(Dispute.remittance_id == remittance)
    return session.scalars(query.order_by(Dispute.claimed_at.desc(), Dispute.id.desc())).all()


def list_disputes(
    session: Session,
    state: State,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> Page[Dispute, tuple[datetime, UUID]]:
    """Those about which something is to be done, with the oldest first; or the others."""
    waits = or_(_OPEN, _OWES_DOCUMENTS)
    place = tuple_(Dispute.claimed_at, Dispute.id)
    query = select(Dispute).where(waits if state is State.OPEN else ~waits)
    if after:
        query = query.where(place > after if state is State.OPEN else place < after)
    order = (Dispute.claimed_at, Dispute.id)
    if state is State.SETTLED:
        query = query.order_by(*(column.desc() for column in order))
    else:
        query = query.order_by(*order)
    return fetch_page(session, query, limit=limit, place=lambda row: (row.claimed_at, row.id))


def count_open(session: Session) -> int:
    """Count those about which something is to be done."""
    query = select(func.count()).select_from(Dispute).where(or_(_OPEN, _OWES_DOCUMENTS))
    return int(session.scalar(query) or 0)


def open_texts(dispute: Dispute, vault: Vault) -> Texts:
    """Decrypt what the sender and staff wrote."""
    if dispute.data_key is None:
        return Texts(None, None)
    key = vault.unwrap(dispute.data_key, dispute.id)

    def opened(sealed: bytes | None, place: str) -> str | None:
        return key.open(sealed, place=place, row=dispute.id) if sealed else None

    return Texts(
        opened(dispute.claim_sealed, CLAIM_PLACE),
        opened(dispute.explanation_sealed, EXPLANATION_PLACE),
    )


def get_notice(session: Session, dispute: Dispute, vault: Vault) -> Notice | None:
    """What a message about it needs; None once the sender is forgotten."""
    holder = find_holder(session, dispute.account_id)
    if holder is None:
        return None
    profile = open_person(holder, vault)
    return Notice(dispute.language, profile.email, profile.phone)


def is_settled(dispute: Dispute) -> bool:
    """Whether it was decided."""
    return Status(dispute.status) not in OPEN
