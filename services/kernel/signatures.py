"""Sign what leaves the system, so that anybody can verify it without asking (Ed25519, RFC 8032).

What is signed is a statement: JSON that says its kind, what it is about and the SHA-256 of each
file, or the text of a receipt's code. Private keys are settings, by version; the newest signs.
Every public key that ever signed is kept in the database, so that what an old key signed stays
verifiable after it was rotated. One that was stolen is withdrawn: it signs nothing more, and
whoever verifies what it signed is told. `verify_signed.py` verifies, here and elsewhere.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import CheckConstraint, DateTime, ForeignKey, LargeBinary, Text, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.kernel.db import Base
from services.kernel.errors import NotFound, Unavailable
from services.kernel.verify_signed import name_key, statement_faults


class SigningKey(Base):
    """The public half of a key that signed something. Never changed, never deleted."""

    __tablename__ = "signing_keys"
    __table_args__ = (CheckConstraint("octet_length(public_key) = 32", name="public_key"),)

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    first_used_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class WithdrawnKey(Base):
    """A key that somebody else may have: what it signed proves nothing by itself any more."""

    __tablename__ = "withdrawn_keys"

    key: Mapped[str] = mapped_column(ForeignKey("signing_keys.key"), primary_key=True)
    withdrawn_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str] = mapped_column(Text)


@dataclass(frozen=True)
class KnownKey:
    """A public key that ever signed; ``withdrawn_at`` where it doesn't count any more."""

    key: str
    public_key: bytes
    first_used_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True)
class Signed:
    """A statement, exactly as it was signed, with the signature and the name of its key."""

    statement: str
    signature: bytes
    key: str

    def as_json(self) -> dict[str, str]:
        """How it is given out, beside the file: what `verify_signed.py` reads."""
        return {
            "algorithm": "Ed25519",
            "key": self.key,
            "statement": self.statement,
            "signature": base64.b64encode(self.signature).decode(),
        }


class Signer:
    """Signs with the newest of the private keys (32 bytes each, by version)."""

    def __init__(self, private_keys: Mapping[int, bytes]) -> None:
        self._newest = private_keys[max(private_keys)] if private_keys else None

    def sign(self, session: Session, statement: Mapping[str, Any], *, now: datetime) -> Signed:
        """Sign a statement. Raises what `sign_text` raises."""
        return self.sign_text(session, canonical(statement), now=now)

    def sign_text(self, session: Session, text: str, *, now: datetime) -> Signed:
        """Sign a text as it is and keep the public key. Raises Unavailable where there is no key,
        or only one that was withdrawn."""
        if self._newest is None:
            raise Unavailable("signing_key_missing")
        key = Ed25519PrivateKey.from_private_bytes(self._newest)
        public = key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        name = name_key(public)
        if withdrawn_at(session, name):
            raise Unavailable("signing_key_withdrawn")
        session.execute(
            insert(SigningKey)
            .values(key=name, public_key=public, first_used_at=now)
            .on_conflict_do_nothing()
        )
        return Signed(text, key.sign(text.encode()), name)


def canonical(statement: Any) -> str:
    """The same JSON for the same values, so that its hash is the same too."""
    return json.dumps(statement, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def list_signing_keys(session: Session) -> Sequence[KnownKey]:
    """Every public key that ever signed, the oldest first."""
    rows = session.execute(
        select(SigningKey, WithdrawnKey.withdrawn_at)
        .outerjoin(WithdrawnKey, WithdrawnKey.key == SigningKey.key)
        .order_by(SigningKey.first_used_at, SigningKey.key)
    )
    return [KnownKey(row.key, row.public_key, row.first_used_at, since) for row, since in rows]


def find_signing_key(session: Session, name: str) -> KnownKey | None:
    """The public key of that name, if it ever signed here."""
    return next((key for key in list_signing_keys(session) if key.key == name), None)


def withdrawn_at(session: Session, name: str) -> datetime | None:
    """When the key of that name was withdrawn; None where it wasn't."""
    return session.scalar(select(WithdrawnKey.withdrawn_at).where(WithdrawnKey.key == name))


def withdraw_key(session: Session, name: str, reason: str, *, now: datetime) -> datetime:
    """Say of a key that it counts no more, from now on and for good; returns since when it doesn't.

    Raises NotFound for a key that never signed.
    """
    if find_signing_key(session, name) is None:
        raise NotFound()
    session.execute(
        insert(WithdrawnKey)
        .values(key=name, withdrawn_at=now, reason=reason)
        .on_conflict_do_nothing()
    )
    return withdrawn_at(session, name) or now


def is_signed_by_us(session: Session, signed: Signed) -> bool:
    """Whether the signature is one of this system's, and of that statement."""
    keys = {row.key: row.public_key for row in list_signing_keys(session)}
    return not statement_faults(signed.as_json(), keys)
