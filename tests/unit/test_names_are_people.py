"""One person is one name, whatever key its apostrophe was typed on; nobody's letters are lost."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from datetime import date

import pytest
from marshmallow import ValidationError

from consular.input.fields import Name, SecondSurname
from integrations.contracts import PayoutChannel, PayoutOrder
from integrations.finabien.wire import UnencodableOrder, ascii_upper, order_body
from integrations.latin import take_apart
from integrations.simulator.names import Person, agrees
from services.citizens.people import PersonData, person_keys
from services.kernel.crypto import Vault
from services.kernel.identifiers import (
    APOSTROPHES,
    compact_name,
    former_normal_name,
    means_no_surname,
    normalise_name,
    parse_curp,
    unwritable_in_name,
)

ORDER = PayoutOrder(
    folio="R00000000000",
    amount_minor=100,
    channel=PayoutChannel.BRANCH,
    beneficiary_given_names="Rosa",
    beneficiary_first_surname="Demo",
    beneficiary_second_surname=None,
    account=None,
    sender_name="Ana Demo",
    concept="",
)
VAULT = Vault({1: b"m" * 32}, b"i" * 32)
BORN = date(1990, 5, 12)
# Every letter and sign that a name may have: what the field takes, of all of Unicode.
TAKEN = [
    chr(code)
    for code in range(0x20, 0x1FFFF)
    if unicodedata.category(chr(code)) not in ("Cs", "Cn") and not unwritable_in_name(chr(code))
]


@pytest.mark.parametrize("mark", APOSTROPHES)
def test_an_apostrophe_is_one_mark_on_whatever_key_it_was_typed(mark: str) -> None:
    assert normalise_name(f"D{mark}Amico") == "damico"
    assert Name().deserialize(f"D{mark}Amico") == unicodedata.normalize("NFC", f"D{mark}Amico")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("D'Amico", "DAmico"), ("Łukasz", "Lukasz"), ("Weiß", "WEISS"), ("Ørsted", "Orsted"),
        ("Gal·la", "Galla"), ("Núñez", "NUNEZ"), ("Pérez-Gil", "Perez Gil"), ("Æsir", "aesir"),
        ("Óscar  Iván", "oscar ivan"), ("Ma.", "Ma"), ("M.ª", "m ª"),
    ],
)  # fmt: skip
def test_marks_and_letters_of_other_languages_make_no_other_person(one: str, other: str) -> None:
    assert normalise_name(one) == normalise_name(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("O Relling", "Orelling"), ("D/AMICO", "D'Amico"), ("de la Cruz", "Delacruz")],
)
def test_spaces_are_forgiven_where_names_are_looked_up(one: str, other: str) -> None:
    assert compact_name(one) == compact_name(other)
    assert normalise_name(one) != normalise_name(other)


@pytest.mark.parametrize("name", ["D'Amico", "Dʼamico", "Łukasz", "Dꞌamico"])
def test_a_key_of_before_is_claimed_beside_the_one_of_now(name: str) -> None:
    keys = person_keys(PersonData("Ana", name, None, BORN), VAULT)
    before = VAULT.blind_index(
        "person.name", f"{former_normal_name('Ana', name)}|{BORN.isoformat()}"
    )
    now = VAULT.blind_index("person.name", f"{normalise_name('Ana', name)}|{BORN.isoformat()}")
    assert keys == [now, before]


@pytest.mark.parametrize("name", ["Núñez", "Pérez-Gil", "de la Cruz", "Weiß"])
def test_other_names_keep_the_one_key_that_they_had(name: str) -> None:
    [key] = person_keys(PersonData("Ana", name, None, BORN), VAULT)
    said = f"{former_normal_name('Ana', name)}|{BORN.isoformat()}"
    assert key == VAULT.blind_index("person.name", said)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "-", "—", ".", "..", "X", "x", "XXX", "N/A", "n.a.", "S/A", "SIN APELLIDO",
     "Sin  segundo apellido", "no tiene", "Ninguno", "LNU"],
)  # fmt: skip
def test_no_second_surname_is_one_however_it_is_said(typed: str) -> None:
    assert means_no_surname(typed)
    assert SecondSurname().deserialize(typed) is None
    assert SecondSurname().deserialize(None) is None


@pytest.mark.parametrize("name", ["Ó", "Y", "Na", "Xu", "Null", "Equis", "Nadal", "D'Amico"])
def test_a_short_surname_is_a_surname(name: str) -> None:
    assert SecondSurname().deserialize(name) == name
    assert Name().deserialize(name) == name


@pytest.mark.parametrize("typed", ["SIN APELLIDO", "N/A", "no tiene", ".", "-"])
def test_a_first_surname_cant_be_a_word_for_none(typed: str) -> None:
    with pytest.raises(ValidationError):
        Name().deserialize(typed)


@pytest.mark.parametrize("typed", ["Ana 2", "Ana 😀", "😀", "Ana_", "An@", "Анна", "安娜", "Ana ʘ"])
def test_what_no_name_has_is_refused_and_named(typed: str) -> None:
    for field in (Name(), SecondSurname()):
        with pytest.raises(ValidationError) as refused:
            field.deserialize(typed)
        assert str(unwritable_in_name(typed)) in str(refused.value.messages[0])


@pytest.mark.parametrize("name", ["María  José", " Ma. ", "Pérez-Gil", "D’Amico", "A"])
def test_a_name_is_kept_as_typed(name: str) -> None:
    assert Name().deserialize(name) == name.strip()


def test_every_letter_a_name_may_have_can_be_written_in_a_payment() -> None:
    letters = [c for c in TAKEN if c.isalpha() and c not in APOSTROPHES]
    assert len(letters) > 600
    for letter in letters:
        written = ascii_upper(letter, 39)
        assert re.fullmatch("[A-Z ]+", written), letter
        assert written.replace(" ", "") == compact_name(letter).upper(), letter


def test_every_name_taken_is_plain_once_normal() -> None:
    for character in TAKEN:
        assert normalise_name(f"a{character}b").isascii(), character


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Łukasz", "LUKASZ"), ("Weiß", "WEISS"), ("Ørsted", "ORSTED"), ("Þór Ðað", "THOR DAD"),
        ("D'Amico", "D AMICO"), ("D’Amico", "D AMICO"), ("Dʼamico", "D AMICO"),
        ("Dꞌamico", "D AMICO"), ("Nguyễn", "NGUYEN"), ("İpek Işık", "IPEK ISIK"),
        ("Œuvrard", "OEUVRARD"), ("Jose\u0301", "JOSE"),
    ],
)  # fmt: skip
def test_payout_names_keep_every_letter(name: str, written: str) -> None:
    body = order_body(replace(ORDER, beneficiary_given_names=name, sender_name=name))
    assert body["nombreOrdenante"] == written
    assert body["nombreBeneficiario"].startswith(written)


@pytest.mark.parametrize("name", ["Анна Demo", "Ana ʘ Demo", "安 Demo"])
def test_a_name_that_would_lose_a_letter_is_not_sent(name: str) -> None:
    assert any(c.isalnum() and not c.isascii() for c in take_apart(name))
    with pytest.raises(UnencodableOrder):
        order_body(replace(ORDER, sender_name=name))


@pytest.mark.parametrize(
    ("curp", "person"),
    [
        # The second letter of a surname of one letter; an apostrophe's place; Ñ; a word that was
        # kept by people registered before it was unsuitable.
        (
            "OXAR970122MVZXLS09",
            Person("Rosa Guadalupe", "O Relling", "Alvarado", date(1997, 1, 22)),
        ),
        ("XARA891014HJCNDL02", Person("Alberto", "Ñando", "Rodríguez", date(1989, 10, 14))),
    ],
)
def test_curps_of_unusual_names_are_taken(curp: str, person: Person) -> None:
    assert parse_curp(curp) == curp
    assert agrees(curp, person)


def test_a_curp_that_kept_an_unsuitable_word_is_taken() -> None:
    body = "CACO560427MVZRRL0"
    digits = [d for d in "0123456789" if _taken(body + d)]
    assert len(digits) == 1
    assert agrees(body + digits[0], Person("Olga", "Carrasco", "Cortés", date(1956, 4, 27)))
    changed = "CXCO" + body[4:]
    assert any(_taken(changed + d) for d in "0123456789")


@pytest.mark.parametrize("surname", ["D/AMICO", "D'Amico"])
@pytest.mark.parametrize("letters", ["DXAJ", "DAAJ"])
def test_a_sign_in_a_surname_counts_as_x_or_not_at_all(surname: str, letters: str) -> None:
    person = Person("Juan", surname, "Alvarez", date(1989, 10, 14))
    assert agrees(f"{letters}891014HJCNDL02", person)


def _taken(curp: str) -> bool:
    try:
        parse_curp(curp)
    except ValueError:
        return False
    return True
