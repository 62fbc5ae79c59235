"""Identifiers of our own: UUIDv7 for machines, folios for people."""

from __future__ import annotations

import os
import re
import secrets
import time
import unicodedata
from enum import StrEnum
from urllib.parse import unquote
from uuid import UUID

from stdnum import luhn

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOKALIKES = str.maketrans({"I": "1", "L": "1", "O": "0"})
# The address of a verification page, or of a turn, whose key comes after the folio, as a QR code
# holds it; and the words that stand before a folio.
_ADDRESS = re.compile(r"^.*/(?:verify/([^?#]*)|turno/([^/?#]*)).*$", re.IGNORECASE | re.DOTALL)
_BEFORE = re.compile(
    r"((MI|TU|SU|EL|NO|NUM|NUMERO|DE|MY|YOUR|THE)*FOLIO"
    r"(NO|NUM|NUMERO|NUMBER|DE|LA|MI|TU|CITA|ENVIO|ES|IS)*)?"
)
LENGTH = 12
MOST_TYPED = 300


class FolioKind(StrEnum):
    """First character of a folio."""

    APPOINTMENT = "C"
    ENROLLMENT = "E"
    REMITTANCE = "R"
    IDENTITY_CHECK = "V"
    ERASURE = "D"
    DISPUTE = "Q"


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


def spaced(folio: str) -> str:
    """Groups of four, as people read it: C7K3-M9QX-W42T."""
    return "-".join(folio[i : i + 4] for i in range(0, len(folio), 4))


def parse_folio(text: str) -> str | None:
    """The folio as stored, from what a person typed, pasted or scanned; None when it can't be one.

    Forgiven: case, any dash or other sign between the groups, characters that don't show, accents
    and wide forms, "Folio:" before it, the address of its verification page or its turn, O for 0, I
    or L for 1.
    """
    if len(text) > MOST_TYPED:
        return None
    plain = unicodedata.normalize("NFKD", unquote(_ADDRESS.sub(r"\1\2", text))).upper()
    letters = "".join(c for c in plain if c.isascii() and c.isalnum())
    before, folio = letters[:-LENGTH], letters[-LENGTH:].translate(_LOOKALIKES)
    if len(folio) != LENGTH or folio[0] not in set(FolioKind) or not _BEFORE.fullmatch(before):
        return None
    return folio if luhn.is_valid(folio, alphabet=CROCKFORD) else None


def parse_folio_part(text: str) -> str | None:
    """Part of a folio as stored, such as the end that a board shows; None where it can be none.

    Letters alone are a part from four on, so that a short name isn't taken for one.
    """
    letters = "".join(c for c in text.upper() if c.isascii() and c.isalnum())
    part = letters.translate(_LOOKALIKES)
    least = 3 if any(c.isdigit() for c in letters) else 4
    fits = least <= len(part) <= LENGTH and all(c in CROCKFORD for c in part)
    return part if fits else None
