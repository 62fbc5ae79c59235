"""Official identifiers are taken when they are right, and lookalikes never."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.identifiers import (
    curp_birth_date,
    find_bank,
    normalise_name,
    parse_card,
    parse_clabe,
    parse_curp,
    parse_mexican_phone,
    parse_nss,
    parse_phone,
    parse_rfc,
)

Parser = Callable[[str], str]

# Value, whether it is taken, where the example comes from.
CURPS = [
    ("BOXW310820HNERXN09", True, "python-stdnum's documentation; born abroad (NE)"),
    ("BOXW310820HNERXN08", False, "python-stdnum's documentation: check digit"),
    ("HEGG560427MVZRRL04", True, "Wikipedia, «Clave Única de Registro de Población»"),
    ("SABC560626MDFLRN01", True, "CURPSuite's documentation"),
    ("SABC560626MDFLRN09", False, "the same with a wrong check digit"),
]
RFCS = [
    ("GODE561231GR8", True, "SAT and IFAI: example of GOMEZ DIAZ EMMA"),
    ("MAB9307148T4", True, "python-stdnum's documentation"),
    ("VACE460910SX6", True, "python-stdnum's documentation: only without the check digit"),
    ("SAT970701NN3", True, "the tax authority's own"),
    ("IMS421231I45", True, "the social security institute's own"),
    ("EKU9003173C9", True, "SAT's public test certificates"),
    ("XIA190128J61", True, "SAT's public test certificates"),
    ("KIJ0906199R1", True, "SAT's public test certificates"),
    ("XAXX010101000", True, "generic for the public; its check digit fails"),
    ("XEXX010101000", True, "generic for foreigners"),
]
NSS = [
    ("12345678903", True, "catalogmx's documentation"),
    ("39806201015", False, "Luhn asks for 6"),
]
CLABES = [
    ("002010077777777771", True, "Banamex's sample"),
    ("646180157000000004", True, "STP's sample"),
    ("032180000118359719", True, "Wikipedia; the bank is retired, the digit is good"),
    ("012180001234567895", False, "the digit should be 9"),
]
VECTORS: list[tuple[Parser, str, bool, str]] = [
    *((parse_curp, *row) for row in CURPS),
    *((parse_rfc, *row) for row in RFCS),
    *((parse_nss, *row) for row in NSS),
    *((parse_clabe, *row) for row in CLABES),
]
GOOD = [(parse, value) for parse, value, taken, _ in VECTORS if taken]


def _taken(parse: Parser, value: str) -> bool:
    try:
        parse(value)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(("parse", "value", "taken", "source"), VECTORS)
def test_published_examples(parse: Parser, value: str, taken: bool, source: str) -> None:
    assert _taken(parse, value) is taken, source


@pytest.mark.parametrize(("parse", "value"), GOOD)
def test_small_letters_and_spaces_around_are_forgiven(parse: Parser, value: str) -> None:
    assert parse(f" {value.lower()} ") == value


HOMOGLYPHS = str.maketrans(
    {"A": "А", "B": "В", "C": "С", "E": "Е", "H": "Н", "M": "М", "N": "Ν", "O": "О", "X": "Х",
     "S": "ſ", "I": "ı", "K": "K"}
)  # fmt: skip


@pytest.mark.parametrize(("parse", "value"), GOOD)
def test_lookalike_letters_of_other_alphabets_are_refused(parse: Parser, value: str) -> None:
    for at, letter in enumerate(value):
        other = letter.translate(HOMOGLYPHS)
        if other != letter:
            assert not _taken(parse, value[:at] + other + value[at + 1 :]), (value, letter)


@pytest.mark.parametrize(("parse", "value"), GOOD)
@pytest.mark.parametrize("zero", [0xFF10, 0x0660, 0x0966, 0x1D7CE])
def test_digits_of_other_scripts_are_refused(parse: Parser, value: str, zero: int) -> None:
    for at, digit in enumerate(value):
        if digit.isdecimal():
            foreign = chr(zero + int(digit))
            assert unicodedata.decimal(foreign) == int(digit)
            assert not _taken(parse, value[:at] + foreign + value[at + 1 :]), at


@pytest.mark.parametrize("parse", [parse_curp, parse_rfc, parse_nss, parse_clabe, parse_card])
@pytest.mark.parametrize("text", ["", " ", "\0", "0" * 400, "\ud800", "{{7*7}}", "' OR 1=1 --"])
def test_what_is_no_identifier_is_refused(parse: Parser, text: str) -> None:
    assert not _taken(parse, text)


@pytest.mark.parametrize(
    "value", ["BOXW311320HNERXN09", "BOXW310231HNERXN09", "BOXW310820ZNERXN09"]
)
def test_a_curp_without_such_a_day_or_sex_is_refused(value: str) -> None:
    assert not _taken(parse_curp, value)


@given(st.integers(0, 16), st.sampled_from("0123456789"))
def test_a_clabe_with_one_wrong_digit_is_refused(at: int, digit: str) -> None:
    good = "032180000118359719"
    changed = good[:at] + digit + good[at + 1 :]
    assert _taken(parse_clabe, changed) == (changed == good)


@given(st.integers(0, 10), st.sampled_from("0123456789"))
def test_an_nss_with_one_wrong_digit_is_refused(at: int, digit: str) -> None:
    good = "12345678903"
    changed = good[:at] + digit + good[at + 1 :]
    assert _taken(parse_nss, changed) == (changed == good)


def test_a_curp_tells_the_century_of_birth() -> None:
    assert curp_birth_date("HEGG560427MVZRRL04") == date(1956, 4, 27)
    assert curp_birth_date("HEGG010427MVZRRLA4") == date(2001, 4, 27)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("+52 1 55 1234 5678", "+525512345678"),
        ("+5215512345678", "+525512345678"),
        ("0052 1 55 1234 5678", "+525512345678"),
        ("+52 55 1234 5678", "+525512345678"),
        ("001-213-351-6800", "+12133516800"),
        ("011 52 55 1234 5678", "+525512345678"),
        ("+52 56 1234 5678", "+525612345678"),
        ("+1 213 351 6800", "+12133516800"),
        ("+34 915 55 55 55", "+34915555555"),
    ],
)
def test_telephone_numbers_end_in_one_form(typed: str, read: str) -> None:
    assert parse_phone(typed) == read


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "12",
        "teléfono",
        "+999 1",
        "+52",
        "9" * 60,
        "\0",
        "(213) 351-6800",
        "5512345678",
        "+1 351 6800",
    ],
)
def test_what_can_be_no_telephone_number_is_refused(typed: str) -> None:
    assert not _taken(parse_phone, typed)


@pytest.mark.parametrize("typed", ["(213) 351-6800", "5512345678", "+1 351 6800"])
def test_a_number_that_could_be_of_two_countries_is_refused(typed: str) -> None:
    assert not _taken(parse_phone, typed)


def test_names_compare_without_accents_case_and_signs() -> None:
    assert normalise_name("  José   María", "NÚÑEZ", None) == "jose maria nunez"
    assert normalise_name("Jose\u0301") == normalise_name("José")


@pytest.mark.parametrize("hidden", ["\u200b", "\u200d", "\u202e", "\u00ad", "\ufeff", "\u2060"])
def test_characters_that_dont_show_make_no_other_name(hidden: str) -> None:
    assert normalise_name(f"A{hidden}na", f"{hidden}Demo") == normalise_name("Ana", "Demo")


@given(st.text(max_size=30))
def test_a_normalised_name_stays_as_it_is(text: str) -> None:
    once = normalise_name(text)
    assert normalise_name(once) == once


@pytest.mark.parametrize(
    "typed",
    ["5512345678", "55 1234 5678", "(55) 1234-5678", "+52 1 55 1234 5678", "+52 55 1234 5678",
     "00 52 55 1234 5678"],
)  # fmt: skip
def test_a_mexican_telephone_is_ten_digits_whatever_stands_before(typed: str) -> None:
    assert parse_mexican_phone(typed) == "+525512345678"


@pytest.mark.parametrize(
    "typed", ["+1 213 555 0123", "551234567", "55123456789", "５５１２３４５６７８"]
)
def test_no_other_country_and_no_other_length_is_a_mexican_telephone(typed: str) -> None:
    assert not _taken(parse_mexican_phone, typed)


def test_an_account_is_read_with_hyphens_and_spaces_and_names_its_bank() -> None:
    assert parse_clabe("032-180-00011835971-9") == parse_clabe("032 180 0001 1835 9719")
    assert find_bank("002010077777777771") == "Banamex"
    assert find_bank("999180000118359719") is None
