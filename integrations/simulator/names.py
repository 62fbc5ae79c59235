"""CURP and RFC from a person's name and birth date, as the published rules derive them.

CURP: Instructivo normativo para la asignación de la CURP (DOF 18 October 2021). RFC: the rules that
SAT handed out through IFAI (python-stdnum's `mx.rfc` links them). Only the simulator derives
identifiers: the product never invents one for a real person.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from stdnum.exceptions import InvalidComponent
from stdnum.mx import curp as stdnum_curp
from stdnum.mx import rfc as stdnum_rfc

from integrations.latin import take_apart

PARTICLES = re.compile(r"D(A|AS|E|EL|ER|I|IE|D)|EL|L(A|OS|AS|E|ES)|MA?C|VAN|VON|Y")
COMMON_GIVEN = frozenset(["JOSE", "JO", "J", "MARIA", "MA", "M"])
VOWELS = "AEIOU"
_CURP = re.compile(r"[A-Z]{4}[0-9]{6}[HMX][A-Z]{5}[0-9A-Z][0-9]")
# SAT leaves out zero and the letter O; the first of the two never goes past V.
_FIRST_HOMOCLAVE = "123456789ABCDEFGHIJKLMNPQRSTUV"
_SECOND_HOMOCLAVE = "123456789ABCDEFGHIJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Person:
    """Names and birth date, from which both identifiers derive."""

    given_names: str
    first_surname: str
    second_surname: str | None
    birth_date: date


def words(name: str | None) -> list[str]:
    """The words that count: upper case, accents off, Ñ kept, particles dropped unless alone."""
    whole = unicodedata.normalize("NFC", name or "").replace(".ª", "a").upper()
    kept = "".join(_plain(letter) for letter in whole)
    parts = re.sub(r"[^A-ZÑ ]", "", re.sub(r"[-.]", " ", kept)).split()
    return [word for word in parts if not PARTICLES.fullmatch(word)] or parts


def _plain(letter: str) -> str:
    if letter in "Ñ -.":
        return letter
    return take_apart(letter).strip().upper()


def _given_name(person: Person, *, skip_common: bool = True) -> str:
    names = words(person.given_names)
    if skip_common and len(names) > 1 and names[0] in COMMON_GIVEN:
        return names[1]
    return names[0] if names else "X"


def _first(name: str | None) -> str:
    return (words(name) or ["X"])[0]


def _inner(word: str, letters: str) -> str:
    """The first of `letters` after the initial, X when there is none."""
    return next((letter for letter in word[1:] if letter in letters), "X")


def _initials(person: Person) -> str:
    letters = _letters(person)
    return letters if _suitable_curp(letters) else _with_x(letters)


def _letters(person: Person, *, skip_common: bool = True) -> str:
    surname = _first(person.first_surname)
    return (
        surname[0]
        + _inner(surname, VOWELS)
        + _first(person.second_surname)[0]
        + _given_name(person, skip_common=skip_common)[0]
    ).replace("Ñ", "X")


def _with_x(letters: str) -> str:
    return f"{letters[0]}X{letters[2:]}"


def _suitable_curp(letters: str) -> bool:
    return stdnum_curp.is_valid(f"{letters}000101HNEXXXA0", validate_check_digits=False)


def make_curp(person: Person, sex: str, state: str = "NE", homonym: str | None = None) -> str:
    """A CURP with its check digit. `sex` is H, M or X; `state` a CURP state code, NE abroad."""
    consonants = "BCDFGHJKLMNÑPQRSTVWXYZ"
    body = (
        _initials(person)
        + person.birth_date.strftime("%y%m%d")
        + sex
        + state
        + _inner(_first(person.first_surname), consonants)
        + _inner(_first(person.second_surname), consonants)
        + _inner(_given_name(person), consonants)
    ).replace("Ñ", "X")
    body += homonym or ("0" if person.birth_date.year < 2000 else "A")
    return body + stdnum_curp.calc_check_digit(body)


def well_formed(curp: str) -> bool:
    """Form, date, state and check digit hold. Sex X counts, which python-stdnum does not know."""
    if not _CURP.fullmatch(curp):
        return False
    # Letters that spell an unsuitable word are kept by people registered before that rule.
    known = f"XXXX{curp[4:10]}{'H' if curp[10] == 'X' else curp[10]}{curp[11:]}"
    return (
        stdnum_curp.is_valid(known, validate_check_digits=False)
        and stdnum_curp.calc_check_digit(curp[:17]) == curp[17]
    )


def agrees(curp: str, person: Person) -> bool:
    """Whether the CURP's initials and birth date are this person's.

    Tolerant where registries differ: JOSE and MARIA may count or not, an unsuitable word may stand
    or have its X, a sign within the first surname (D'AMICO, D/AMICO) may count as X; inner
    consonants are not compared.
    """
    expected = {_letters(person, skip_common=skip) for skip in (True, False)}
    if re.search(r"\w[^\w\s]", person.first_surname):
        expected |= {_with_x(letters) for letters in expected}
    expected |= {_with_x(letters) for letters in expected if not _suitable_curp(letters)}
    return curp[:4] in expected and stdnum_curp.get_birth_date(curp) == person.birth_date


def make_rfc(person: Person) -> str:
    """A synthetic RFC: real first ten characters and check digit, invented homoclave."""
    letters = _rfc_letters(person)
    day = person.birth_date.strftime("%y%m%d")
    try:
        stdnum_rfc.validate(letters + day)
    except InvalidComponent:
        letters = letters[:3] + "X"
    body = letters + day + _homoclave(person)
    return body + stdnum_rfc.calc_check_digit(body)


def _rfc_letters(person: Person) -> str:
    surname, given_name = _first(person.first_surname), _given_name(person)
    second = words(person.second_surname)
    if not second:
        return (surname + "X")[:2] + (given_name + "X")[:2]
    if len(surname) <= 2:
        return surname[0] + second[0][0] + (given_name + "X")[:2]
    return surname[0] + _inner(surname, VOWELS) + second[0][0] + given_name[0]


def _homoclave(person: Person) -> str:
    names = (person.given_names, person.first_surname, person.second_surname or "")
    text = "|".join(names).upper() + person.birth_date.isoformat()
    seed = hashlib.sha256(text.encode()).digest()
    first = _FIRST_HOMOCLAVE[seed[0] % len(_FIRST_HOMOCLAVE)]
    return first + _SECOND_HOMOCLAVE[seed[1] % len(_SECOND_HOMOCLAVE)]
