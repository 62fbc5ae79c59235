"""Compare a person's names with the letters of their CURP and RFC.

CURP: Instructivo Normativo para la Asignación de la CURP (DOF, 18 October 2021), the annex on how
the key is composed. RFC: SAT's instruction for natural persons' keys. Letters are compared where
these rules define them and nowhere else: nobody's key is composed here. Where offices read a name
in several ways (a hyphen, an apostrophe), each way is as good. A difference is something to ask
about, never a reason to refuse: registers hold errors, and keys given before a rule was.
Why so: docs/decisions, "names and official keys".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Protocol

from stdnum.exceptions import InvalidComponent, ValidationError
from stdnum.mx import curp as stdnum_curp
from stdnum.mx import rfc as stdnum_rfc

from services.kernel.identifiers import APOSTROPHES, normalise_name

_PARTICLES = frozenset(
    {
        "DA", "DAS", "DE", "DEL", "DER", "DI", "DIE", "DD", "EL", "LA", "LOS", "LAS", "LE", "LES",
        "MAC", "MC", "VAN", "VON", "Y",
    }
)  # fmt: skip
# Skipped where another given name follows: so many people have them that keys would collide.
_COMMON_GIVEN = frozenset(["JOSE", "JO", "J", "MARIA", "MA", "M"])
_VOWELS = "AEIOU"
_CONSONANTS = "BCDFGHJKLMNPQRSTVWXYZ"
# Stands in a reading for a sign that counts as a letter: the rule writes X for it.
_SIGN = "/"
# Which places of a CURP, from 0, each part of the name decides.
CURP_PLACES = {"first_surname": (0, 1, 13), "second_surname": (2, 14), "given_names": (3, 15)}


class Named(Protocol):
    """Whatever has a person's names: a row, a command, a form's answers."""

    @property
    def given_names(self) -> str: ...
    @property
    def first_surname(self) -> str: ...
    @property
    def second_surname(self) -> str | None: ...


class Keyed(Named, Protocol):
    """A person as their documents name them, with what official keys derive from."""

    @property
    def birth_date(self) -> date | None: ...
    @property
    def birth_place(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class KeyDifference:
    """A key doesn't follow from what was told in ``field``: it has the letters ``actual`` where
    the rule gives ``expected``."""

    code: str
    field: str
    actual: str = ""
    expected: str = ""


def curp_differences(person: Keyed, curp: str) -> list[KeyDifference]:
    """List where a CURP of good form differs from the person's names and place of birth.

    Its date of birth is no matter of reading (`identifiers.curp_birth_date`), and its sex is not
    asked: H, M and X are all right. Places 17 and 18 are RENAPO's own.
    """
    differences = []
    for field, places in CURP_PLACES.items():
        actual = "".join(curp[place] for place in places)
        expected = _curp_letters(person, field)
        if expected and actual not in {*expected, *_softened(expected, curp)}:
            differences.append(KeyDifference("curp_name_differs", field, actual, expected[0]))
    if _born_elsewhere(person.birth_place, curp[11:13]):
        differences.append(KeyDifference("curp_birth_place_differs", "birth_place", curp[11:13]))
    return differences


def rfc_differences(person: Keyed, rfc: str) -> list[KeyDifference]:
    """List where an RFC of good form differs from the person's names and birth date."""
    actual, born = rfc[:-9].replace("Ñ", "X"), rfc[-9:-3]
    expected = _rfc_letters(person)
    differences = []
    if expected and actual not in {*expected, *map(_without_word, expected)}:
        differences.append(KeyDifference("rfc_name_differs", "rfc", actual, expected[0]))
    if person.birth_date and born != f"{person.birth_date:%y%m%d}":
        differences.append(KeyDifference("rfc_birth_date_differs", "rfc", born))
    return differences


def rfc_miscopied(rfc: str) -> list[KeyDifference]:
    """Say that an RFC of good form differs from its own check digit. About 1.5 % of those in use
    do: it may be right all the same."""
    if stdnum_rfc.calc_check_digit(rfc[:-1]) == rfc[-1]:
        return []
    return [KeyDifference("rfc_check_digit_differs", "rfc", rfc[-1])]


def _curp_letters(person: Keyed, field: str) -> list[str]:
    """The letters that the part of the name may give, the most usual reading first."""
    if field == "given_names":
        return _combined(map(_first_given, _readings(person.given_names)), _CONSONANTS)
    if field == "second_surname":
        second = (reading[0] for reading in _readings(person.second_surname))
        return _combined(second, _CONSONANTS) or ["XX"]
    first = (reading[0] for reading in _readings(person.first_surname))
    return _combined(first, _VOWELS, _CONSONANTS)


def _combined(words: Iterable[str], *inner: str) -> list[str]:
    """A word's initial and its first inner letters of each kind, each by any of its readings: a
    sign may have counted for one of them and not for another."""
    readings = [(word[0], *(_inner(word, letters) for letters in inner)) for word in words]
    if not readings:
        return []
    return _distinct("".join(letters) for letters in product(*zip(*readings, strict=True)))


def _softened(expected: Iterable[str], curp: str) -> list[str]:
    """Letters of a first surname with X for its vowel, where the first four would be a word that
    the rule doesn't let stand. People registered before that rule keep the word."""
    return [
        f"{letters[0]}X{letters[2]}"
        for letters in expected
        if len(letters) == 3 and not _suitable(letters[:2] + curp[2:4])
    ]


def _suitable(letters: str) -> bool:
    return stdnum_curp.is_valid(f"{letters}000101HNEXXXA0", validate_check_digits=False)


def _born_elsewhere(place: str | None, state: str) -> bool:
    """Whether a CURP's state can't be the place, which is a country (ISO 3166) or a state's code
    in CURPs; some are both."""
    code = (place or "").upper()
    if len(code) != 2:
        return False
    if code == "MX":
        return state == "NE"
    is_state = stdnum_curp.is_valid(f"XXXX000101H{code}XXXA0", validate_check_digits=False)
    return state != "NE" and not (is_state and state == code)


def _rfc_letters(person: Keyed) -> list[str]:
    surnames, seconds = _readings(person.first_surname), _readings(person.second_surname)
    read = product(surnames, seconds or [()], _readings(person.given_names))
    return _distinct(
        _four(first[0], second, _first_given(given_name)) for first, second, given_name in read
    )


def _four(surname: str, second: tuple[str, ...], given_name: str) -> str:
    """With one surname, two letters of each name; a first surname of one or two letters gives but
    one."""
    if not second:
        letters = surname.ljust(2, "X")[:2] + given_name.ljust(2, "X")[:2]
    elif len(surname) <= 2:
        letters = surname[0] + second[0][0] + given_name.ljust(2, "X")[:2]
    else:
        letters = surname[0] + _inner(surname, _VOWELS) + second[0][0] + given_name[0]
    return letters.replace(_SIGN, "X")


def _without_word(letters: str) -> str:
    """With X for the last letter, where the four are a word that the rule doesn't let stand."""
    try:
        stdnum_rfc.validate(f"{letters}000101")
    except InvalidComponent:
        return f"{letters[:3]}X"
    except ValidationError:
        pass
    return letters


def _first_given(words: tuple[str, ...]) -> str:
    return words[1] if len(words) > 1 and words[0] in _COMMON_GIVEN else words[0]


def _inner(word: str, letters: str) -> str:
    """The first of ``letters`` after the initial, X for a sign or when there is none."""
    inner = next((letter for letter in word[1:] if letter in letters or letter == _SIGN), "X")
    return inner.replace(_SIGN, "X")


def _readings(name: str | None) -> list[tuple[str, ...]]:
    """A name's words that count, with its signs left out, as signs, and as spaces."""
    plain = _plain(name or "")
    words = (_counted(plain.replace(_SIGN, sign)) for sign in ("", _SIGN, " "))
    return list(dict.fromkeys(reading for reading in words if reading))


def _counted(plain: str) -> tuple[str, ...]:
    """The name's words without particles, unless it has no others."""
    words = [word for part in plain.split() if (word := part.strip(_SIGN))]
    return tuple(word for word in words if word not in _PARTICLES) or tuple(words)


def _plain(name: str) -> str:
    """Capital letters, X for Ñ, spaces, and a sign for each apostrophe, hyphen and slash."""
    abbreviated = name.replace(".ª", "a").replace(".º", "o")
    return "".join(_letter(character) for character in unicodedata.normalize("NFC", abbreviated))


def _letter(character: str) -> str:
    if character in "Ññ":
        return "X"
    if character in APOSTROPHES or character == "/" or unicodedata.category(character) == "Pd":
        return _SIGN
    if unicodedata.combining(character):
        return ""
    return normalise_name(character).upper() or " "


def _distinct(letters: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(letters))
