"""What is typed into a session's report in Spanish is said in English in its English PDF."""

from __future__ import annotations

import re
from html import unescape
from io import BytesIO
from typing import Any

import pikepdf
import pytest

from tests.factories.reports import (
    AGENCIES,
    REPORTS,
    analyst,
    made,
    pdf,
    sign,
    step,
    text_of,
)
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web

ENGLISH = {
    "Sede de la Cancillería": "Headquarters of the Foreign Ministry",
    AGENCIES[0]: "Ministry of Foreign Affairs",
    AGENCIES[1]: "Ministry of the Interior",
    "Lista de asistencia": "Roll call",
    "Resultados de los grupos de trabajo": "Results of the working groups",
    "Publicar el informe": "Publish the report",
}


def pairs(*left_out: str) -> list[dict[str, str]]:
    return [{"es": es, "en": en} for es, en in ENGLISH.items() if es not in left_out]


def known(web: Web, id: str) -> dict[str, str | None]:
    """What the API says of each typed text."""
    report = web.call("GET", f"{REPORTS}/{id}", token=analyst(web)).get_json()
    return {each["es"]: each["en"] for each in report["english"]}


def fields(page: str) -> dict[str, str]:
    """The name of each text's field, by the text."""
    labels = re.findall(r'<label [^>]*for="f-(en-[^"]+)"><span lang="es">([^<]+)</span>', page)
    return {unescape(text): name for name, text in labels}


def write(browser: Browser, id: str, **english: str) -> str:
    """Fill in the step as it stands, but for these; the report's page."""
    address = f"/monitoring/sessions/{id}/steps/english"
    page = browser.get(address).text
    filled = dict(re.findall(r'<input [^>]*name="(en-[^"]+)"[^>]*value="([^"]*)"', page))
    names = fields(page)
    changed = {names[text]: said for text, said in english.items()}
    return browser.send(address, **{**filled, **changed}).text


def marked(document: bytes, language: str) -> list[str]:
    """The languages that parts of a tagged PDF say they are in, but for its own."""
    with pikepdf.open(BytesIO(document)) as opened:
        said = [str(each.Lang) for each in opened.objects if _has_language(each)]
    return [each for each in said if each.partition("-")[0] != language]


def _has_language(thing: Any) -> bool:
    return isinstance(thing, pikepdf.Dictionary) and "/S" in thing and "/Lang" in thing


def test_the_english_report_says_in_english_what_was_typed(web: Web) -> None:
    id = made(web, english=pairs())["id"]
    assert known(web, id) == ENGLISH
    text = text_of(pdf(web, id, language="en"))
    for spanish, english in ENGLISH.items():
        assert english in text, english
        assert spanish not in text, spanish
    spanish_report = text_of(pdf(web, id, language="es"))
    for spanish, english in ENGLISH.items():
        assert spanish in spanish_report, spanish
        assert english not in spanish_report, english
    assert marked(pdf(web, id, language="en"), "en") == []


def test_what_has_no_english_stays_spanish_and_is_marked_and_counted(web: Web) -> None:
    id = made(web, english=pairs("Publicar el informe", "Lista de asistencia"))["id"]
    document = pdf(web, id, language="en")
    assert "Publicar el informe Ministry of Foreign Affairs" in text_of(document)
    assert set(marked(document, "en")) == {"es"}
    browser = staff_browser(web.app, "analyst")
    assert "2 textos no tienen inglés todavía" in browser.get(f"/monitoring/sessions/{id}").text
    page = write(browser, id, **{"Publicar el informe": "Publish it"})
    assert "1 texto no tiene inglés todavía" in page
    assert "1 cifra<" in page
    assert "10 cifras<" in page
    page = write(browser, id, **{"Lista de asistencia": "Roll call"})
    assert "Todo tiene inglés" in page
    assert "1 Roll call" in text_of(pdf(web, id, language="en")).replace("1. ", "1 ")
    write(browser, id, **{"Publicar el informe": ""})
    assert known(web, id)["Publicar el informe"] is None
    browser.client.set_cookie("lang", "en")
    shown = browser.get(f"/monitoring/sessions/{id}/steps/english").text
    assert "1 text has no English yet" in shown


def test_an_english_that_is_too_long_is_refused_beside_its_text(web: Web) -> None:
    id = made(web)["id"]
    browser = staff_browser(web.app, "analyst")
    page = write(browser, id, **{"Lista de asistencia": "x" * 1001})
    assert "Lista de asistencia: usa de 1 a 1000 caracteres." in unescape(page)
    assert "x" * 1001 in page, "what was typed isn't cleared"
    assert known(web, id)["Lista de asistencia"] is None


def test_the_same_words_have_their_english_in_the_next_session(web: Web) -> None:
    made(web, 11, english=pairs("Lista de asistencia"))
    following = made(web, 12, english=[{"es": "Lista de asistencia", "en": "Attendance"}])
    said = {each["es"]: each["en"] for each in following["english"]}
    assert said == {**ENGLISH, "Lista de asistencia": "Attendance"}


def test_what_is_signed_keeps_its_english_and_another_is_an_amendment(web: Web) -> None:
    browser = staff_browser(web.app, "analyst")
    id = made(web, english=pairs("Publicar el informe"))["id"]
    sign(web, id)
    signed = pdf(web, id, language="en", version="1")
    refused = browser.post(f"/monitoring/sessions/{id}/steps/english", **{"en-0": "x"})
    assert refused.status_code == 303
    assert pdf(web, id, language="en") == signed, "nothing of it changes"
    assert step(web, id, "amend", body={"reason": "Faltaba el inglés"}).status_code == 200
    write(browser, id, **{"Publicar el informe": "Publish the report"})
    write(browser, id, **{"Faltaba el inglés": "The English was missing"})
    sign(web, id)
    text = text_of(pdf(web, id, language="en"))
    assert "Why: The English was missing" in text
    assert "In English: Publish the report — Publish the report" in text
    assert pdf(web, id, language="en", version="1") == signed


def test_over_the_api_a_draft_gets_its_english_later(web: Web) -> None:
    id = made(web, english=pairs("Publicar el informe"))["id"]
    later = [
        {"es": "Publicar el informe", "en": "Publish the report"},
        {"es": "Lista de asistencia", "en": None},
    ]
    answer = step(web, id, "english", body={"english": later})
    assert answer.status_code == 200, answer.text
    said = {**ENGLISH, "Lista de asistencia": None}
    assert {each["es"]: each["en"] for each in answer.get_json()["english"]} == said
    assert known(web, id) == said
    assert "Publish the report" in text_of(pdf(web, id, language="en"))


@pytest.mark.parametrize(
    "english",
    [
        None,
        [{"es": "Lista de asistencia"}],
        [{"es": "Lista de asistencia", "en": ""}],
        [{"es": "Nadie lo escribió", "en": "Nobody typed it"}],
    ],
)
def test_an_english_of_nothing_that_is_typed_is_refused(web: Web, english: Any) -> None:
    id = made(web)["id"]
    before = known(web, id)
    assert step(web, id, "english", body={"english": english}).status_code == 422
    assert known(web, id) == before


def test_what_is_prepared_keeps_its_english_over_the_api_too(web: Web) -> None:
    id = made(web, english=pairs())["id"]
    assert step(web, id, "prepare").status_code == 200
    other = [{"es": "Lista de asistencia", "en": "Attendance"}]
    assert step(web, id, "english", body={"english": other}).status_code == 409
    assert known(web, id) == ENGLISH


@pytest.mark.parametrize("pair", [{"es": "Sede"}, {"es": "Sede", "en": ""}, "Sede"])
def test_a_pair_that_is_none_is_refused(web: Web, pair: Any) -> None:
    body = {"number": 77, "english": [pair]}
    assert web.call("POST", REPORTS, body, token=analyst(web)).status_code == 422
