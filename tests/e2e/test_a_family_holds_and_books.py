"""A family on a phone, without JavaScript: a child who was saved, a held time, more time, two
services in one visit, one person taken off, then the whole appointment canceled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from services.kernel.settings import Settings
from tests.factories.phone import account_of, citizens_phone
from tests.factories.web import Web, running_web, served, working_day

pytestmark = pytest.mark.browser


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    with running_web(settings) as running:
        desks = [{"name": name, "services": ["PAS3", "MAT"]} for name in "AB"]
        running.session(desks=desks, closes="11:00")
        yield running


def _save_a_child(page: Page, address: str) -> None:
    page.goto(f"{address}/mis-datos/familia")
    page.get_by_role("link", name="Agregar a alguien").click()
    page.get_by_label("Nombre o nombres").fill("Luis")
    page.get_by_label("Primer apellido").fill("Demo")
    for part, value in (("Día", "3"), ("Mes", "2"), ("Año", "2019")):
        page.get_by_label(part).fill(value)
    page.get_by_role("button", name="Guardar").click()
    expect(page.get_by_role("link", name="Luis Demo")).to_be_visible()


def test_a_family_holds_a_time_and_books_two_services(
    browser: Browser, web: Web, tmp_path: Path
) -> None:
    with served(web) as address:
        ana = account_of(web, "ana", first_surname="Demo", email="ana@demo.invalid")
        page = citizens_phone(browser, web, address, ana)
        pictures = iter(range(1, 20))

        def look(name: str) -> None:
            page.wait_for_load_state()
            page.screenshot(path=tmp_path / f"{next(pictures):02d}-{name}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= 360

        _save_a_child(page, address)
        look("family")
        day = working_day().isoformat()
        page.goto(f"{address}/citas/horarios?consulate=losangeles&service=PAS3&from={day}")
        page.get_by_text("Hacer otro trámite en la misma visita").click()
        page.get_by_label("Certificado de Matrícula Consular").check()
        page.get_by_role("button", name="Ver horarios para todo").click()
        look("times")
        page.locator(".times button").first.click()
        expect(page.get_by_text("Te apartamos este horario hasta las")).to_be_visible()
        page.get_by_role("button", name="Agregar a Luis Demo").click()
        look("people")
        page.get_by_role("button", name="minutos más").click()
        expect(page.get_by_role("button", name="minutos más")).to_have_count(0)
        page.get_by_role("button", name="Continuar").click()
        expect(page.get_by_text("Viene alguien menor de edad")).to_be_visible()
        expect(page.get_by_text("Unos 30 minutos por persona")).to_be_visible()
        look("check")
        page.get_by_role("button", name="Reservar cita").click()
        expect(page.get_by_text("Tu cita está reservada")).to_be_visible()
        look("booked")
        page.locator("summary", has_text="Quitar a Luis Demo").click()
        page.get_by_role("button", name="Sí, quitar a Luis Demo").click()
        expect(page.get_by_text("Cancelada").first).to_be_visible()
        page.locator("summary", has_text="Cancelar esta cita").click()
        page.get_by_role("button", name="Sí, cancelar la cita").click()
        expect(page.get_by_text("Esta cita está cancelada")).to_be_visible()
        look("canceled")
