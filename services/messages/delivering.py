"""Choose the channel of a message, write down that it goes out, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.db import text
from services.kernel.errors import NotFound
from services.messages.models import SentMessage
from services.messages.rules import COMES_FROM, Channel, State, next_channel


@dataclass(frozen=True)
class Notice:
    """What somebody is to be told of, and where they can be reached."""

    item: UUID
    topic: str
    ref: UUID
    kind: str
    language: str
    consulate: str | None
    account: UUID | None
    addresses: Mapping[Channel, str]


@dataclass(frozen=True)
class Outgoing:
    """One message that goes out now; ``id`` is the key by which the provider knows it."""

    id: UUID
    channel: Channel
    address: str


# Built once: to build a statement takes as long as to send it.
_OF_ITEM = select(SentMessage).where(SentMessage.item == bindparam("item"))


def prepare(
    session: Session, notice: Notice, *, now: datetime, vault: Vault, first: bool = False
) -> Outgoing | None:
    """The message that is to go out: one that was begun, or by the next channel.

    None where nobody can be reached any more; then the office has it on its list. ``first``: none
    was handed over yet, so that it is the message by the first channel, whether begun or not.
    """
    rows = [] if first else session.scalars(_OF_ITEM, {"item": notice.item}).all()
    for row in rows:
        if row.state == State.QUEUED and row.channel != Channel.DESK:
            return Outgoing(row.id, Channel(row.channel), find_address(row, vault) or "")
    channel = next_channel(
        {row.channel for row in rows}, notice.addresses, desk=notice.consulate is not None
    )
    if channel is None:
        return None
    added = _add(session, notice, channel, now=now, vault=vault)
    return None if channel is Channel.DESK else Outgoing(added, channel, notice.addresses[channel])


def supersede(session: Session, item: UUID, *, now: datetime) -> None:
    """What the messages of that item say is so no longer: those that wait aren't sent."""
    session.execute(
        update(SentMessage)
        .where(SentMessage.item == item, SentMessage.state == State.QUEUED)
        .values(state=State.SUPERSEDED.value, outcome_at=now)
    )


_NOTE_SENT = text(
    """
    UPDATE messages SET state = 'sent', provider_id = :provider, sent_at = :now
    WHERE id = :id AND state = ANY (:before)
    """
)


def note_sent(session: Session, message: UUID, provider_id: str | None, *, now: datetime) -> None:
    """The provider has it. No effect once more is known."""
    before = [state.value for state in COMES_FROM[State.SENT]]
    values = {"id": message, "provider": provider_id, "now": now, "before": before}
    session.execute(_NOTE_SENT, values)


def note_outcome(
    session: Session, message: UUID, state: State, *, reason: str | None, now: datetime
) -> bool:
    """What became of it; False, and no effect, when that is known or can't be any more."""
    changed = session.execute(
        update(SentMessage)
        .where(SentMessage.id == message, SentMessage.state.in_(COMES_FROM[state]))
        .values(state=state.value, reason=reason, outcome_at=now)
        .returning(SentMessage.id)
    ).first()
    return changed is not None


def mark_told(session: Session, message: UUID, *, now: datetime, actor: Actor) -> SentMessage:
    """Staff told the person by themselves; no effect when they had. Raises NotFound."""
    row = session.get(SentMessage, message)
    if row is None or row.channel != Channel.DESK:
        raise NotFound()
    if note_outcome(session, message, State.DELIVERED, reason=None, now=now):
        audit.record(
            session, audit.Subject.of("message", row), action="message.told", now=now, actor=actor
        )
    return row


def _add(
    session: Session, notice: Notice, channel: Channel, *, now: datetime, vault: Vault
) -> UUID:
    """Its id follows from item and channel, so that a repeated attempt is the same message."""
    id = uuid5(notice.item, channel)
    address = notice.addresses.get(channel)
    key = vault.new_key(id) if address else None
    values = {
        "id": id,
        "item": notice.item,
        "topic": notice.topic,
        "ref": notice.ref,
        "kind": notice.kind,
        "consulate": notice.consulate,
        "account": notice.account,
        "channel": channel.value,
        "language": notice.language,
        "key": key.wrapped if key else None,
        "sealed": key.seal(address, place=_PLACE, row=id) if key and address else None,
        "now": now,
    }
    session.execute(_ADD, values)
    return id


_ADD = text(
    """
    INSERT INTO messages (id, item, topic, ref, kind, consulate_code, account_id, channel,
        language, state, data_key, address_sealed, created_at)
    VALUES (:id, :item, :topic, :ref, :kind, :consulate, :account, :channel, :language, 'queued',
        :key, :sealed, :now)
    ON CONFLICT DO NOTHING
    """
)
_PLACE = "messages.address"


def find_address(row: SentMessage, vault: Vault) -> str | None:
    """Where it went; None for what the office tells by itself."""
    if row.data_key is None or row.address_sealed is None:
        return None
    return vault.unwrap(row.data_key, row.id).open(row.address_sealed, place=_PLACE, row=row.id)
