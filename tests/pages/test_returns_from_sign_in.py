"""The return from a sign-in may be opened again, twice at once, or from two tabs."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from integrations.contracts import CitizenClaims
from integrations.errors import Refused
from tests.factories.web import Web
from tests.pages.test_forms_are_sent_once import count

SESSIONS = "SELECT count(*) FROM web_sessions WHERE ended_at IS NULL"


class _Provider:
    """Takes each code once, as OAuth 2.0 wants it."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def authorize_url(self, *, state: str, redirect_uri: str) -> str:
        return f"https://llave.test/?state={state}"

    def exchange(self, *, code: str, redirect_uri: str) -> CitizenClaims:
        if code in self.used:
            raise Refused("invalid_grant")
        self.used.add(code)
        return CitizenClaims(subject="ana", given_names="Ana", first_surname="Demo")


@pytest.fixture
def client(web: Web, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    sign_in = web.app.extensions["consular.sign_in"]
    changed = type(sign_in)(**{**sign_in.__dict__, "citizens": _Provider()})
    monkeypatch.setitem(web.app.extensions, "consular.sign_in", changed)
    return web.client


def begin(client: FlaskClient) -> str:
    """The state of a sign-in that was begun."""
    away = client.get("/login/llave-mx").location
    return parse_qs(urlsplit(away).query)["state"][0]


def test_a_reloaded_return_lands_on_the_first_page_signed_in(web: Web, client: FlaskClient) -> None:
    address = f"/login/llave-mx/vuelta?code=one&state={begin(client)}"
    places = {client.get(address).location for _ in range(3)}
    assert places == {"/mis-tramites"}
    assert client.get("/mis-tramites").status_code == 200
    assert count(web, SESSIONS) == 1


def test_a_return_that_comes_twice_at_once_signs_in_once(web: Web, client: FlaskClient) -> None:
    address = f"/login/llave-mx/vuelta?code=one&state={begin(client)}"
    tabs: list[Any] = [web.client for _ in range(2)]
    for tab in tabs:
        for cookie in client._cookies.values():  # type: ignore[attr-defined]
            tab.set_cookie(cookie.key, cookie.value)
    places: list[str] = []
    threads = [
        threading.Thread(target=lambda tab=tab: places.append(tab.get(address).location))
        for tab in tabs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert places == ["/mis-tramites"] * 2
    assert [tab.get("/mis-tramites").status_code for tab in tabs] == [200, 200]
    assert count(web, SESSIONS) == 1


def test_two_tabs_that_sign_in_both_land_on_the_first_page(web: Web, client: FlaskClient) -> None:
    states = [begin(client), begin(client)]
    for number, state in enumerate(states):
        answer = client.get(f"/login/llave-mx/vuelta?code={number}&state={state}")
        assert answer.location == "/mis-tramites"
    assert count(web, SESSIONS) == 1


def test_a_return_that_nobody_began_signs_nobody_in(web: Web, client: FlaskClient) -> None:
    assert client.get("/login/llave-mx/vuelta?code=one&state=made-up").status_code == 403
    assert count(web, SESSIONS) == 0
