"""Every form sent empty says so in the title, first on the page, and leads to each field."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web
from tests.pages.test_booking_pages import PLACE, fields
from tests.pages.test_citizens_forms import citizen
from tests.pages.test_sending import _post, quoted, sender

FORMS = (
    "/rfc", "/mis-datos", "/enviar", "/login", "/login/codigo", "/cobrar", "/citas/persona",
    "/citas/buscar", "/enviar/destinatario", "/desk/sessions", "/desk/identity", "/admin/staff/new",
)  # fmt: skip
_SUMMARY = re.compile(
    r'<div class="error-summary" role="alert" tabindex="-1"[^>]*>(.*?)</div>', re.DOTALL
)


def refused(web: Web, address: str) -> str:
    """The page after sending the form of an address with nothing in it."""
    if address == "/enviar/destinatario":
        client = sender(web)
        return str(_post(client, address, {"quote": quoted(client, "account")}).text)
    if address == "/citas/persona":
        web.session()
        return citizen(web).send(address, **PLACE, start=web.free()[0]["start"]).text
    if address == "/login/codigo":
        client = web.client
        ours = fields(client.get("/login").text)
        asked = client.post("/login", data={**ours, "contact": "rosa@demo.invalid"})
        page = client.get(asked.location).text
        return client.post(address, data=fields(page), follow_redirects=True).text
    return _browser(web, address).send(address).text


def _browser(web: Web, address: str) -> Browser:
    if address.startswith("/desk"):
        return staff_browser(web.app, "supervisor", "losangeles")
    return staff_browser(web.app, "admin") if address.startswith("/admin") else citizen(web)


@pytest.mark.parametrize("address", FORMS)
def test_an_empty_form_is_refused_so_that_everybody_hears_it(web: Web, address: str) -> None:
    page = refused(web, address)
    assert "<title>Error: " in page
    main = page.partition("<main")[2]
    summary = _SUMMARY.search(main)
    assert summary, page
    assert " autofocus" in summary[0]
    assert not re.search(r"<h1|<p|<form", main[: summary.start()])
    links = re.findall(r'<a href="#(f-[a-z_-]+)">', summary[1])
    assert links, unescape(summary[1])
    for target in links:
        name = target.removeprefix("f-")
        assert len(re.findall(rf'id="{target}"', page)) == 1
        assert f'id="error-{name}"' in page
        described = re.search(rf'aria-describedby="[^"]*\berror-{name}\b[^"]*"', page)
        assert described, name
        assert 'aria-invalid="true"' in page[described.start() - 400 : described.end() + 80]


def test_the_ids_that_errors_lead_to_are_unique(web: Web) -> None:
    page = refused(web, "/rfc")
    ids = re.findall(r' id="([^"]+)"', page)
    assert sorted(ids) == sorted(set(ids))
