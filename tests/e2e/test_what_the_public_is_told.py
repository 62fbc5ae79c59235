"""An announcement and a data set on their way from staff to a phone 360 pixels wide, without
JavaScript."""

from __future__ import annotations

import re
import time
from hashlib import sha256

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.factories.instance import Instance, old_phone, press, sign_in_staff

pytestmark = pytest.mark.browser

ES = "El sistema de citas no responde. Intenta otra vez a las 15:00."
EN = "The appointment system does not respond. Try again at 3 PM."


@pytest.fixture(scope="module")
def phone(browser: Browser) -> Page:
    return old_phone(browser)


def _staff(browser: Browser, instance: Instance, subject: str) -> Page:
    page = old_phone(browser)
    sign_in_staff(page, instance, subject)
    return page


def _no_wider(page: Page) -> None:
    page.wait_for_load_state()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


def _no_barrier(browser: Browser, address: str) -> None:
    """Axe needs a script of its own."""
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.goto(address)
    violations = Axe().run(page).response["violations"]
    assert [f"{each['id']}: {each['nodes'][0]['html']}" for each in violations] == []
    page.close()


def test_an_announcement_is_read_on_a_phone_in_both_languages_until_it_is_taken_down(
    browser: Browser, instance: Instance, phone: Page
) -> None:
    admin = _staff(browser, instance, "demo-admin")
    admin.goto(f"{instance.url}/announcements/new")
    admin.check("[name=kind][value=outage]")
    admin.fill("[name=text_es]", ES)
    admin.fill("[name=text_en]", EN)
    press(admin)
    expect(admin.locator("main")).to_contain_text(ES)
    _no_wider(admin)
    for language, words in (("es", ES), ("en", EN)):
        phone.goto(f"{instance.url}/?lang={language}")
        _reload_until(phone, words, there=True)
        label = {"es": "Avisos importantes", "en": "Important announcements"}[language]
        region = phone.get_by_role("region", name=label)
        expect(region.get_by_role("status")).to_contain_text(words)
        _no_wider(phone)
        _no_barrier(browser, phone.url)
    admin.get_by_role("button", name="Quitar este aviso").click()
    _reload_until(phone, EN, there=False)


def _reload_until(page: Page, words: str, *, there: bool) -> None:
    """Each of several processes asks for itself once in some seconds."""
    deadline = time.monotonic() + 120
    while (words in page.inner_text("body")) is not there:
        assert time.monotonic() < deadline, page.inner_text("body")
        time.sleep(0.5)
        page.reload()


def test_what_an_analyst_publishes_anyone_downloads_with_the_same_hash(
    browser: Browser, instance: Instance, phone: Page
) -> None:
    analyst = _staff(browser, instance, "demo-analyst")
    analyst.goto(f"{instance.url}/monitoring/open-data/")
    analyst.get_by_role("link", name="Citas atendidas").click()
    _no_wider(analyst)
    analyst.fill("[name=changes_es]", "Los primeros meses.")
    analyst.fill("[name=changes_en]", "The first months.")
    press(analyst)
    phone.goto(f"{instance.url}/?lang=es")
    phone.goto(f"{instance.url}/open-data/")
    phone.get_by_role("link", name="Citas atendidas").click()
    expect(phone.locator("main")).to_contain_text("Los primeros meses.")
    _no_wider(phone)
    _no_barrier(browser, phone.url)
    listed = phone.locator("#v1 li")
    assert listed.count() == 3
    for number in range(3):
        item = listed.nth(number)
        address = item.locator("a").get_attribute("href")
        first, again = (httpx.get(f"{instance.url}{address}").content for _ in range(2))
        digest = re.search(r"[0-9a-f]{64}", item.inner_text())
        assert digest
        assert sha256(first).hexdigest() == sha256(again).hexdigest() == digest[0]
