"""How a text travels by SMS, and in how many parts.

The alphabet of GSM (3GPP TS 23.038) has é, ñ, ü and ¿ but not á, í, ó, ú: one of those makes the
whole message UCS-2, of which a part holds 70 characters in place of 160. So our texts lose those
accents, curly quotes and wide spaces, and nothing else; a text that has any other letter (Ł in a
name) goes out as it is, in UCS-2. No letter ever becomes a question mark.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Written with an escape: two characters each.
_EXTENDED = frozenset("^{}\\[~]|€")
_PLAINER = str.maketrans(
    {
        "á": "a", "í": "i", "ó": "o", "ú": "u", "Á": "A", "Í": "I", "Ó": "O", "Ú": "U",
        "‘": "'", "’": "'", "“": '"', "”": '"', "«": '"', "»": '"', "–": "-", "—": "-",
        "\u2011": "-", "…": "...", "\u00a0": " ", "\u202f": " ", "·": "-",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Sms:
    """A text as it goes out. ``encoding`` is gsm7 or ucs2; the gateway charges for each part."""

    text: str
    encoding: str
    parts: int


def as_sms(text: str) -> Sms:
    """The text in GSM's alphabet where no name loses a letter by it, else in UCS-2 as it is."""
    plain = unicodedata.normalize("NFC", text).translate(_PLAINER)
    if set(plain) <= _BASIC | _EXTENDED:
        length = len(plain) + sum(c in _EXTENDED for c in plain)
        return Sms(plain, "gsm7", _parts(length, alone=160, joined=153))
    units = len(text.encode("utf-16-be")) // 2
    return Sms(text, "ucs2", _parts(units, alone=70, joined=67))


def _parts(length: int, *, alone: int, joined: int) -> int:
    return 1 if length <= alone else -(-length // joined)
