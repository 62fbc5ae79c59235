"""An officer's day with the keyboard alone at 1280 by 800: twenty people and more on the first
screen, found by any part of a name, served with six keys; a person who lacks a document comes back
with a pass. The list asks for news by itself, and goes on after the line was gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdfium2 import PdfDocument

from consular.pages.desk import agenda
from tests.api.calls import steady_web
from tests.e2e.test_an_officer_asks_by_keyboard import follow, reach
from tests.factories.pictures import keep_picture
from tests.factories.staff import cookie_name, staff_browser
from tests.factories.web import Web, morning_at_office, person, served
from tests.servers import Addresses

pytestmark = pytest.mark.browser

PEOPLE = 24
NAMES = {
    3: {"given_names": "María José", "first_surname": "Muñoz", "second_surname": "Ávila"},
    5: {"given_names": "Íñigo", "first_surname": "Ibarra", "second_surname": "López"},
    7: {"given_names": "Gael", "first_surname": "Gutiérrez", "second_surname": "Núñez"},
    11: {"given_names": "Noé", "first_surname": "Quiroz", "second_surname": "Zea"},
}
IN_SIGHT = """() => [...document.querySelectorAll(".agenda tr[id]")].filter(
    row => row.getBoundingClientRect().bottom <= innerHeight).length"""

CUT_AT = """hour => [...document.querySelectorAll(".agenda tr[id] > :first-child")].slice(0, 1).map(
    cell => { cell.textContent = hour; return cell.scrollWidth > cell.clientWidth ? hour : ""; })"""

CUT = """() => [...document.querySelectorAll(".agenda td, .agenda th")].filter(
    cell => cell.scrollWidth > cell.clientWidth + 1).map(cell => cell.innerText)"""


class Keys:
    """A keyboard that counts its keys; what is typed as somebody's data counts as none."""

    def __init__(self, page: Page) -> None:
        self.page, self.pressed = page, 0

    def press(self, key: str) -> None:
        """One key, which opens a page."""
        self.pressed += 1
        with self.page.expect_event("load"):
            self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        """Somebody's name or number."""
        self.page.keyboard.type(text)


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("day")) as running:
        yield running


@pytest.fixture(scope="module")
def address(web: Web) -> Iterator[str]:
    web.session(desks=[{"name": name, "services": ["PAS10", "MAT"]} for name in "ABCDEF"])
    for number in range(PEOPLE):
        token = web.token("citizen", subject=f"person-{number}")
        attendees = [person(number, **NAMES.get(number, {}))]
        answer = web.book(web.free()[0]["start"], token=token, attendees=attendees)
        assert answer.status_code == 201, answer.text
    web.travel(morning_at_office())
    with served(web) as address:
        yield address


def officers_page(
    browser: Browser, web: Web, address: str, who: str = "", width: int = 1280
) -> Page:
    officer = staff_browser(web.app, "officer", "losangeles", who=who)
    cookie: Any = officer.client.get_cookie(cookie_name(web.app))
    context = browser.new_context(viewport={"width": width, "height": 800})
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
    page = context.new_page()
    page.goto(f"{address}/desk/?desk=A")
    return page


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.name || document.activeElement.innerText"))


def said(page: Page) -> str:
    """What a screen reader is told of what was just done."""
    keep_picture(page)
    return page.locator(".desk-person [role=status]").inner_text()


def test_twenty_people_and_more_are_in_sight(browser: Browser, web: Web, address: str) -> None:
    page = officers_page(browser, web, address)
    assert page.evaluate(IN_SIGHT) >= 20
    # The widest hour there is, in either language, stands whole in its column.
    for hour in ("12:45 p. m.", "12:45 p.m."):
        assert hour not in page.evaluate(CUT_AT, hour)
    page.context.close()


def test_people_are_found_by_any_part_of_their_name(
    browser: Browser, web: Web, address: str
) -> None:
    page = officers_page(browser, web, address)
    for typed in ("avila maria", "MUNOZ jose", "ñoz", "zavila"):
        page.goto(f"{address}/desk/?desk=A")
        keys = Keys(page)
        keys.write(typed)
        keys.press("Enter")
        assert "María José Muñoz Ávila" in page.inner_text(".agenda")
        assert page.locator(".agenda tr[id]").count() == 1
    page.context.close()


def test_from_the_door_to_the_document_with_six_keys(
    browser: Browser, web: Web, address: str
) -> None:
    page = officers_page(browser, web, address)
    for name, words in (("lopez inigo", "Íñigo Ibarra López"), ("demo aaaa", "Ana Demo Aaaa")):
        keys = Keys(page)
        assert focused(page) == "q"
        keys.write(name)
        keys.press("Enter")  # look for them
        for status in ("En la sala de espera", "Llamada a ventanilla, ventanilla A"):
            keys.press("Enter")  # check in, then call
            assert words in said(page)
            assert status in said(page)
            assert page.evaluate("scrollY") == 0
        keys.press("Enter")  # to the end of the visit
        keys.write("G12345678")
        keys.press("Enter")  # the fee of the list was paid
        assert "Atendida" in said(page)
        assert keys.pressed <= 6
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    page.context.close()


def test_a_ticket_without_an_appointment_takes_three_keys(
    browser: Browser, web: Web, address: str
) -> None:
    page = officers_page(browser, web, address)
    keys = Keys(page)
    # A browser without a window takes no access keys: what Alt+T would open.
    keys.pressed += 1
    page.goto(address + (page.get_attribute("a[accesskey=t]", "href") or ""))
    assert page.evaluate("document.activeElement.name") == "service"
    keys.write("Pasaporte ordinario 10")
    page.keyboard.press("Tab")
    keys.pressed += 1
    keys.press("Enter")
    assert "En la sala de espera" in page.inner_text(".desk-person")
    assert keys.pressed <= 3
    page.context.close()


@pytest.mark.parametrize(
    ("width", "typed", "given"), [(1280, "nunez gael", "Gael"), (360, "zea noe", "Noé")]
)
def test_who_lacks_a_document_comes_back_the_next_day_with_a_pass(
    browser: Browser, web: Web, address: str, width: int, typed: str, given: str
) -> None:
    page = officers_page(browser, web, address, width=width)
    keys = Keys(page)
    keys.write(typed)
    for _ in range(3):
        keys.press("Enter")  # found, received, called
    board = page.context.new_page()
    board.goto(f"{address}/desk/board")
    folio = page.locator(".desk-person .folio").inner_text().replace("\u2011", "-")
    assert f"{folio[-4:]}\tA" in board.inner_text("body")
    assert given not in board.inner_text("body")
    board.close()
    follow(page, ".desk-person h2 a")
    reach(page, "#f-reason")
    page.keyboard.type("Falta el acta de nacimiento")
    reach(page, "#f-bring")
    page.keyboard.type("Acta de nacimiento original")
    follow(page, "form[action$='not-served'] button")
    words = page.inner_text("main")
    assert "Pase para volver" in words
    assert "Acta de nacimiento original" in words
    follow(page, "a[href*='/pass']")
    assert folio in page.inner_text("main h1 + .folio").replace("\u2011", "-")
    keep_picture(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.context.close()

    web.travel(morning_at_office(1))
    page = officers_page(browser, web, address, width=width)
    keys = Keys(page)
    keys.write(folio)
    keys.press("Enter")
    assert focused(page).startswith("Volvió, identidad revisada")
    keys.press("Enter")
    assert "En la sala de espera" in said(page)
    keys.press("Enter")  # call
    keys.press("Enter")  # to the end of the visit
    keys.write("G777")
    keys.press("Enter")
    assert "Atendida" in said(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    web.travel(morning_at_office())
    page.context.close()


def printed(page: Page) -> list[str]:
    """What each sheet of letter paper says, with plain hyphens and no spaces: a PDF has none."""
    with PdfDocument(page.pdf(format="Letter")) as paper:
        said = [sheet.get_textpage().get_text_range() for sheet in paper]
    plain = [re.sub("[\u2010\u2011\x02\ufffe]", "-", text) for text in said]
    return ["".join(text.split()) for text in plain]


def hides_on_paper(page: Page, *parts: str) -> None:
    page.emulate_media(media="print")
    for part in parts:
        assert page.locator(part).count(), part
        for each in page.locator(part).all():
            expect(each).to_be_hidden()


def test_the_list_of_the_day_prints_everybody_and_nothing_to_press(
    browser: Browser, web: Web, address: str
) -> None:
    page = officers_page(browser, web, address)
    everybody = page.locator(".agenda tr[id]").count()
    assert everybody >= PEOPLE
    hides_on_paper(page, ".site-nav", "form.desk-bar", ".desk-person", "[data-print]", ".skip")
    expect(page.locator("p.d-print-block")).to_be_visible()
    # Letter paper less its margins: no column is cut off, and no cell cuts its words.
    page.set_viewport_size({"width": 740, "height": 980})
    assert page.evaluate("document.documentElement.scrollWidth") <= 740
    assert page.evaluate(CUT) == []
    keep_picture(page)
    sheets = printed(page)
    for row in page.locator(".agenda tr[id]").all():
        name = "".join(row.locator("th a").inner_text().split())
        assert any(name in sheet for sheet in sheets), (name, sheets)
    assert "LosÁngeles:" in sheets[0]
    assert "Folioonombre" not in "".join(sheets)
    page.context.close()


def test_passes_to_come_back_print_one_a_sheet(browser: Browser, web: Web, address: str) -> None:
    """Of two people of one appointment, who lack the same."""
    desks = [{"name": name, "services": ["PAS10"]} for name in "GH"]
    web.session(desks=desks, opens="12:00", closes="12:15")
    both = [person(80), person(81)]
    start, ana = web.free()[0]["start"], web.token("citizen", subject="both")
    booked = web.book(start, token=ana, attendees=both).get_json()
    officer = staff_browser(web.app, "officer", "losangeles")
    there = f"/desk/appointments/{booked['id']}"
    for n in ("1", "2"):
        officer.post(f"{there}/check-in", identity_checked="true", n=n)
        gone = {"n": n, "reason": "Falta el acta", "bring": "Acta original\nUna copia"}
        assert officer.post(f"{there}/not-served", **gone).status_code == 303
    page = officers_page(browser, web, address)
    page.goto(f"{address}{there}/pass")
    hides_on_paper(page, ".site-nav", ".back", "[data-print]")
    for n, sheet in enumerate(page.locator("section.sheet").all()):
        folio = sheet.locator(".folio").first
        assert folio.evaluate("each => parseFloat(getComputedStyle(each).fontSize)") >= 40
        expect(sheet.locator("svg")).to_be_visible()
        expect(sheet).to_contain_text(both[n]["first_surname"])
    keep_picture(page)
    sheets = printed(page)
    assert len(sheets) == 2
    for sheet, one, other in zip(sheets, both, reversed(both), strict=True):
        for words in (one["first_surname"], "Acta original", "Una copia", "Falta el acta"):
            assert words.replace(" ", "") in sheet
        assert other["first_surname"].replace(" ", "") not in sheet
    page.context.close()


def test_the_list_goes_on_by_itself_after_the_line_was_gone(
    browser: Browser, web: Web, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agenda, "POLL_SECONDS", 0.3)
    page = officers_page(browser, web, address)
    answers: list[int] = []
    page.on("response", lambda r: answers.append(r.status) if "/desk/agenda" in r.url else None)
    row = page.locator(".agenda tr[id]", has_text="Aaaj")
    with page.expect_response(lambda r: "/desk/agenda" in r.url and r.status == 304):
        pass
    page.context.set_offline(True)
    expect(page.locator("[data-offline]")).to_contain_text("Sin conexión desde las")
    expect(page.get_by_role("link", name="Seguir sin conexión")).to_be_visible()
    other = staff_browser(web.app, "officer", "losangeles", who="other")
    id = re.sub(r"^a-|-1$", "", row.get_attribute("id") or "")
    other.post(f"/desk/appointments/{id}/check-in", identity_checked="true", n="1")
    expect(row).to_contain_text("Reservada")
    page.context.set_offline(False)
    expect(row).to_contain_text("En la sala de espera")
    expect(page.locator("[data-offline]")).to_be_hidden()
    page.context.close()
