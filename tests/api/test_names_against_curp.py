"""Names that differ from the CURP are warned about, and taken; a CURP that can't be is refused."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from services.kernel.identifiers import compact_name, curp_birth_date
from tests.factories.name_vectors import CURPS, NamedKey
from tests.factories.web import Web

ERNESTINA = NamedKey("María Ernestina Rafaela", "Contreras", "Morales", "COME721110MVZNRR03", "")


def _ask(web: Web, named: NamedKey, language: str = "es", **changes: Any) -> TestResponse:
    applicant = {
        "given_names": named.given_names,
        "first_surname": named.first_surname,
        "second_surname": named.second_surname,
        "birth_date": curp_birth_date(named.key).isoformat(),
        "curp": named.key,
        **changes,
    }
    body = {"program": "rfc", "applicant": applicant, "consents": ["transfer_to_agency"]}
    token = web.token("citizen", subject=f"{named.key}{named.given_names}{named.first_surname}")
    headers = {"Accept-Language": language}
    return web.call("POST", "/enrollments", body, token=token, headers=headers)


def test_every_name_of_the_rule_is_taken_without_a_warning(web: Web) -> None:
    # One of those who are one person, in two spellings or under two keys.
    people = {
        (compact_name(*named[:3]), curp_birth_date(named.key)): named
        for named in {named.key: named for named in CURPS}.values()
    }
    for named in people.values():
        answer = _ask(web, named)
        assert answer.status_code == 202, (named, answer.text)
        assert answer.get_json()["warnings"] == [], named


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"given_names": "María Rafaela"}, "given_names"),
        ({"first_surname": "Contrera Luna"}, None),
        ({"first_surname": "Morales"}, "first_surname"),
        ({"second_surname": "X"}, "second_surname"),
        ({"birth_place": "DF"}, "birth_place"),
        ({"birth_place": "US"}, "birth_place"),
        ({"birth_place": "VZ"}, None),
    ],
)
def test_a_difference_names_its_field_and_stays_with_the_request(
    web: Web, changes: dict[str, str], field: str | None
) -> None:
    answer = _ask(web, ERNESTINA, **changes)
    assert answer.status_code == 202, answer.text
    warnings = answer.get_json()["warnings"]
    assert [warning["field"] for warning in warnings] == ([field] if field else [])
    token = web.token("citizen", subject=f"{ERNESTINA.key}María Ernestina RafaelaContreras")
    kept = web.call("GET", f"/enrollments/{answer.get_json()['id']}", token=token).get_json()
    assert kept["warnings"] == warnings


def test_a_warning_is_in_the_readers_language_and_shows_the_letters(web: Web) -> None:
    [warning] = _ask(web, ERNESTINA, "en", given_names="Rafaela").get_json()["warnings"]
    assert warning["code"] == "curp_name_differs"
    assert "E, R" in warning["detail"]
    assert "given names" in warning["detail"].lower()


@pytest.mark.parametrize("curp", ["ZAZD801124MBSYQN13", "COME721310MVZNRR03", "COME390631MVZNRR03"])
def test_a_curp_that_cant_be_is_refused_by_its_field(web: Web, curp: str) -> None:
    refused = _ask(web, ERNESTINA, curp=curp)
    assert refused.status_code == 422
    assert list(refused.get_json()["errors"]) == ["applicant.curp"]


@pytest.mark.parametrize("absent", [None, "", "-", ".", "X", "SIN APELLIDO"])
def test_no_second_surname_is_one_person_however_it_is_said(web: Web, absent: str | None) -> None:
    named = NamedKey("A", "Ó", None, "OXXA850314MNEXXX03", "")
    assert _ask(web, named, second_surname=absent).get_json()["warnings"] == []
    again = _ask(web, named)
    assert (again.status_code, again.get_json()["code"]) == (409, "already_enrolled")


@pytest.mark.parametrize("surname", ["D'Amico", "D’Amico", "Dʼamico", "D`Amico"])
def test_apostrophes_make_one_person(web: Web, surname: str) -> None:
    named = NamedKey("Juan José", surname, "Álvarez", "DXAJ850314HNEMLN03", "")
    assert _ask(web, named).status_code == 202
    straight = named._replace(first_surname="D'Amico")
    body_of_other = _ask(web, straight)
    assert body_of_other.status_code == 409, body_of_other.text
