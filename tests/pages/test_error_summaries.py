"""Every form sent empty says so in the title, first on the page, and leads to each field."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web
from tests.pages.test_booking_pages import PLACE, fields
from tests.pages.test_citizens_forms import citizen
from tests.pages.test_sending import _post, quoted, sender

TEMPLATES = Path(__file__).parents[2] / "consular" / "templates"
FORMS = (
    "/rfc", "/mis-datos", "/enviar", "/login", "/login/codigo", "/cobrar", "/citas/persona",
    "/citas/buscar", "/enviar/destinatario", "/desk/sessions", "/desk/identity", "/admin/staff/new",
    "/desk/series/new", "/desk/closures/new", "/mis-datos/familia/nueva",
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


def test_the_summary_names_each_field_and_each_once() -> None:
    """A bare «Falta este dato» says nothing to whoever hears the list read out."""
    source = (TEMPLATES / "components" / "forms.html").read_text(encoding="utf-8")
    words = re.findall(r'^  "(\w+)": _\(', source[source.index("macro field_words") :], re.M)
    assert words
    assert sorted(words) == sorted(set(words))
    asked = r"forms\.(?:field|textarea|select|radios|checkbox|date_fields)\(\s*\"(\w+)\""
    unnamed = {
        f"{file.name}: {name}"
        for file in TEMPLATES.rglob("*.html")
        for name in re.findall(asked, file.read_text(encoding="utf-8"))
        if name not in words
    }
    assert unnamed == set()


def test_the_summary_goes_down_the_form(web: Web) -> None:
    for address, names in (
        ("/cobrar", ["folio", "first_surname"]),
        ("/citas/buscar", ["folio", "birth_date"]),
        ("/desk/identity", ["given_names", "first_surname", "birth_date", "document"]),
    ):
        summary = _SUMMARY.search(refused(web, address))
        assert summary
        assert re.findall(r'"#f-(\w+)"', summary[1])[: len(names)] == names
