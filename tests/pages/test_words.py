"""One word for one thing, in Spanish as people speak it and in English as in the United States."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog

from consular.i18n import read_catalogue
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Bilingual
from services.monitoring.indicators import INDICATORS
from tests.factories.web import Web

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "consular" / "templates"
# What isn't said, and what is instead.
SPANISH = {
    r"\b[Vv]alen? (\d|%|durante|una sola)": "Sirve",
    r"^Lugar:?$": "Oficina",
    r"\b[Tt]raer\b|^Trae\b": "llevar",
    r"concuerda con": "coincide con",
    r"\bcita viva\b|\bcitas vivas\b": "cita vigente",
    r"\bmétodo\b": "página",
    r"[Ee]nvío[^.]*\bcancelada\b": "cancelado",
}
ENGLISH = {
    r"\b[Cc]ancell(ed|ing)\b": "canceled, canceling",
    r"\b[Ee]nrol(s|ment|ments)?\b": "enroll, enrollment",
    r"\b[Pp]rogrammes?\b": "program",
    r"\b[Cc]entres?\b": "center",
    r"\b\w+[lstn]is(e|ed|ing|ation)\b(?<!otherwise)(?<!revised)": "-ize",
    r"\b([Cc]olour|[Ff]avour|[Hh]onour)": "color",
    r"\b[Tt]ravelling\b|\b[Tt]ravelled\b": "traveling",
    r"\b[Ww]hilst\b|\bany more\b|\b[Bb]y post\b|\b[Mm]obile phone\b": "while, by mail",
    r"\b[Ee]-mail": "email",
    r"\b[Cc]heque\b|\b[Pp]ost ?code\b": "check, ZIP code",
    r"\b[Dd]riving licence|\b[Ll]icence\b": "driver's license",
    r"\b[Ww]orking days?\b": "business days",
    r"\b[Cc]atalogue\b|\b[Cc]ut-off\b|’": "catalog, cutoff, '",
    r"\b[Tt]hese data\b|\b[Dd]ata (were|are)\b": "this information, data is",
}


def _sources() -> list[str]:
    return [str(each) for message in read_catalogue("en") if message.id
            for each in _forms(message.id)] + [text.es for text in _programs()]  # fmt: skip


def _translations() -> list[str]:
    return [str(each) for message in read_catalogue("en") if message.id
            for each in _forms(message.string)]  # fmt: skip


def _programs() -> list[Bilingual]:
    """Every text of the programs of enrollment."""
    return list(_texts_in(list(PROGRAMS.values())))


def _texts_in(part: Any) -> Iterator[Bilingual]:
    if isinstance(part, Bilingual):
        yield part
    elif is_dataclass(part):
        yield from _texts_in(list(vars(part).values()))
    elif isinstance(part, dict | list | tuple):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from _texts_in(inner)


def test_every_text_of_a_program_is_in_both_languages() -> None:
    assert len(_programs()) > 10
    assert all(text.es and text.en for text in _programs())


def _forms(text: object) -> list[str]:
    return [str(each) for each in text] if isinstance(text, tuple | list) else [str(text)]


@pytest.mark.parametrize(("banned", "said"), SPANISH.items())
def test_one_word_for_one_thing_in_spanish(banned: str, said: str) -> None:
    assert [text for text in _sources() if re.search(banned, text)] == [], said


@pytest.mark.parametrize(("banned", "said"), ENGLISH.items())
def test_english_is_that_of_the_united_states(banned: str, said: str) -> None:
    assert [text for text in _translations() if re.search(banned, text)] == [], said


def _reference() -> Iterator[str]:
    """The English of what offices, services, published figures and programs are called."""
    for file in ROOT.glob("services/*/data/*.csv"):
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                yield from (row[name] or "" for name in row if name and name.endswith("_en"))
    for indicator in INDICATORS.values():
        yield from (indicator.name_en, indicator.counts_en)
    yield from (text.en for text in _programs())


@pytest.mark.parametrize(("banned", "said"), ENGLISH.items())
def test_reference_data_are_in_english_of_the_united_states(banned: str, said: str) -> None:
    assert [text for text in _reference() if re.search(banned, text)] == [], said


def _prose(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        for name, value in document.items():
            if name in ("summary", "description", "title") and isinstance(value, str):
                yield value
            else:
                yield from _prose(value)
    elif isinstance(document, list):
        for value in document:
            yield from _prose(value)


def test_the_contract_is_in_english_of_the_united_states(web: Web) -> None:
    said = list(_prose(web.client.get("/api/openapi.json").get_json()))
    assert said
    assert [text for text in said for banned in ENGLISH if re.search(banned, text)] == []


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    return read_catalogue("en")


@pytest.mark.parametrize(
    "words",
    [
        "Cada persona puede tener una cita vigente por trámite."
        " Si quieres otro día u hora, cámbiala: el lugar se conserva hasta confirmar.",
        "No pudimos abrir esta página",
        "La CURP no coincide con tu fecha de nacimiento",
        "Tu familia recibe %(amount)s",
        "Qué llevar",
        "Oficina",
    ],
)
def test_it_is_said_in_these_words(catalogue: Catalog, words: str) -> None:
    assert catalogue.get(words) is not None


def test_a_transfer_is_cancelado_and_an_appointment_cancelada(web: Web) -> None:
    with web.app.test_request_context("/"):
        panels = web.app.jinja_env.get_template("components/panels.html").make_module()
        assert ">Cancelado<" in panels.status("cancelled", "remittances")
        assert ">Cancelada<" in panels.status("cancelled", "appointments")


def test_every_status_that_a_page_shows_says_what_it_is_of() -> None:
    """A transfer's is never said in the words of an appointment's."""
    call = r"panels\.status(?:_timeline)?\("
    of = call + r'(\w+)\.(?:status|history), "(\w+)"'
    pages = {file.name: file.read_text(encoding="utf-8") for file in TEMPLATES.rglob("*.html")}
    shown = [(name, *each) for name, page in pages.items() for each in re.findall(of, page)]
    assert len(shown) == sum(len(re.findall(call, page)) for page in pages.values())
    named = [(name, thing, of) for name, thing, of in shown if thing not in ("item", "found")]
    assert [each for each in named if each[2] != f"{each[1]}s"] == []
    assert ("lookup.html", "remittance", "remittances") in shown


def test_the_price_says_what_the_family_receives_in_pesos(web: Web) -> None:
    for language, said in (("es", "5,478.21 pesos"), ("en", "5,478.21 pesos")):
        with web.app.test_request_context(f"/?lang={language}"):
            pesos = web.app.jinja_env.filters["pesos"]({"amount": "5478.21", "currency": "MXN"})
        assert pesos.replace("\N{NO-BREAK SPACE}", " ") == said


def test_a_page_opened_with_the_wrong_method_says_so_without_the_word(web: Web) -> None:
    page = web.client.put("/citas/nueva")
    assert page.status_code == 405
    assert "No pudimos abrir esta página" in page.text
    assert "método" not in page.text
