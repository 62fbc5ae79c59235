"""Somebody of staff at a browser who has no mouse."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from services.kernel.audit import OFFICE_ROLES
from tests.factories.pictures import keep_picture
from tests.factories.staff import cookie_name, staff_browser
from tests.factories.web import Web

MOST_TABS = 60
TAGS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    # Of what passes, one node a rule is enough: the rest is only listed.
    "resultTypes": ["violations"],
}


def staff_page(
    browser: Browser,
    web: Web,
    role: str,
    address: str,
    width: int,
    *,
    scripts: bool = True,
    who: str = "",
    office: str = "losangeles",
    zone: str | None = None,
) -> Page:
    """A window of somebody who is signed in: of ``office``, where the role has one; ``zone`` is
    that of the machine's clock."""
    own = office if role in OFFICE_ROLES else None
    signed_in = staff_browser(web.app, role, own, who=who)
    cookie = signed_in.client.get_cookie(cookie_name(web.app))
    assert cookie is not None
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        bypass_csp=True,
        locale="en-US",
        java_script_enabled=scripts,
        timezone_id=zone,
    )
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


def write(page: Page, selector: str, text: str) -> None:
    """Go there and type."""
    reach(page, selector)
    page.keyboard.type(text)


def follow(page: Page, selector: str) -> None:
    """Go there and open where it leads."""
    reach(page, selector)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def check_page(page: Page, words: str, *, axe: bool = True) -> None:
    """It says that, fits, and axe finds nothing."""
    page.wait_for_load_state()
    keep_picture(page)
    assert words in page.inner_text("main"), page.inner_text("main")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    violations = Axe().run(page, options=TAGS).response["violations"] if axe else []
    assert [(each["id"], each["nodes"][0]["html"]) for each in violations] == [], page.url
