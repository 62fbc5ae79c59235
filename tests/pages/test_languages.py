"""Spanish first, for every kind of Spanish, on pages and in the API's errors."""

from __future__ import annotations

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


def test_the_other_language_is_marked_as_such(web: Web) -> None:
    page = web.client.get("/").text
    assert 'lang="en" hreflang="en">English</a>' in page
    form = web.client.get("/login").text
    assert 'name="language" value="en" lang="en">English</button>' in form
