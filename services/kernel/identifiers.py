"""Official identifiers: what is checked, and what is only warned about.

CURP: python-stdnum, whose check digit follows RENAPO's rule; sex X exists in practice and
is taken as well. RFC: about 1.5 % of real ones fail the check digit, so form only. CLABE:
the ``clabe`` package refuses retired banks, so the check digit decides and the bank is a hint.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

import phonenumbers
from stdnum import luhn
from stdnum.exceptions import ValidationError
from stdnum.mx import curp as stdnum_curp

_CLABE_WEIGHTS = (3, 7, 1)
# Matched before the case is changed: that turns some foreign letters into ours (ſ -> S, ı -> I).
_RFC = re.compile(r"[A-Za-zÑñ&]{3,4}[0-9]{6}[A-Za-z0-9]{3}")
_CURP = re.compile(r"[A-Za-z]{4}[0-9]{6}[HMXhmx][A-Za-z]{5}[0-9A-Za-z][0-9]")


def parse_curp(text: str) -> str:
    """Eighteen characters, upper case. Raises ValueError when form, date or digit is wrong."""
    if not _CURP.fullmatch(text.strip()):
        raise ValueError("curp")
    value = text.strip().upper()
    # The library knows two sexes: everything but that letter is checked with one it knows.
    known = value[:10] + value[10].replace("X", "H") + value[11:]
    try:
        stdnum_curp.validate(known, validate_check_digits=False)
    except ValidationError:
        raise ValueError("curp") from None
    if stdnum_curp.calc_check_digit(value[:-1]) != value[-1]:
        raise ValueError("curp")
    return value


def curp_birth_date(curp: str) -> date:
    """Position 17 is a digit for births before 2000 and a letter since. Raises ValueError."""
    century = 1900 if curp[16].isdigit() else 2000
    return date(century + int(curp[4:6]), int(curp[6:8]), int(curp[8:10]))


def parse_rfc(text: str) -> str:
    """Twelve or thirteen characters. The check digit is not asked for. Raises ValueError."""
    if not _RFC.fullmatch(text.strip()):
        raise ValueError("rfc")
    return text.strip().upper()


def parse_nss(text: str) -> str:
    """Eleven digits with Luhn. Raises ValueError."""
    value = text.strip()
    if not (value.isascii() and value.isdigit() and len(value) == 11 and luhn.is_valid(value)):
        raise ValueError("nss")
    return value


def parse_clabe(text: str) -> str:
    """Eighteen digits; weights 3, 7, 1, each product mod 10 (Banxico). Raises ValueError."""
    value = text.replace(" ", "")
    if not (value.isascii() and value.isdigit() and len(value) == 18):
        raise ValueError("clabe")
    total = sum(int(d) * _CLABE_WEIGHTS[i % 3] % 10 for i, d in enumerate(value[:17]))
    if (10 - total % 10) % 10 != int(value[17]):
        raise ValueError("clabe")
    return value


def parse_card(text: str) -> str:
    """A card number of 15 or 16 digits with Luhn. Raises ValueError."""
    value = text.replace(" ", "")
    if not (value.isascii() and value.isdigit() and len(value) in (15, 16)):
        raise ValueError("card")
    if not luhn.is_valid(value):
        raise ValueError("card")
    return value


def parse_phone(text: str, region: str = "US") -> str:
    """E.164. ``+52 1`` is no longer valid and is read as ``+52``. Raises ValueError."""
    value = re.sub(r"^(\+|00)\s*52\s*1\s*(?=(\D*\d){10}\D*$)", "+52", text.strip())
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        raise ValueError("phone") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError("phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normalise_name(*parts: str | None) -> str:
    """Names for comparison: no accents, one case, single spaces, letters and digits only."""
    joined = " ".join(part for part in parts if part)
    # Taken apart before and after: some letters show their case only then (ᴶ), some folded ones
    # fall apart again.
    folded = unicodedata.normalize("NFKD", joined).casefold()
    plain = unicodedata.normalize("NFKD", folded)
    letters = "".join(c if c.isalnum() else " " for c in plain if c.isascii() or not _is_mark(c))
    return " ".join(letters.split())


def _is_mark(character: str) -> bool:
    """Accents, and characters that don't show: neither makes another name."""
    return bool(unicodedata.combining(character)) or unicodedata.category(character) == "Cf"
