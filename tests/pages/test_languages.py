"""Spanish first, for every kind of Spanish, on pages and in the API's errors."""

from __future__ import annotations

import re

import pytest

from tests.factories.web import Web

SPANISH = [
    "es-419", "es-US", "es-MX,es;q=0.9", "es-US;q=0.9, en;q=0.8", "es_MX", "*", "fr,de;q=0.3",
    "es-419;q=0.9,en-US;q=0.8,en;q=0.7", "en;q=0,es", "garbage;;;q=x,,", "a" * 5000, "",
]  # fmt: skip


@pytest.mark.parametrize("header", SPANISH, ids=range(len(SPANISH)))
def test_every_spanish_and_every_odd_header_is_answered_in_spanish(web: Web, header: str) -> None:
    page = web.client.get("/login", headers={"Accept-Language": header})
    assert page.status_code == 200
    assert '<html lang="es"' in page.text
    answer = web.call("GET", "/appointments", headers={"Accept-Language": header})
    assert answer.status_code == 401
    assert answer.get_json()["title"] == "Hace falta entrar"


@pytest.mark.parametrize("header", ["en", "en-US,en;q=0.9,es;q=0.8", "es;q=0.2,en-GB;q=0.9"])
def test_programs_that_want_english_get_it(web: Web, header: str) -> None:
    answer = web.call("GET", "/appointments", headers={"Accept-Language": header})
    assert answer.get_json()["title"] != "Hace falta entrar"


def test_what_a_page_answers_is_in_its_language(web: Web) -> None:
    """Whichever page it is: the language of an address is kept for what follows."""
    browser = web.client
    page = browser.get("/verify/file?lang=en").text
    [token] = re.findall(r'name="csrf_token" value="([^"]+)"', page)[:1]
    sent = {"csrf_token": token, "form_key": "k1", "sha256": "a" * 64}
    answer = browser.post("/verify/file", data=sent)
    assert '<html lang="en"' in browser.get(answer.location).text
    assert '<html lang="es"' in browser.get(f"{answer.location}&lang=es").text
    assert '<html lang="es"' in browser.get("/login").text


def test_only_a_page_is_remembered_in_its_language(web: Web) -> None:
    for address in ("/api/v1/programs?lang=en", "/health/live?lang=en", "/login?lang=fr"):
        assert "lang=" not in (web.client.get(address).headers.get("Set-Cookie") or "")


def test_the_other_language_is_marked_as_such(web: Web) -> None:
    page = web.client.get("/").text
    assert 'lang="en" hreflang="en">English</a>' in page
    form = web.client.get("/login").text
    assert 'name="language" value="en" lang="en">English</button>' in form
