"""Whether an account belongs to whom its sender names, asked of the agency before they pay.

The web writes the question down and the workers ask it. What was asked is sealed until the answer
comes and gone afterwards; the answer is a word, and is found by a keyed hash of account and name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.kernel.crypto import Vault
from services.kernel.identifiers import normalise_name
from services.kernel.ids import new_id
from services.outbox.delivery import enqueue
from services.remittances.models import HolderCheck
from services.remittances.payees import Recipient, account_of
from services.remittances.rules import HolderMatch, Payout

TOPIC = "remittances.check_holder"
_PLACE = "holder_checks.content"


@dataclass(frozen=True)
class HolderTask:
    """What the agency is asked."""

    check: UUID
    payout: Payout
    account: str = field(repr=False)
    given_names: str = field(repr=False)
    first_surname: str = field(repr=False)
    second_surname: str | None = field(repr=False)


@dataclass(frozen=True)
class HolderAnswer:
    """``match`` is None until the agency has answered."""

    match: HolderMatch | None


def find_answer(
    session: Session, account: UUID, recipient: Recipient, payout: Payout, *, vault: Vault
) -> HolderAnswer | None:
    """What is known of that account and name; None where nobody has asked yet."""
    subject = _subject(recipient, payout, vault)
    check = session.scalar(
        select(HolderCheck).where(HolderCheck.account_id == account, HolderCheck.subject == subject)
    )
    if check is None:
        return None
    return HolderAnswer(HolderMatch(check.match) if check.match else None)


def possible_subject(recipient: Recipient, payout: Payout, vault: Vault) -> bytes | None:
    """What an answer about that account and name is found by; None where nobody can have asked."""
    return _subject(recipient, payout, vault) if account_of(recipient, payout) else None


def ask_holder(
    session: Session,
    account: UUID,
    recipient: Recipient,
    payout: Payout,
    *,
    now: datetime,
    vault: Vault,
) -> None:
    """Have the agency asked; the same question again is the same one. Cash has no holder."""
    number = account_of(recipient, payout)
    if number is None:
        return
    key = vault.new_key(id := new_id())
    content = json.dumps([payout, number, *_names(recipient)])
    added = session.execute(
        insert(HolderCheck)
        .values(
            id=id,
            account_id=account,
            subject=_subject(recipient, payout, vault),
            data_key=key.wrapped,
            content_sealed=key.seal(content, place=_PLACE, row=id),
            asked_at=now,
        )
        .on_conflict_do_nothing()
        .returning(HolderCheck.id)
    ).first()
    if added is not None:
        enqueue(session, TOPIC, id)


def claim_check(session: Session, check: UUID, *, vault: Vault) -> HolderTask | None:
    """The question; None once it is answered or forgotten."""
    row = session.get(HolderCheck, check)
    if row is None or row.data_key is None or row.content_sealed is None:
        return None
    key = vault.unwrap(row.data_key, row.id)
    payout, *rest = json.loads(key.open(row.content_sealed, place=_PLACE, row=row.id))
    return HolderTask(check, Payout(payout), *rest)


def settle_check(session: Session, check: UUID, match: HolderMatch, *, now: datetime) -> None:
    """Keep the answer, and no more what was asked. No effect once it is known or forgotten."""
    row = session.get(HolderCheck, check, with_for_update=True)
    if row is None or row.match is not None:
        return
    row.match, row.answered_at = match.value, now
    row.data_key = row.content_sealed = None
    session.flush()


def _subject(recipient: Recipient, payout: Payout, vault: Vault) -> bytes:
    number = account_of(recipient, payout)
    return vault.blind_index("remittance.holder", f"{number}|{normalise_name(*_names(recipient))}")


def _names(recipient: Recipient) -> tuple[str, str, str | None]:
    return recipient.given_names, recipient.first_surname, recipient.second_surname
