"""RFC, NSS, IMSS and Infonavit in one folder, on a phone 360 pixels wide without JavaScript.

SAT asks for one correction and gives a video appointment on the way, and IMSS waits for a payment;
nothing is written twice.
"""

from __future__ import annotations

import re
import time
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urljoin

import httpx
import pypdfium2
import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from integrations.contracts import PayoutChannel, PayoutOrder
from integrations.finabien.client import FinabienClient
from integrations.simulator.names import Person, make_curp
from tests.factories import files
from tests.factories.instance import Instance, fill, old_phone, press

pytestmark = pytest.mark.browser

# Whoever is called so is asked by the simulated SAT for a correction and stays at its appointment
# until that is said to be over, and pays IMSS by a transfer or never.
SURNAME = "Aclarar Citado Moroso"
NAMES = {"given_names": "Ana", "first_surname": SURNAME, "second_surname": "Prueba"}
BIRTH = {"birth_date-day": 12, "birth_date-month": 5, "birth_date-year": 1990}
CURP = make_curp(Person("Ana", SURNAME, "Prueba", date(1990, 5, 12)), "M")
EMAIL = "ana.plan@demo.invalid"
ACTIVE = "Listo, ya tienes tu registro"


@pytest.fixture(scope="module")
def phone(browser: Browser, instance: Instance) -> Page:
    """Signed in by a code."""
    page = old_phone(browser)
    page.goto(f"{instance.url}/login")
    fill(page, {"contact": EMAIL})
    press(page)
    page.fill("[name=code]", instance.newest_code(EMAIL))
    press(page)
    return page


def _said(page: Page) -> str:
    """The main part; it fits a phone."""
    page.wait_for_load_state()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360, page.url
    return page.inner_text("main")


def _wait_for(page: Page, *words: str) -> str:
    deadline = time.monotonic() + 120
    while not any(each in _said(page) for each in words):
        assert time.monotonic() < deadline, _said(page)
        time.sleep(0.5)
        page.reload()
    return next(each for each in words if each in _said(page))


def _send(page: Page) -> None:
    """The last page of a form."""
    page.check("[name=consents]")
    press(page)


def _folder(page: Page) -> None:
    page.click(".site-nav a[href$='/mi-carpeta']")
    _said(page)


@pytest.fixture(scope="module")
def walked(phone: Page, instance: Instance) -> dict[str, Any]:
    """The whole way; the tests look at what it left."""
    done: dict[str, Any] = {}
    _folder(phone)
    phone.check("[name=program][value=infonavit]")
    press(phone)
    fill(phone, {**NAMES, **BIRTH, "curp": CURP, "email": EMAIL})
    phone.select_option("[name=consulate]", "losangeles")
    _send(phone)
    done["asked"] = _wait_for(phone, "Hay algo que corregir", ACTIVE)
    _upload_what_is_asked_for(phone)
    # What is asked for stands there with what was written.
    press(phone)
    _wait_for(phone, "Tienes una cita")
    done["appointment"] = _said(phone).replace("\u00a0", " ")
    done["call"] = _leads_to(phone, "Entrar a la videollamada")
    _try_the_camera(phone)
    _end_appointment(instance)
    _wait_for(phone, ACTIVE)
    _nss(phone)
    done |= _imss(phone, instance)
    _infonavit(phone)
    _folder(phone)
    done["end"] = _said(phone)
    return done


def _upload_what_is_asked_for(page: Page) -> None:
    """A proof of address, looked at; then back to the request."""
    request = page.url
    page.click("#f-documents")
    _said(page)
    page.click("a[href$='/subir/other']")
    _said(page)
    photo = FilePayload(name="recibo.jpg", mimeType="image/jpeg", buffer=files.jpeg())
    page.set_input_files("[name=file]", photo)
    press(page)
    assert "¿Es el correcto y se lee bien?" in _said(page)
    press(page)
    assert "recibo" in _said(page)
    page.get_by_role("link", name="Terminé").click()
    _said(page)
    assert page.url.partition("?")[0] == request.partition("?")[0]
    expect(page.locator("main")).to_contain_text("ya está")


def _leads_to(page: Page, name: str) -> str:
    return page.get_by_role("link", name=name).get_attribute("href") or ""


def _try_the_camera(page: Page) -> None:
    """What leads there leads back."""
    request = page.url
    page.get_by_role("link", name="Prueba antes tu cámara y tu micrófono").click()
    assert "cámara" in _said(page)
    page.goto(request)


def _end_appointment(instance: Instance) -> None:
    effects = httpx.get(f"{instance.simulator}/_simulator/effects?agency=sat").json()
    [item] = effects["items"]
    told = httpx.post(f"{instance.simulator}/_simulator/people/{item['folio']}/appointment")
    assert told.status_code == 303


def _nss(page: Page) -> None:
    _folder(page)
    press(page)
    assert page.input_value("[name=curp]") == CURP
    _send(page)
    _wait_for(page, ACTIVE)


def _imss(page: Page, instance: Instance) -> dict[str, str]:
    _folder(page)
    press(page)
    # Who it is and the numbers are known: the form begins where something is missing.
    page.select_option("[name=data-state]", "JC")
    fill(page, {"data-municipality": "Tlaquepaque"})
    press(page)
    fill(page, {"data-occupation": "Cocinera", "data-income": "12000"})
    press(page)
    page.check("[name=data-period][value=monthly]")
    press(page)
    page.check("[name=data-has_family][value=no]")
    press(page)
    expect(page.locator("main")).to_contain_text(CURP)
    _send(page)
    _wait_for(page, "Falta tu pago")
    line, amount = _answered(page, "Línea de captura"), _answered(page, "Cuánto")
    shown = page.locator("figure").filter(has=page.locator("svg")).inner_text()
    _somebody_pays(instance, line.replace(" ", ""), amount)
    _wait_for(page, ACTIVE)
    covered = {"from": _answered(page, "Con cobertura desde")}
    covered["to"] = _answered(page, "Con cobertura hasta")
    assert f"Te cubre hasta el {covered['to']}." in _said(page)
    return {**covered, "proof": _proof(page), "line": line, "barcode": shown}


def _somebody_pays(instance: Instance, line: str, amount: str) -> None:
    """The line, at Finabien's window."""
    pesos = re.sub(r"[^0-9.]", "", amount)
    cents = int(Decimal(pesos) * 100)
    order = PayoutOrder(
        "RPAGALINEA22", cents, PayoutChannel.DUES, "Ana", "Aclarar", None, line, "Beto", "Cuotas"
    )
    url, token = f"{instance.simulator}/finabien", instance.value("CONSULAR_FINABIEN_TOKEN")
    with FinabienClient(url, token) as finabien:
        finabien.submit(order)


def _answered(page: Page, label: str) -> str:
    """What stands beside a label of the page's list of answers."""
    row = page.locator("dl.answers > div").filter(has=page.get_by_text(label, exact=True))
    return row.locator("dd").inner_text()


def _proof(page: Page) -> str:
    """The words of the proof that the page offers."""
    address = page.get_by_role("link", name="Constancia en PDF").get_attribute("href")
    answer = page.request.get(urljoin(page.url, address or ""))
    assert answer.headers["content-type"] == "application/pdf"
    sheets = pypdfium2.PdfDocument(answer.body())
    words = [sheet.get_textpage().get_text_range() for sheet in sheets]
    return " ".join(" ".join(words).split())


def _infonavit(page: Page) -> None:
    _folder(page)
    press(page)
    fill(page, {"data-amount": "600"})
    # How often was told to IMSS.
    press(page)
    _send(page)
    _wait_for(page, ACTIVE)


def test_sat_asked_for_one_correction(walked: dict[str, Any]) -> None:
    assert walked["asked"] == "Hay algo que corregir"


def test_the_appointment_was_shown_by_both_clocks_with_its_link(walked: dict[str, Any]) -> None:
    clocks = r"a las \d+:00 [ap]\. m\. \(hora de Los Ángeles\), 10:00 a\. m\. \(hora de la Ciudad"
    assert re.search(clocks, walked["appointment"])
    assert walked["call"].startswith("https://videocita.sat.example.org/")


def test_the_payment_line_was_there_with_its_barcode_before_it_was_paid(
    walked: dict[str, Any],
) -> None:
    assert re.fullmatch(r"(\d{4} ){5}\d{4}", walked["line"])
    assert walked["line"] in walked["barcode"]


def test_the_plan_is_done_to_its_end(walked: dict[str, Any]) -> None:
    assert "Ya tienes todo lo de tu plan." in walked["end"]
    assert walked["end"].count("Listo") == 4
    assert "AAPA900512" in walked["end"]


def test_imss_says_from_when_to_when_it_covers_and_the_proof_says_so_too(
    walked: dict[str, Any],
) -> None:
    assert re.fullmatch(r"\w+ 1 de \w+ de \d{4}", walked["from"])
    assert re.fullmatch(r"\w+ (28|29|30|31) de \w+ de \d{4}", walked["to"])
    proof = walked["proof"]
    for said in ("Constancia de inscripción", "Con cobertura desde", "Con cobertura hasta"):
        assert said in proof
    assert walked["from"] in proof
    assert walked["to"] in proof


def test_each_agency_was_asked_once(walked: dict[str, Any], instance: Instance) -> None:
    for agency, requests in (("sat", 1), ("imss", 2), ("infonavit", 1)):
        effects = httpx.get(f"{instance.simulator}/_simulator/effects?agency={agency}").json()
        assert [item["effects"] for item in effects["items"]] == [1] * requests


def test_four_permissions_were_given_and_the_answers_are_there(
    walked: dict[str, Any], phone: Page
) -> None:
    phone.get_by_role("link", name="Permisos que diste").click()
    _said(phone)
    assert phone.locator("main section").count() == 4
    phone.go_back()
    phone.get_by_role("link", name="Lo que contestaste").click()
    for said in (CURP, "Tlaquepaque", "12,000", "600"):
        assert said in _said(phone)
