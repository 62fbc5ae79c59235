"""Identifiers of our own: UUIDv7 for machines, folios for people."""

from __future__ import annotations

import os
import secrets
import time
from enum import StrEnum
from uuid import UUID

from stdnum import luhn

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans({"I": "1", "L": "1", "O": "0", "-": "", " ": "", "‑": ""})


class FolioKind(StrEnum):
    """First character of a folio."""

    APPOINTMENT = "C"
    ENROLLMENT = "E"
    REMITTANCE = "R"
    IDENTITY_CHECK = "V"


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562, 5.7), so that indexes grow at one end.

    Its twelve bits after the milliseconds are a finer time (6.2, method 3): ids made one after
    another in a process sort in that order.
    """
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    head = (milliseconds << 16) | 0x7000 | (rest << 12) // 1_000_000
    return UUID(int=(head << 64) | 0x2 << 62 | int.from_bytes(os.urandom(8), "big") >> 2)


def new_folio(kind: FolioKind) -> str:
    """Twelve characters: the kind, 50 random bits in Crockford's base 32, a check character.

    The check is Luhn mod 32: it finds every wrong character and nearly every swapped pair.
    """
    bits = secrets.randbits(50)
    body = kind + "".join(CROCKFORD[bits >> shift & 31] for shift in range(0, 50, 5))
    return body + luhn.calc_check_digit(body, alphabet=CROCKFORD)


def parse_folio(text: str) -> str | None:
    """The folio as stored, from what a person typed; None when it can't be one."""
    folio = text.strip().upper().translate(_LOOKALIKES)
    if len(folio) != 12 or folio[0] not in set(FolioKind):
        return None
    return folio if luhn.is_valid(folio, alphabet=CROCKFORD) else None
