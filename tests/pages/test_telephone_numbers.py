"""A code goes to the number that the person read again, never to a guessed country."""

from __future__ import annotations

import pytest

from tests.factories.web import Web
from tests.pages.test_booking_pages import OWN, PLACE, fields, post
from tests.pages.test_forms_are_sent_once import count

CODES = "SELECT count(*) FROM login_codes"


def test_ten_digits_without_a_country_get_no_code(web: Web) -> None:
    client = web.client
    page = client.get("/login").text
    asked = post(client, "/login", {"contact": "5512345678"}, page).text
    assert "con la clave del país" in asked
    assert 'value="5512345678"' in asked
    assert count(web, CODES) == 0


@pytest.mark.parametrize(
    ("typed", "country", "shown"),
    [
        ("5512345678", "52", "+52 55 1234 5678"),
        ("(213) 351-6800", "1", "+1 213-351-6800"),
        ("+52 1 55 1234 5678", "", "+52 55 1234 5678"),
        ("+52 55 1234 5678", "1", "+52 55 1234 5678"),
    ],
)
def test_the_whole_number_is_repeated_before_a_code_is_sent(
    web: Web, typed: str, country: str, shown: str
) -> None:
    client = web.client
    page = client.get("/login").text
    form = {"contact": typed, "contact_country": country}
    asked = post(client, "/login", form, page).text
    assert "¿Es este tu número?" in asked
    assert shown in asked
    assert count(web, CODES) == 0
    number = "".join(c for c in shown if c in "+0123456789")
    sent = post(client, "/login", {"contact": number, "confirmed": number, **_d(asked)}, asked)
    assert sent.request.path == "/login/codigo"
    assert count(web, CODES) == 1


def test_a_booking_asks_for_the_country_and_shows_the_whole_number(web: Web) -> None:
    web.session()
    client, start = web.client, web.free()[0]["start"]
    page = client.get("/citas/persona", query_string={**PLACE, "start": start}).text
    own = {**fields(page), **OWN, "email": "", "phone": "55 1234 5678"}
    refused = post(client, "/citas/persona", own, page).text
    assert "con la clave del país" in refused
    check = post(client, "/citas/persona", {**own, "phone_country": "52"}, refused).text
    assert "+52 55 1234 5678" in check


def test_the_api_refuses_a_number_without_its_country(web: Web) -> None:
    web.session()
    token, start = web.token("citizen", subject="ana"), web.free()[0]["start"]
    answer = web.book(start, token=token, contact={"phone": "2133516800"})
    assert (answer.status_code, list(answer.get_json()["errors"])) == (422, ["contact.phone"])


def _d(page: str) -> dict[str, str]:
    return {"d": fields(page)["d"]}
