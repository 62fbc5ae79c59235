"""Official identifiers and names: what is checked, what is only warned about, what is alike.

CURP: python-stdnum, whose check digit follows RENAPO's rule; sex X exists in practice and is taken
as well, and so are first letters that spell an unsuitable word: people registered before that rule
keep them. RFC: about 1.5 % of real ones fail the check digit, so form only. CLABE: the check digit
decides; the bank is a hint, from the ``clabe`` package, which refuses banks that were closed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache, lru_cache
from itertools import filterfalse

import phonenumbers
from clabe.banks import BANK_NAMES, BANKS
from stdnum import luhn
from stdnum.exceptions import ValidationError
from stdnum.mx import curp as stdnum_curp

# Between the groups of a number that is written by hand.
_GAPS = re.compile(r"[\s-]+")
_CLABE_WEIGHTS = (3, 7, 1)
# Matched before the case is changed: that turns some foreign letters into ours (ſ -> S, ı -> I).
_RFC = re.compile(r"[A-Za-zÑñ&]{3,4}[0-9]{6}[A-Za-z0-9]{3}")
_CURP = re.compile(r"[A-Za-z]{4}[0-9]{6}[HMXhmx][A-Za-z]{5}[0-9A-Za-z][0-9]")


def parse_curp(text: str) -> str:
    """Eighteen characters, upper case. Raises ValueError when form, date or digit is wrong."""
    if not _CURP.fullmatch(text.strip()):
        raise ValueError("curp")
    value = text.strip().upper()
    # The library knows two sexes, and refuses unsuitable words: it checks the rest.
    known = "XXXX" + value[4:10] + value[10].replace("X", "H") + value[11:]
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


def parse_personal_rfc(text: str) -> str:
    """A natural person's: thirteen characters, written with or without gaps. Raises ValueError."""
    value = parse_rfc(_GAPS.sub("", text))
    if len(value) != 13:
        raise ValueError("rfc")
    return value


def parse_nss(text: str) -> str:
    """Eleven digits with Luhn, written with or without gaps. Raises ValueError."""
    value = _GAPS.sub("", text)
    if not (value.isascii() and value.isdigit() and len(value) == 11 and luhn.is_valid(value)):
        raise ValueError("nss")
    return value


def parse_clabe(text: str) -> str:
    """Eighteen digits, with or without gaps; weights 3, 7, 1, each product mod 10 (Banxico).
    Raises ValueError."""
    value = _GAPS.sub("", text)
    if not (value.isascii() and value.isdigit() and len(value) == 18):
        raise ValueError("clabe")
    total = sum(int(d) * _CLABE_WEIGHTS[i % 3] % 10 for i, d in enumerate(value[:17]))
    if (10 - total % 10) % 10 != int(value[17]):
        raise ValueError("clabe")
    return value


def find_bank(clabe: str) -> str | None:
    """The name of the bank that a CLABE's first three digits stand for (Banxico's participants of
    SPEI, as the ``clabe`` package has them); None for one that isn't known."""
    return BANK_NAMES.get(BANKS.get(clabe[:3], ""))


def parse_card(text: str) -> str:
    """A card number of 15 or 16 digits, with or without gaps, with Luhn. Raises ValueError."""
    value = _GAPS.sub("", text)
    if not (value.isascii() and value.isdigit() and len(value) in (15, 16)):
        raise ValueError("card")
    if not luhn.is_valid(value):
        raise ValueError("card")
    return value


def parse_phone(text: str) -> str:
    """E.164, from a number with its country: after ``+``, or ``00`` and ``011`` as dialled from
    Mexico and the United States. Ten digits alone could be either's and are refused. ``+52 1`` is
    no longer valid and is read as ``+52``. Raises ValueError."""
    value = re.sub(r"^(00|011)(?=[\s().-]*[1-9])", "+", text.strip())
    value = re.sub(r"^\+\s*52\s*1\s*(?=(\D*\d){10}\D*$)", "+52", value)
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        raise ValueError("phone") from None
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise ValueError("phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def parse_mexican_phone(text: str) -> str:
    """E.164 of a number in Mexico: ten digits, alone or after the country's code. Raises
    ValueError."""
    digits = re.sub(r"[\s().-]+", "", text)
    national = digits.isascii() and digits.isdigit() and len(digits) == 10
    value = parse_phone(f"+52{digits}" if national else text)
    if not value.startswith("+52"):
        raise ValueError("phone")
    return value


def format_phone(number: str) -> str:
    """An E.164 number in groups, as people read it aloud."""
    parsed = phonenumbers.parse(number, None)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


# Typed on whatever key is at hand, and no letter to a comparison: apostrophes straight, curly and
# modifier (ʹ ʻ ʼ ʽ ʾ ʿ), grave and acute, glottal stops, saltillo, and the dot of Catalan.
APOSTROPHES = (
    "'`\u00b4\u00b7\u0241\u0242\u0294\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8"
    "\u2018\u2019\u201b\u2032\ua78b\ua78c\uff07"
)
# Letters of living languages that Unicode doesn't take apart, each before its ASCII: as ICAO 9303
# writes them in passports, but for Ø, which is O in Mexican banking.
_LETTERS = (
    "æae œoe ßss þth øo đd ðd ħh łl ŧt ıi ŋn ĸk əe ǝe ɛe ɇe ɓb ƀb ɗd ɖd ƒf ɣg ǥg ɨi ɩi ƙk ɲn ɔo ɵo"
    " ɍr ʉu ʊu ʋv ƴy ƶz ʒz"
)
_LATIN = re.compile(r"LATIN (?!SUBSCRIPT)|(FEMININE|MASCULINE) ORDINAL")
# Named one by one: str.translate asks for each letter, and takes ten times as long over one that it
# doesn't find.
_AS_THEY_ARE = {chr(code): chr(code) for code in range(0x180)}
_FORMERLY = str.maketrans(_AS_THEY_ARE)
_COMPARED = str.maketrans(
    {
        **_AS_THEY_ARE,
        **dict.fromkeys(APOSTROPHES, ""),
        **{pair[0]: pair[1:] for pair in _LETTERS.split()},
    }
)
_NO_SURNAME = frozenset(
    {
        "x", "xx", "xxx", "n a", "s a", "s n", "lnu", "none", "no second surname",
        "not applicable", "ninguno", "ninguna", "no tiene", "no hay", "no aplica", "sin apellido",
        "sin apellidos", "sin segundo apellido", "sin apellido materno", "sin materno",
    }
)  # fmt: skip


def normalise_name(*parts: str | None) -> str:
    """Names for comparison: ASCII small letters and digits, single spaces, no apostrophes.

    The same stands in SQL as ``normal_name``.
    """
    return _normal(parts, _COMPARED)


def compact_name(*parts: str | None) -> str:
    """As `normalise_name`, without spaces: "O Relling" is "Orelling", "de la Cruz" "Delacruz"."""
    return normalise_name(*parts).replace(" ", "")


def former_normal_name(*parts: str | None) -> str:
    """What `normalise_name` was when keys were first stored: apostrophes and Ł made other names."""
    return _normal(parts, _FORMERLY)


def means_no_surname(text: str | None) -> bool:
    """Whether the text is what people write where there is none: X, N/A, a dash, SIN APELLIDO."""
    blank = all(c.isspace() or unicodedata.category(c).startswith("P") for c in text or "")
    return blank or normalise_name(text) in _NO_SURNAME


def unwritable_in_name(text: str) -> str | None:
    """The first character that names in Latin documents don't have, or None.

    Letters of other scripts only look like ours and would make another person; neither they nor
    phonetic signs could be written in a payment order.
    """
    return next(filterfalse(_in_names, text), None)


@cache
def _in_names(character: str) -> bool:
    if character.isascii():
        return character.isalpha() or character in " -.,/()'`"
    if character in APOSTROPHES or unicodedata.category(character) in ("Zs", "Pd"):
        return True
    accent = "\u0300" <= character <= "\u036f" and unicodedata.combining(character) > 0
    ours = accent or _LATIN.match(unicodedata.name(character, "")) is not None
    return ours and normalise_name(character).isascii()


def _normal(parts: Iterable[str | None], table: Mapping[int, str]) -> str:
    joined = " ".join(part for part in parts if part).translate(table)
    # Taken apart before and after: some letters show their case only then (ᴶ), some folded ones
    # fall apart again.
    folded = unicodedata.normalize("NFKD", joined).casefold()
    plain = unicodedata.normalize("NFKD", folded).translate(table)
    return " ".join(plain.translate(_EACH_COMPARED).split())


@lru_cache(maxsize=1024)
def _compared(character: str) -> str:
    """A letter or digit as it is, a space for the rest; accents, and characters that don't show,
    make no other name."""
    if character.isalnum():
        return character
    mark = unicodedata.combining(character) or unicodedata.category(character) == "Cf"
    return "" if mark and not character.isascii() else " "


class _EachCompared(dict[int, str]):
    """For str.translate; letters and accents of our names stand in it already."""

    def __missing__(self, code: int) -> str:
        return _compared(chr(code))


_EACH_COMPARED = _EachCompared(
    {code: _compared(chr(code)) for code in (*range(0x80), *range(0x300, 0x370))}
)
