"""Whether one can ask for a service: questions without signing in, one answer each."""

from __future__ import annotations

from html import unescape

import pytest

from services.consulates.eligibility import QUESTIONS
from tests.factories.web import Web


def _page(web: Web, address: str) -> str:
    answer = web.client.get(address)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text)


def test_every_service_with_questions_ends_in_what_to_bring_and_a_way_on(web: Web) -> None:
    for code, questions in QUESTIONS.items():
        at = f"/tramites/{code}/puedo"
        for number, question in enumerate(questions, 1):
            page = _page(web, at if number == 1 else f"{at}/{number}")
            assert f"<h1>{question.text.es}</h1>" in page
            assert f"Paso {number} de {len(questions)}" in page
            advice = _page(web, f"{at}/{number}-aviso")
            assert question.advice.es in advice
            assert ("Seguir" in advice) is not question.ends
            others = [other for other in question.services if other != code]
            assert all(f"/citas/oficina?service={other}" in advice for other in others)
        done = _page(web, f"{at}/listo")
        assert "Parece que sí puedes" in done
        assert f"/citas/oficina?service={code}" in done
    assert "/tramites/PAS10/puedo" in _page(web, "/citas/oficina?service=PAS10")


@pytest.mark.parametrize("place", ["0", "9", "x", "9-aviso"])
def test_there_are_no_other_questions(web: Web, place: str) -> None:
    answer = web.client.get(f"/tramites/PAS10/puedo/{place}")
    assert answer.location == "/citas/oficina?service=PAS10"
    assert web.client.get("/tramites/NADA/puedo").status_code == 404
