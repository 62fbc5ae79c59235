"""A person is sealed, found again and opened in one way, whoever keeps them."""

from __future__ import annotations

import ast
import os
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from services.citizens.people import (
    SEALED,
    PersonData,
    change_person,
    full_name,
    make_person,
    name_keys,
    open_person,
    person_keys,
)
from services.kernel.clock import system_clock
from services.kernel.crypto import Vault

VAULT = Vault({1: os.urandom(32)}, os.urandom(32))
ANA = PersonData(
    "Ana", "Demo", "Núñez", date(1990, 5, 12), "MEX", "DENA900512MDFMXN07", "ana@example.org"
)
ROOT = Path(__file__).parents[2]


def test_a_person_opens_as_they_were_named() -> None:
    person = make_person(ANA, account=None, now=system_clock(), vault=VAULT)
    assert open_person(person, VAULT) == ANA
    assert full_name(person) == full_name(ANA) == "Ana Demo Núñez"


def test_identifiers_and_contacts_dont_stand_in_the_row() -> None:
    person = make_person(ANA, account=None, now=system_clock(), vault=VAULT)
    stored = repr([value for name, value in vars(person).items() if name != "_sa_instance_state"])
    assert str(ANA.curp) not in stored
    assert str(ANA.email) not in stored


def test_without_a_key_sealed_values_are_gone() -> None:
    person = make_person(ANA, account=None, now=system_clock(), vault=VAULT)
    person.data_key = None
    assert open_person(person, VAULT) == replace(ANA, curp=None, email=None)


def test_the_name_index_is_the_first_of_the_persons_keys() -> None:
    for data in (ANA, replace(ANA, curp=None), replace(ANA, birth_date=None, curp=None)):
        person = make_person(data, account=None, now=system_clock(), vault=VAULT)
        assert person.name_index == person_keys(data, VAULT)[0] == name_keys(person, VAULT)[0]


def test_a_change_keeps_what_isnt_given() -> None:
    person = make_person(ANA, account=None, now=system_clock(), vault=VAULT)
    change_person(person, PersonData("Anna", "Demo", None, None, phone="+13105550100"), VAULT)
    assert open_person(person, VAULT) == replace(
        ANA, given_names="Anna", second_surname=None, phone="+13105550100"
    )
    assert person.name_index == name_keys(person, VAULT)[0]


def test_a_person_is_the_same_whatever_the_accents_and_case() -> None:
    one = person_keys(replace(ANA, curp=None), VAULT)
    same = replace(ANA, given_names="ANA ", second_surname="nunez", curp=None)
    assert one == person_keys(same, VAULT)
    assert one != person_keys(replace(same, birth_date=date(1990, 5, 13)), VAULT)
    assert one != person_keys(replace(same, second_surname=None), VAULT)


def test_a_person_with_a_curp_is_still_found_by_name() -> None:
    by_name, both = person_keys(replace(ANA, curp=None), VAULT), person_keys(ANA, VAULT)
    assert both[:1] == by_name
    assert len(set(both)) == 2


@pytest.mark.parametrize("folder", ["services", "consular", "workers"])
def test_nobody_else_seals_or_indexes_people(folder: str) -> None:
    """Neither the columns' places nor the kinds of their indexes stand anywhere else."""
    words = {f"people.{name}" for name in SEALED} | {"person.name", "person.curp", "curp_index"}
    faults = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / folder).rglob("*.py")
        if path.name not in ("people.py", "models.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in words
    ]
    assert faults == []
