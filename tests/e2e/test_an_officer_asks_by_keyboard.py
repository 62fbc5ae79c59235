"""An officer asks for an enrollment for a person at the window with the keyboard alone, finds it in
the queue and tells several people again; every page of it fits and has no finding of axe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.api.calls import steady_web
from tests.factories.staff import cookie_name, staff_browser
from tests.factories.web import Web, served
from tests.servers import Addresses

pytestmark = pytest.mark.browser

ANSWERS = {
    "f-given_names": "Gloria", "f-first_surname": "Hernández", "f-second_surname": "García",
    "f-birth_date": "27", "f-birth_date-month": "4", "f-birth_date-year": "1956",
    "f-curp": "HEGG560427MVZRRL04", "f-document": "Acta y credencial",
}  # fmt: skip
MOST_TABS = 60
WIDTHS = (1280, 360)
TAGS = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("keyboard")) as running:
        yield running


def officers_page(browser: Browser, web: Web, address: str, width: int) -> Page:
    """A window of an officer who is signed in."""
    cookie = staff_browser(web.app, "officer", "losangeles").client.get_cookie(cookie_name(web.app))
    assert cookie is not None
    context = browser.new_context(viewport={"width": width, "height": 900}, bypass_csp=True)
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
    return context.new_page()


def reach(page: Page, selector: str) -> None:
    """Press Tab until the focus is there."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} can't be reached on {page.url}")


def choose(page: Page, selector: str) -> None:
    """Go there and tick it."""
    reach(page, selector)
    page.keyboard.press("Space")


def follow(page: Page, selector: str) -> None:
    """Go there and open where it leads."""
    reach(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def fill_in(page: Page) -> None:
    """Answer the form of an RFC, in the order of its fields."""
    for field, answer in ANSWERS.items():
        if field == "f-document":
            choose(page, "#f-consents")
        reach(page, f"#{field}")
        page.keyboard.type(answer)
    choose(page, "#f-identity_checked")
    follow(page, "main .btn-primary")


def check_page(page: Page, words: str) -> None:
    """It says so, fits, and axe finds nothing."""
    page.wait_for_load_state()
    assert words in page.inner_text("main"), page.inner_text("main")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    violations = Axe().run(page, options=TAGS).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in violations] == [], page.url


@pytest.mark.parametrize("width", WIDTHS)
def test_an_officer_asks_by_keyboard(browser: Browser, web: Web, width: int) -> None:
    with served(web) as address:
        page = officers_page(browser, web, address, width)
        page.goto(f"{address}/desk/enrollments")
        check_page(page, "A quién espera")
        follow(page, "main .btn-primary")
        check_page(page, "Pedir una inscripción para alguien")
        follow(page, "a[href$='/new/rfc']")
        check_page(page, "A quién se avisa")
        fill_in(page)
        first = width == WIDTHS[0]
        check_page(page, "quedó recibida" if first else "Ya hay una solicitud de este programa")
        page.goto(f"{address}/desk/enrollments")
        check_page(page, "Gloria Hernández García")
        choose(page, "[name^='pick-']")
        choose(page, "[name='action']")
        follow(page, "#bulk .btn")
        check_page(page, "No se puede con 1")
        page.context.close()
