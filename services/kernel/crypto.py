"""Sealed fields under a key per person, and blind indexes.

Every person's row carries a data key of its own, wrapped by a versioned master key: rotating
the master re-wraps small keys, and forgetting a person is deleting one. A sealed value is bound
to its row and column by associated data, so that it can't be moved to another row unnoticed.
Blind indexes are HMACs with a key of their own: a bare hash of a CURP could be guessed.
AES-256-GCM and its nonces follow NIST SP 800-38D.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

_NONCE = 12


class SealBroken(Exception):
    """A sealed value doesn't open: another row, another key, or altered."""


@dataclass(frozen=True)
class DataKey:
    """A person's key: ``secret`` in memory, ``wrapped`` in the database."""

    secret: bytes = field(repr=False)
    wrapped: bytes

    def seal(self, text: str, *, place: str, row: UUID) -> bytes:
        """Encrypt ``text`` for ``place`` ("table.column") in ``row``."""
        return self.seal_bytes(text.encode(), place=place, row=row)

    def open(self, sealed: bytes, *, place: str, row: UUID) -> str:
        """Decrypt a sealed text. Raises `SealBroken`."""
        return self.open_bytes(sealed, place=place, row=row).decode()

    def seal_bytes(self, data: bytes, *, place: str, row: UUID) -> bytes:
        """`seal` for what isn't text, such as a file."""
        return _encrypt(AESGCM(self.secret), data, _bound(place, row))

    def open_bytes(self, sealed: bytes, *, place: str, row: UUID) -> bytes:
        """Decrypt what `seal_bytes` made. Raises `SealBroken`."""
        return _decrypt(AESGCM(self.secret), sealed, _bound(place, row))


class Vault:
    """Makes, wraps and opens data keys; computes blind indexes."""

    def __init__(self, master_keys: Mapping[int, bytes], index_key: bytes) -> None:
        self._masters = {version: AESGCM(key) for version, key in master_keys.items()}
        self._current = max(self._masters)
        # Begun once and copied: to set the key up takes four times as long as to hash a name.
        self._index = HMAC(index_key, SHA256())

    def new_key(self, row: UUID) -> DataKey:
        """A fresh key for the person of ``row``, wrapped by the current master key."""
        secret = os.urandom(32)
        wrapped = _encrypt(self._masters[self._current], secret, row.bytes)
        return DataKey(secret, self._current.to_bytes(2, "big") + wrapped)

    def unwrap(self, wrapped: bytes, row: UUID) -> DataKey:
        """The key of ``row``. Raises `SealBroken` when its master key is not at hand."""
        master = self._masters.get(int.from_bytes(wrapped[:2], "big"))
        if master is None:
            raise SealBroken("the master key of this version is not configured")
        return DataKey(_decrypt(master, wrapped[2:], row.bytes), wrapped)

    def blind_index(self, kind: str, value: str) -> bytes:
        """Keyed hash for equality look-ups of ``value`` among values of ``kind``."""
        return self._keyed_hash(f"{kind}\x1f{value}".encode())

    def request_hash(self, data: bytes) -> bytes:
        """For telling two requests apart: keyed, for a request may hold an account number."""
        return self._keyed_hash(b"request\x1f" + data)

    def _keyed_hash(self, data: bytes) -> bytes:
        hashed = self._index.copy()
        hashed.update(data)
        return hashed.finalize()


def fingerprint(data: bytes) -> bytes:
    """SHA-256 of a secret that can't be guessed; never for identifiers."""
    return hashlib.sha256(data).digest()


def _bound(place: str, row: UUID) -> bytes:
    return place.encode() + b"\x1f" + row.bytes


def _encrypt(key: AESGCM, plain: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + key.encrypt(nonce, plain, bound)


def _decrypt(key: AESGCM, sealed: bytes, bound: bytes) -> bytes:
    try:
        return key.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound)
    except (InvalidTag, ValueError) as broken:
        raise SealBroken("the value doesn't belong to this row, or was altered") from broken
