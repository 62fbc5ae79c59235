"""Pages fit a phone with text twice as large, targets fit a finger, the menu shows the place."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, BrowserContext
from sqlalchemy import text
from werkzeug.serving import make_server

from services.kernel.db import EVERYTHING
from tests.api.calls import steady_web
from tests.factories.instance import running_chromium
from tests.factories.staff import Browser as Signed
from tests.factories.staff import citizen_browser, cookie_name, staff_browser
from tests.factories.web import Web, person
from tests.servers import Addresses

pytestmark = pytest.mark.browser

ANYONE = ("/", "/login", "/cobrar", "/citas/nueva", "/citas/buscar", "/aviso-de-privacidad")
CITIZEN = ("/enviar", "/mis-tramites", "/mis-datos", "/mis-datos/consultas", "/rfc")
DESK = ("/desk/", "/desk/sessions")
ADMIN = ("/admin/", "/admin/staff/new")

# Links within a sentence are as large as its letters, and what is hidden can't be pressed.
_SMALL = """() => [...document.querySelectorAll(
    "button, a.btn, a.link-button, a.back, summary, select, textarea, input:not([type=hidden])")]
  .filter(e => e.offsetParent && !e.classList.contains("skip"))
  .map(e => { const target = e.closest(".choice") || e, box = target.getBoundingClientRect();
    return [(e.name || e.textContent || e.id).trim(), box.width, box.height]; })
  .filter(([, width, height]) => width < 43.5 || height < 43.5)"""

# What sticks out to the right, but for what scrolls within its own box.
_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".table-wrap"))
  .map(e => `${e.tagName}.${e.className} ${e.textContent.trim().slice(0, 30)}`).slice(-4)"""


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("large")) as running:
        running.session()
        token = running.token("citizen", subject="ana", name="Ana|Demo|Prueba")
        running.book(running.free()[0]["start"], token=token, attendees=[person(1)])
        yield running


@pytest.fixture(scope="module")
def address(web: Web) -> Iterator[str]:
    with _serving(web) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as running:
        yield running


@contextmanager
def _serving(web: Web) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, web.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def _signed_in(web: Web) -> list[tuple[Signed | None, str]]:
    with web.app.extensions["consular.database"].transaction(EVERYTHING) as session:
        account = session.scalar(text("SELECT account_id FROM appointments"))
    citizen = citizen_browser(web.app, account)
    officer = staff_browser(web.app, "supervisor", "losangeles")
    admin = staff_browser(web.app, "admin")
    return [
        *((None, path) for path in ANYONE),
        *((citizen, path) for path in CITIZEN),
        *((officer, path) for path in DESK),
        *((admin, path) for path in ADMIN),
    ]


def _context(
    browser: Browser, web: Web, address: str, who: Signed | None, **options: object
) -> BrowserContext:
    context = browser.new_context(bypass_csp=True, **options)  # type: ignore[arg-type]
    if who is not None:
        cookie = who.client.get_cookie(cookie_name(web.app))
        assert cookie is not None
        context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
    return context


def test_pages_fit_a_phone_with_text_twice_as_large(
    browser: Browser, web: Web, address: str
) -> None:
    wide = []
    for who, path in _signed_in(web):
        context = _context(browser, web, address, who, viewport={"width": 360, "height": 740})
        page = context.new_page()
        assert page.goto(address + path).status == 200, path  # type: ignore[union-attr]
        page.add_style_tag(content="html { font-size: 200% }")
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 360:
            wide.append((path, width, page.evaluate(_WIDE)))
        context.close()
    assert wide == [], "\n".join(map(str, wide))


def test_what_is_pressed_is_large_enough_for_a_finger(
    browser: Browser, web: Web, address: str
) -> None:
    small = []
    for who, path in _signed_in(web):
        for width in (360, 1280):
            context = _context(browser, web, address, who, viewport={"width": width, "height": 900})
            page = context.new_page()
            page.goto(address + path)
            small += [(path, width, *found) for found in page.evaluate(_SMALL)]
            context.close()
    assert small == [], "\n".join(map(str, small))


def test_the_current_place_in_the_menu_shows_in_forced_colours(
    browser: Browser, web: Web, address: str
) -> None:
    who = next(who for who, path in _signed_in(web) if path == "/mis-tramites")
    context = _context(browser, web, address, who, forced_colors="active")
    page = context.new_page()
    page.goto(f"{address}/mis-tramites")
    widths = page.evaluate(
        """() => [...document.querySelectorAll(".site-nav a")].map(a =>
             [a.hasAttribute("aria-current"), getComputedStyle(a).borderBottomWidth])"""
    )
    assert {current for current, _width in widths} == {True, False}
    assert all((width != "0px") == current for current, width in widths)
    context.close()


def test_each_page_of_staff_has_a_title_of_its_own(web: Web) -> None:
    titles = {}
    for who, path in _signed_in(web):
        if who is None:
            continue
        page = who.get(path).text
        titles[path] = page.partition("<title>")[2].partition("</title>")[0]
    assert len(set(titles.values())) == len(titles), titles
