"""The line drops: two desks go on receiving and calling, and everything is recorded once when it is
back. Keyboard and mouse of two officers in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from tests.api.calls import steady_web
from tests.factories.pictures import keep_picture
from tests.factories.staff import cookie_name, staff_browser
from tests.factories.web import Web, morning_at_office, person, served
from tests.servers import Addresses

pytestmark = pytest.mark.browser

PEOPLE = 20
# All that the browser keeps, as somebody would read it from the disk.
KEPT = """async () => new Promise(resolve => {
    const opening = indexedDB.open("desk");
    opening.onsuccess = () => {
        const asked = opening.result.transaction("kept").objectStore("kept").getAll();
        const read = (name, value) =>
            value instanceof ArrayBuffer ? new TextDecoder().decode(value) : value;
        asked.onsuccess = () => {
            opening.result.close();
            resolve(JSON.stringify(asked.result, read));
        };
    };
})"""
# The page and what it needs; the list was kept before them.
ALL_KEPT = """async () => Boolean(await caches.match("/desk/offline", {ignoreVary: true}))"""
NOTHING_LEFT = """async () =>
    (await indexedDB.databases()).length === 0 && (await caches.keys()).length === 0
"""


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("offline")) as running:
        yield running


@pytest.fixture(scope="module")
def address(web: Web) -> Iterator[str]:
    desks = [{"name": name, "services": ["PAS10", "MAT"]} for name in "ABCDE"]
    web.session(desks=desks)
    for number in range(PEOPLE):
        book(web, number)
    web.travel(morning_at_office())
    with served(web) as address:
        yield address


def book(web: Web, number: int) -> None:
    token = web.token("citizen", subject=f"person-{number}")
    start = web.free()[0]["start"]
    answer = web.book(start, token=token, attendees=[person(number)])
    assert answer.status_code == 201, answer.text


def desk(browser: Browser, web: Web, address: str, who: str, width: int = 1280) -> BrowserContext:
    """A browser of its own in which an officer is signed in."""
    officer = staff_browser(web.app, "officer", "losangeles", who=who)
    cookie = officer.client.get_cookie(cookie_name(web.app))
    assert cookie is not None
    context = browser.new_context(viewport={"width": width, "height": 800})
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
    return context


def agenda(context: BrowserContext, address: str, window: str) -> Page:
    """The agenda, once the browser keeps what it needs without the network."""
    page = context.new_page()
    page.goto(f"{address}/desk/?desk={window}")
    page.evaluate("navigator.serviceWorker.ready")
    page.wait_for_function(ALL_KEPT)
    return page


def without_network(context: BrowserContext, page: Page, window: str) -> None:
    context.set_offline(True)
    page.goto(page.url.partition("/desk")[0] + f"/desk/?desk={window}")
    expect(page.locator("h1")).to_contain_text("Los Ángeles")
    expect(page.locator("[data-said]")).to_contain_text("Sin conexión")


def note(page: Page, name: str, *buttons: str) -> None:
    """Find somebody by part of their name, then take steps, by keyboard."""
    page.fill("[name=q]", name)
    page.press("[name=q]", "Enter")
    waits = page.locator("[data-waits]")
    expect(waits).to_have_text(re.compile(r"\d$"))
    before = int(waits.inner_text().split()[-1])
    for number, words in enumerate(buttons, before + 1):
        button = page.locator("[data-person] button", has_text=words)
        expect(button).to_be_visible()
        button.press("Enter")
        expect(waits).to_have_text(re.compile(rf" {number}$"))
        expect(page.locator("[data-said]")).to_contain_text(name, ignore_case=True)


def rows(web: Web, sql: str) -> list[Any]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return list(session.execute(text(sql)))


def letters(number: int) -> str:
    return str(person(number)["first_surname"]).lower()


def test_a_day_at_two_desks_is_recorded_once(browser: Browser, web: Web, address: str) -> None:
    """At one of them on a telephone."""
    first, second = desk(browser, web, address, "first"), desk(browser, web, address, "second", 360)
    one, two = agenda(first, address, "A"), agenda(second, address, "B")
    without_network(first, one, "A")
    without_network(second, two, "B")
    for number in range(0, PEOPLE, 2):
        note(one, letters(number), "Llegó")
    for number in range(1, PEOPLE, 2):
        note(two, letters(number), "Llegó")
    assert two.evaluate("document.documentElement.scrollWidth") <= 360
    note(one, letters(2), "Llamar a la ventanilla A")
    note(two, letters(2), "Llegó", "Llamar a la ventanilla B")  # both: the second is told
    one.locator("summary").click()
    one.get_by_role("button", name="Dar turno").click()
    expect(one.locator("[data-said]")).to_contain_text("Turno C")
    folio = one.locator("[data-said]").inner_text().split()[1].strip(":").replace("-", "")

    one.close()  # the tab is killed; what was noted is there when the page is opened again
    one = first.new_page()
    one.goto(f"{address}/desk/?desk=A")
    expect(one.locator("[data-waits]")).to_contain_text("12")
    expect(one.locator("tr.is-checked_in")).to_have_count(10)
    keep_picture(one)

    first.set_offline(False)
    expect(one.locator(".desk-sums")).to_be_visible()
    second.set_offline(False)
    expect(two.locator(".desk-sums")).to_be_visible()
    expect(two.locator("main")).to_contain_text("sin aplicar: 2")
    keep_picture(two)
    assert len(rows(web, "SELECT 1 FROM attendees WHERE status = 'checked_in'")) == PEOPLE
    called = rows(web, "SELECT desk FROM attendees WHERE status = 'called'")
    assert [row.desk for row in called] == ["A"]
    assert len(rows(web, "SELECT 1 FROM noted_offline")) == 24
    assert len(rows(web, "SELECT DISTINCT made_by FROM noted_offline")) == 2
    tickets = rows(web, "SELECT folio FROM appointments WHERE walk_in")
    assert [ticket.folio for ticket in tickets] == [folio]
    two.get_by_role("link", name="sin aplicar").click()
    expect(two.locator("main")).to_contain_text("La ventanilla A llamó antes")
    assert two.evaluate("document.documentElement.scrollWidth") <= 360
    sign_out_leaves_nothing(one)
    first.close()
    second.close()


def sign_out_leaves_nothing(page: Page) -> None:
    page.get_by_role("button", name="Salir").click()
    expect(page.get_by_role("link", name="Entrar").first).to_be_visible()
    page.wait_for_function(NOTHING_LEFT)


def test_signing_out_without_the_network_takes_the_names_away(
    browser: Browser, web: Web, address: str
) -> None:
    context = desk(browser, web, address, "third")
    page = agenda(context, address, "C")
    kept = page.evaluate(KEPT)
    assert "until" in kept
    assert "Prueba" not in kept
    without_network(context, page, "C")
    page.get_by_role("button", name="Salir").click()
    expect(page.locator("[data-said]")).to_contain_text("Saliste")
    assert "Prueba" not in page.content()
    context.set_offline(False)
    page.wait_for_url(lambda url: "/login" in url)
    page.wait_for_function(NOTHING_LEFT)
    context.close()
