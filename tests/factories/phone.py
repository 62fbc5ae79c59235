"""A citizen on an old phone: 360 pixels wide, without JavaScript."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from playwright.sync_api import Browser, Page

from tests.factories.instance import old_phone
from tests.factories.pictures import WIDTHS, keep_picture
from tests.factories.staff import citizen_browser, cookie_name
from tests.factories.web import Web, person


def account_of(web: Web, subject: str, **profile: Any) -> UUID:
    """The account of whoever signs in so, once they told that of themselves."""
    fields = {**person(), **profile}
    token = web.token("citizen", subject=subject)
    return UUID(web.call("PATCH", "/me", fields, token=token).get_json()["id"])


def citizens_phone(
    browser: Browser, web: Web, address: str, account: UUID, *, scripts: bool = False
) -> Page:
    """A window in which they are signed in."""
    cookie = citizen_browser(web.app, account).client.get_cookie(cookie_name(web.app))
    assert cookie is not None
    page = old_phone(browser, scripts=scripts)
    page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": address}])
    return page


def read_page(page: Page) -> str:
    """What its main part says; it fits the phone, and a screen."""
    page.wait_for_load_state()
    keep_picture(page)
    for width in reversed(WIDTHS):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    return page.inner_text("main").replace("\xa0", " ").replace("\u2011", "-")
