"""A retried request has one effect and gets the same answer.

The key, a hash of the request and the answer live in one row, unique by account, written in the
transaction of the command itself. A second request with the same key waits for the first to end
(or gives up after the lock timeout, and says so); after a roll-back the key is free again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb
from sqlalchemy import DateTime, LargeBinary, SmallInteger, Text, delete, or_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.kernel.db import Base, text
from services.kernel.errors import Invalid


class IdempotencyKey(Base):
    """``status`` and ``response`` are null only inside the transaction of the command."""

    __tablename__ = "idempotency_keys"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None] = mapped_column(SmallInteger)
    response: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True)
class RequestKey:
    """What tells a repeat from another request: the caller's key, and a hash of what was asked."""

    text: str
    request_hash: bytes


@dataclass(frozen=True)
class Stored:
    """The answer that an earlier request with the same key got."""

    status: int
    response: dict[str, Any]


_TAKE = text(
    """
    INSERT INTO idempotency_keys (account_id, key, request_hash, created_at)
    VALUES (:account, :key, :hash, :now) ON CONFLICT DO NOTHING RETURNING key
    """
)
_KEPT = text(
    """
    SELECT request_hash, status, response FROM idempotency_keys
    WHERE account_id = :account AND key = :key FOR UPDATE
    """
)
_ANSWER = text(
    """
    UPDATE idempotency_keys SET status = :status, response = :response
    WHERE account_id = :account AND key = :key
    """
)


def begin(session: Session, key: RequestKey, *, account_id: UUID, now: datetime) -> Stored | None:
    """Take the key for this transaction; None means: go on and do it.

    Raises Invalid ``idempotency_key_reused`` when the key came with another request.
    """
    taken = {"account": account_id, "key": key.text, "hash": key.request_hash, "now": now}
    if session.execute(_TAKE, taken).first():
        return None
    # Locked, so that this commit waits for the standby as the first one should have: who repeats a
    # request whose outcome was unknown isn't told that it was done before it is safe.
    row = session.execute(_KEPT, {"account": account_id, "key": key.text}).one()
    if row.request_hash != key.request_hash:
        raise Invalid("idempotency_key_reused")
    return Stored(row.status or 200, row.response or {})


def finish(
    session: Session, key: RequestKey, *, account_id: UUID, status: int, response: dict[str, Any]
) -> None:
    """Keep the answer beside the key, in the same transaction as the command."""
    answer = {"status": status, "response": Jsonb(response)}
    session.execute(_ANSWER, {"account": account_id, "key": key.text, **answer})


def forget_answers(session: Session, account: UUID | None, things: Sequence[UUID]) -> None:
    """Delete the account's kept answers, and others' about these things. Needs the workers' login.

    From then on the same request is a new one.
    """
    about = IdempotencyKey.response["id"].astext.in_([str(id) for id in things])
    session.execute(
        delete(IdempotencyKey)
        .where(or_(IdempotencyKey.account_id == account, about))
        .execution_options(synchronize_session=False)
    )
