"""Sign what leaves the system, so that anybody can verify it without asking (Ed25519, RFC 8032).

What is signed is a statement: JSON that says its kind, what it is about and the SHA-256 of each
file. Private keys are settings, by version; the newest signs. Every public key that ever signed is
kept in the database, so that what an old key signed stays verifiable after it was rotated.
`verify_signed.py` verifies, here and wherever else it is taken.
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
from sqlalchemy import CheckConstraint, DateTime, LargeBinary, Text, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from services.kernel.db import Base
from services.kernel.errors import Unavailable
from services.kernel.verify_signed import name_key, statement_faults


class SigningKey(Base):
    """The public half of a key that signed something. Never changed, never deleted."""

    __tablename__ = "signing_keys"
    __table_args__ = (CheckConstraint("octet_length(public_key) = 32", name="public_key"),)

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    first_used_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


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
        """Sign a statement and keep the public key. Raises Unavailable where there is no key."""
        if self._newest is None:
            raise Unavailable("signing_key_missing")
        key = Ed25519PrivateKey.from_private_bytes(self._newest)
        public = key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        text = canonical(statement)
        name = name_key(public)
        session.execute(
            insert(SigningKey)
            .values(key=name, public_key=public, first_used_at=now)
            .on_conflict_do_nothing()
        )
        return Signed(text, key.sign(text.encode()), name)


def canonical(statement: Any) -> str:
    """The same JSON for the same values, so that its hash is the same too."""
    return json.dumps(statement, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def list_signing_keys(session: Session) -> Sequence[SigningKey]:
    """Every public key that ever signed, the oldest first."""
    return session.scalars(
        select(SigningKey).order_by(SigningKey.first_used_at, SigningKey.key)
    ).all()


def is_signed_by_us(session: Session, signed: Signed) -> bool:
    """Whether the signature is one of this system's, and of that statement."""
    keys = {row.key: row.public_key for row in list_signing_keys(session)}
    return not statement_faults(signed.as_json(), keys)
