"""A page or a form that needs a sign-in leads there and back; a program is told 401."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.factories.web import Web


@pytest.mark.parametrize(
    ("address", "door"),
    [
        ("/mis-tramites", "/login"),
        ("/enviar/destinatario?quote=7", "/login"),
        # As messages name them.
        ("/citas/01a2149b-6b81-7031-ba3b-b8ba34f0dc5f", "/login"),
        ("/inscripciones/01a2149b-6b81-7031-ba3b-b8ba34f0dc5f", "/login"),
        ("/envios/01a2149b-6b81-7031-ba3b-b8ba34f0dc5f", "/login"),
        ("/desk/?day=2026-12-07&desk=A", "/login/personal"),
        ("/admin/", "/login/personal"),
        ("/monitoring/", "/login/personal"),
    ],
)
def test_a_page_leads_to_the_sign_in_of_its_readers_and_back(
    web: Web, address: str, door: str
) -> None:
    answer = web.client.get(address)
    location = urlsplit(answer.location)
    assert (answer.status_code, location.path) == (303, door)
    assert parse_qs(location.query) == {"next": [address]}


def test_after_the_sign_in_only_an_address_of_ours_is_gone_to(web: Web) -> None:
    page = web.client.get("/login?next=https://elsewhere.invalid/").text
    assert 'name="next"' not in page
    assert 'name="next" value="/mis-datos"' in web.client.get("/login?next=/mis-datos").text


def test_a_form_leads_to_the_sign_in_and_back_and_the_api_answers_401(web: Web) -> None:
    client = web.client
    token = re.search(r'name="csrf_token" value="([0-9a-f]+)"', client.get("/login").text)
    assert token
    answer = client.post("/rfc", data={"csrf_token": token[1]})
    assert (answer.status_code, urlsplit(answer.location).path) == (303, "/login")
    assert parse_qs(urlsplit(answer.location).query)["next"][0].startswith("/rfc?d=")
    assert "Todavía no se hizo nada" in client.get(answer.location).text
    assert web.call("GET", "/appointments").status_code == 401
