"""An analyst writes the report of a session page by page, with the keyboard alone and no script;
another signs it, and whoever holds the file sees that it is the signed one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.api.calls import steady_web
from tests.factories.keyboard import choose, follow, reach, staff_page
from tests.factories.web import Web, served
from tests.servers import Addresses

pytestmark = pytest.mark.browser

BUTTON = "main form .btn-primary"
SRE = "Secretaría de Relaciones Exteriores"


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("session")) as running:
        yield running


def _says(page: Page, words: str) -> None:
    page.wait_for_load_state()
    assert words in page.inner_text("main"), page.inner_text("main")


def _answer(page: Page, question: str, **fields: str) -> None:
    """Fill in a page, its fields from top to bottom, and go on."""
    _says(page, question)
    for name, text in fields.items():
        reach(page, f"#f-{name}")
        page.fill(f"#f-{name}", text) if "-" in text[4:5] else page.keyboard.type(text)
    follow(page, BUTTON)


def _go_on(page: Page, question: str) -> None:
    _says(page, question)
    follow(page, "main .actions a.btn-primary")


def test_an_analyst_writes_it_and_another_signs_it(browser: Browser, web: Web) -> None:
    with served(web) as address:
        page = staff_page(browser, web, "analyst", address, 1280, scripts=False)
        page.goto(f"{address}/monitoring/sessions")
        _says(page, "Sesiones de la Comisión")
        reach(page, "#f-number")
        page.keyboard.press("Control+A")
        page.keyboard.type("11")
        follow(page, BUTTON)
        _answer(page, "¿Qué día fue la sesión?", held_on="2026-12-10")
        _answer(page, "¿Dónde fue?", place="Sede de la Cancillería")
        _answer(page, "¿De qué días informa?", **{"from": "2026-11-01", "to": "2027-01-31"})
        _answer(page, "¿Qué dependencias asistieron?", came=SRE)
        _answer(page, "¿Cuál fue el orden del día?", items="Resultados de los grupos")
        _go_on(page, "No hay acuerdos abiertos")
        for group in range(1, 7):
            _answer(page, f"¿Qué informa el Grupo {group}?")
        _says(page, "¿Qué acordó esta sesión?")
        follow(page, "main .actions a.btn-outline-primary")
        _answer(
            page, "Agregar un acuerdo", agreed="Publicar el informe", responsible=SRE,
            due="2027-01-15",
        )  # fmt: skip
        _go_on(page, "11/1 Publicar el informe")
        _says(page, "¿Qué tablas van al final?")
        choose(page, "[name='c-services-by-office']")
        follow(page, BUTTON)
        _says(page, "Prepararlo para firma")
        session = page.url
        follow(page, "form[action$='/prepare'] .btn")
        _says(page, "Falta que otra persona de análisis lo firme")
        page.context.close()
        other = staff_page(browser, web, "analyst", address, 1280, scripts=False, who="other")
        other.goto(session)
        follow(other, "form[action$='/sign'] .btn")
        _says(other, "Versión 1, firmada")
        signed = other.request.get(f"{session}/report.pdf?language=es&version=1").body()
        follow(other, "main a[href$='/numbers/4/5']")
        _says(other, "igual que en el informe")
        follow(other, "main a[href*='as_of=']")
        _says(other, "Corte:")
        other.goto(session)
        follow(other, "main a[href^='/verify/report/']")
        _says(other, hashlib.sha256(signed).hexdigest())
        other.context.close()
