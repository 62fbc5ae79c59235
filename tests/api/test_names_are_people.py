"""One person holds one live appointment, in whatever way the name was typed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from tests.factories.web import Web, person


def book(web: Web, subject: str, **names: Any) -> tuple[int, str]:
    answer = web.book(
        web.free()[-1]["start"],
        token=web.token("citizen", subject=subject),
        attendees=[person(**names)],
    )
    return answer.status_code, answer.get_json().get("code", "booked")


@pytest.mark.parametrize(
    ("one", "other"),
    [("D'Amico", "Dʼamico"), ("D’Amico", "DAMICO"), ("Łukasz", "Lukasz"), ("Dꞌamico", "D`Amico")],
)
def test_another_apostrophe_is_no_other_person(web: Web, one: str, other: str) -> None:
    web.session()
    assert book(web, "one", first_surname=one) == (201, "booked")
    assert book(web, "two", first_surname=other) == (409, "identity_check_pending")


@pytest.mark.parametrize("said", ["X", "N/A", "SIN APELLIDO", "", ".", "-"])
def test_no_second_surname_is_one_person_however_it_is_said(web: Web, said: str) -> None:
    web.session()
    assert book(web, "one", second_surname=None) == (201, "booked")
    assert book(web, "two", second_surname=said) == (409, "identity_check_pending")


def test_a_word_for_none_is_not_kept_as_a_surname(web: Web) -> None:
    web.session()
    answer = web.book(
        web.free()[0]["start"],
        token=web.token("citizen"),
        attendees=[person(second_surname="Sin apellido")],
    )
    assert answer.get_json()["attendees"][0]["second_surname"] is None
    token = web.token("officer", "losangeles")
    shown = web.call("GET", f"/appointments/{answer.get_json()['id']}", token=token).get_json()
    assert shown["attendees"][0]["second_surname"] is None


@pytest.mark.parametrize("name", ["D'Amico", "Łukasz"])
def test_whoever_booked_while_marks_made_other_names_still_holds_it(web: Web, name: str) -> None:
    web.session()
    assert book(web, "one", first_surname=name) == (201, "booked")
    with web.database.transaction(NETWORK_SCOPE) as session:
        keys = session.scalars(text("SELECT encode(person_key, 'hex') FROM claims")).all()
        assert len(keys) == 2
        # As a row of before: without the key of now, which the person's row has.
        gone = text(
            "DELETE FROM claims WHERE person_key IN"
            " (SELECT name_index FROM people WHERE NOT holder)"
        )
        assert session.connection().execute(gone).rowcount == 1
    assert book(web, "two", first_surname=name) == (409, "identity_check_pending")


@pytest.mark.parametrize("name", ["María  José", "D’Amico", "Pérez-Gil", "Ma."])
def test_a_name_is_kept_as_it_was_typed(web: Web, name: str) -> None:
    answer = web.call(
        "PATCH",
        "/me",
        {**person(), "given_names": f" {name} "},
        token=web.token("citizen", subject="ana"),
    )
    assert answer.get_json()["given_names"] == name
