"""Names are compared with CURP and RFC by the letters that the rule defines, and by no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.simulator.names import Person, agrees, make_curp, make_rfc
from services.citizens.people import PersonData
from services.enrollments.warnings import list_warnings
from services.kernel.identifiers import curp_birth_date, parse_curp, parse_rfc
from services.kernel.name_checks import KeyDifference, curp_differences, rfc_differences
from tests.factories.name_vectors import CURPS, RFCS, NamedKey

BORN = date(1985, 3, 14)
MARIA = PersonData("María Ernestina Rafaela", "Contreras", "Morales", date(1972, 11, 10))


def _person(named: NamedKey, born: date = BORN) -> PersonData:
    return PersonData(named.given_names, named.first_surname, named.second_surname, born)


def _ids(rows: Sequence[NamedKey]) -> list[str]:
    return [f"{row.key}-{row.given_names}-{row.first_surname}" for row in rows]


def _fields(differences: Sequence[KeyDifference]) -> list[str]:
    return [difference.field for difference in differences]


@pytest.mark.parametrize("named", CURPS, ids=_ids(CURPS))
def test_a_curp_given_by_the_rule_differs_in_nothing(named: NamedKey) -> None:
    assert parse_curp(named.key) == named.key
    assert curp_differences(_person(named), named.key) == [], named.why


@pytest.mark.parametrize("named", CURPS, ids=_ids(CURPS))
def test_the_simulated_register_reads_them_alike(named: NamedKey) -> None:
    names = (named.given_names, named.first_surname, named.second_surname)
    assert agrees(named.key, Person(*names, curp_birth_date(named.key))), named.why


@pytest.mark.parametrize("named", RFCS, ids=_ids(RFCS))
def test_an_rfc_given_by_the_rule_differs_in_nothing(named: NamedKey) -> None:
    assert parse_rfc(named.key) == named.key
    born = date(1900 + int(named.key[4:6]), int(named.key[6:8]), int(named.key[8:10]))
    assert rfc_differences(_person(named, born), named.key) == [], named.why


@pytest.mark.parametrize(
    ("curp", "field", "actual", "expected"),
    [
        # The third given name in place of the second; MARÍA, which another name follows.
        ("COMR721110MVZNRF03", "given_names", "RF", "ER"),
        ("COMM721110MVZNRR03", "given_names", "MR", "ER"),
        ("COVE721110MVZNRR03", "second_surname", "VR", "MR"),
        ("COXE721110MVZNXR03", "second_surname", "XX", "MR"),
        ("MOME721110MVZRRR03", "first_surname", "MOR", "CON"),
    ],
)
def test_a_difference_names_the_field_and_the_letters(
    curp: str, field: str, actual: str, expected: str
) -> None:
    [difference] = curp_differences(MARIA, curp)
    assert difference == KeyDifference("curp_name_differs", field, actual, expected)


def test_a_surname_that_the_curp_doesnt_have_is_named() -> None:
    without = replace(MARIA, second_surname=None)
    [difference] = curp_differences(without, "COME721110MVZNRR03")
    assert (difference.field, difference.expected) == ("second_surname", "XX")


def test_surnames_the_other_way_round_are_both_named() -> None:
    turned = replace(MARIA, first_surname="Morales", second_surname="Contreras")
    assert _fields(curp_differences(turned, "COME721110MVZNRR03")) == [
        "first_surname",
        "second_surname",
    ]


@pytest.mark.parametrize("letter", "HMX")
def test_no_sex_is_compared(letter: str) -> None:
    assert curp_differences(MARIA, f"COME721110{letter}VZNRR03") == []


@pytest.mark.parametrize(
    ("place", "state", "agrees"),
    [
        ("VZ", "VZ", True), ("DF", "VZ", False), ("MX", "VZ", True), ("MX", "NE", False),
        ("US", "NE", True), ("US", "VZ", False), (None, "VZ", True), ("us", "NE", True),
        # Coahuila and Chile have the same code.
        ("CL", "CL", True), ("CL", "NE", True), ("CL", "VZ", False), ("California", "VZ", True),
    ],
)  # fmt: skip
def test_a_place_of_birth_is_compared_by_state(place: str | None, state: str, agrees: bool) -> None:
    person = replace(MARIA, birth_place=place)
    differences = curp_differences(person, f"COME721110M{state}NRR03")
    assert _fields(differences) == ([] if agrees else ["birth_place"])


def test_places_17_and_18_are_not_compared() -> None:
    for end in ("00", "99", "A1", "Z9"):
        assert curp_differences(MARIA, f"COME721110MVZNRR{end}") == []


def test_an_rfc_of_other_names_or_another_day_is_told() -> None:
    emma = PersonData("Emma", "Gómez", "Díaz", date(1956, 12, 31))
    [difference] = rfc_differences(emma, "GODA561231GR8")
    assert difference == KeyDifference("rfc_name_differs", "rfc", "GODA", "GODE")
    [difference] = rfc_differences(replace(emma, birth_date=date(1957, 12, 31)), "GODE561231GR8")
    assert (difference.code, difference.field) == ("rfc_birth_date_differs", "rfc")
    # A company's, and the one for the general public.
    for other in ("EKU9003173C9", "XAXX010101000"):
        assert "rfc_name_differs" in {d.code for d in rfc_differences(emma, other)}


def test_warnings_are_of_both_keys() -> None:
    maria = replace(MARIA, curp="COMR721110MVZNRF02")
    warnings = list_warnings(maria, {"rfc": "GODE561231GR8"})
    assert [w.code for w in warnings] == [
        "curp_name_differs", "rfc_name_differs", "rfc_birth_date_differs",
    ]  # fmt: skip
    for unreadable in ({}, {"rfc": None}, {"rfc": "no"}):
        assert _fields(list_warnings(maria, unreadable)) == ["given_names"]
    assert list_warnings(replace(MARIA, curp=None), {}) == []


def test_an_rfc_that_fails_its_own_digit_is_asked_about() -> None:
    emma = PersonData("Emma", "Gómez", "Díaz", date(1956, 12, 31))
    assert list_warnings(emma, {"rfc": "GODE561231GR8"}) == []
    [warning] = list_warnings(emma, {"rfc": "GODE561231GR7"})
    assert (warning.code, warning.field) == ("rfc_check_digit_differs", "rfc")


NAMES = st.lists(
    st.sampled_from(
        ["José", "María", "Ma.", "de", "la", "Xóchitl", "Ñuño", "O", "Mac", "Ügarte", "Ek",
         "Mendoza", "Cruz", "Ich"]
    ),
    min_size=1,
    max_size=3,
).map(" ".join)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(NAMES, NAMES, st.none() | NAMES, st.dates(date(1901, 1, 1), date(2026, 1, 1)))
def test_what_the_simulator_derives_is_what_we_expect(
    given_names: str, first: str, second: str | None, born: date
) -> None:
    person = Person(given_names, first, second, born)
    data = PersonData(given_names, first, second, born)
    assert curp_differences(data, make_curp(person, "H")) == []
    assert rfc_differences(data, make_rfc(person)) == []


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=20), st.text(max_size=20), st.none() | st.text(max_size=20))
def test_no_text_whatever_is_too_odd_to_compare(
    given_names: str, first: str, second: str | None
) -> None:
    person = PersonData(given_names, first, second, BORN)
    curp_differences(person, "COME721110MVZNRR03")
    rfc_differences(person, "GODE561231GR8")
