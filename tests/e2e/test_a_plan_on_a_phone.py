"""RFC, NSS, IMSS and Infonavit in one folder, on a phone 360 pixels wide without JavaScript.

SAT asks for one correction on the way; nothing is written twice.
"""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from integrations.simulator.names import Person, make_curp
from tests.factories import files
from tests.factories.instance import Instance, fill, old_phone, press

pytestmark = pytest.mark.browser

# The simulated SAT asks whoever is called so for a correction.
NAMES = {"given_names": "Ana", "first_surname": "Aclarar", "second_surname": "Prueba"}
BIRTH = {"birth_date-day": 12, "birth_date-month": 5, "birth_date-year": 1990}
CURP = make_curp(Person("Ana", "Aclarar", "Prueba", date(1990, 5, 12)), "M")
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


def _folder(page: Page, instance: Instance) -> None:
    page.goto(f"{instance.url}/mi-carpeta")
    _said(page)


@pytest.fixture(scope="module")
def walked(phone: Page, instance: Instance) -> dict[str, Any]:
    """The whole way; the tests look at what it left."""
    done: dict[str, Any] = {}
    _folder(phone, instance)
    phone.check("[name=program][value=infonavit]")
    press(phone)
    fill(phone, {**NAMES, **BIRTH, "curp": CURP, "email": EMAIL})
    _send(phone)
    done["asked"] = _wait_for(phone, "Hay algo que corregir", ACTIVE)
    _upload_what_is_asked_for(phone)
    # What is asked for stands there with what was written.
    press(phone)
    _wait_for(phone, ACTIVE)
    _nss(phone, instance)
    _imss(phone, instance)
    _infonavit(phone, instance)
    _folder(phone, instance)
    done["end"] = _said(phone)
    return done


def _upload_what_is_asked_for(page: Page) -> None:
    """A proof of address; then back to the request."""
    request = page.url
    page.click("#f-documents")
    _said(page)
    page.goto(f"{page.url}/subir/other")
    photo = FilePayload(name="recibo.jpg", mimeType="image/jpeg", buffer=files.jpeg())
    page.set_input_files("[name=file]", photo)
    press(page)
    _said(page)
    page.goto(request)
    expect(page.locator("main")).to_contain_text("ya está")


def _nss(page: Page, instance: Instance) -> None:
    _folder(page, instance)
    press(page)
    assert page.input_value("[name=curp]") == CURP
    _send(page)
    _wait_for(page, ACTIVE)


def _imss(page: Page, instance: Instance) -> None:
    _folder(page, instance)
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
    _wait_for(page, ACTIVE)


def _infonavit(page: Page, instance: Instance) -> None:
    _folder(page, instance)
    press(page)
    fill(page, {"data-amount": "600"})
    # How often was told to IMSS.
    press(page)
    _send(page)
    _wait_for(page, ACTIVE)


def test_sat_asked_for_one_correction(walked: dict[str, Any]) -> None:
    assert walked["asked"] == "Hay algo que corregir"


def test_the_plan_is_done_to_its_end(walked: dict[str, Any]) -> None:
    assert "Ya tienes todo lo de tu plan." in walked["end"]
    assert walked["end"].count("Listo") == 4
    assert "AAPA900512" in walked["end"]


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
