"""Whether one can ask for a service: questions without signing in, one answer each."""

from __future__ import annotations

from html import unescape

import pytest

from services.consulates.eligibility import QUESTIONS
from services.consulates.loading import read_rows
from services.consulates.ways import find_way
from tests.factories.web import Web


def _page(web: Web, address: str) -> str:
    answer = web.client.get(address)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


def test_no_service_is_left_undecided(web: Web) -> None:
    """Each of the catalog has its questions, or it says why none are asked."""
    rows = {
        row["service_code"]: row
        for row in read_rows("services.consulates", "eligibility.csv", dict)
    }
    codes = [each["code"] for each in web.call("GET", "/services").get_json()["items"]]
    assert sorted(rows) == sorted(codes) == sorted(QUESTIONS)
    assert all(row["source"] for row in rows.values())
    assert sum(map(bool, QUESTIONS.values())) >= 18


def test_every_service_ends_in_one_answer_with_what_to_bring_and_a_way_on(web: Web) -> None:
    for service in web.call("GET", "/services").get_json()["items"]:
        code, at = service["code"], f"/tramites/{service['code']}/puedo"
        assert at in _page(web, f"/citas/oficina?service={code}")
        way = find_way(code)
        if way and way.program:
            assert web.client.get(at).location == f"/inscripciones/{way.program}"
            continue
        for number, question in enumerate(QUESTIONS[code], 1):
            page = _page(web, at if number == 1 else f"{at}/{number}")
            assert f"<h1>{question.text.es}</h1>" in page
            assert f"Paso {number} de {len(QUESTIONS[code])}" in page
            advice = _page(web, f"{at}/{number}-aviso")
            assert question.advice.es in advice
            assert ("Seguir" in advice) is not question.ends
            others = [other for other in question.services if other != code]
            assert all(f"/citas/oficina?service={other}" in advice for other in others)
        done = _page(web, f"{at}/listo" if QUESTIONS[code] else at)
        assert ("Parece que sí puedes" in done) is bool(QUESTIONS[code])
        assert ("No encontramos condiciones para pedirlo" in done) is not bool(QUESTIONS[code])
        assert all(thing in done for thing in service["requirements"])
        assert f"/citas/oficina?service={code}" in done


@pytest.mark.parametrize("place", ["0", "9", "x", "9-aviso"])
def test_there_are_no_other_questions(web: Web, place: str) -> None:
    answer = web.client.get(f"/tramites/PAS10/puedo/{place}")
    assert answer.location == "/citas/oficina?service=PAS10"
    assert web.client.get("/tramites/NADA/puedo").status_code == 404
