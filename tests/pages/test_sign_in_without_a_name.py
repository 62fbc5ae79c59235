"""Llave MX may know one name of a person, or none: they sign in and are asked for the rest only."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations.contracts import CitizenClaims
from tests.factories.web import Web


class _Provider:
    def __init__(self, claims: CitizenClaims) -> None:
        self.claims = claims

    def authorize_url(self, *, state: str, redirect_uri: str) -> str:
        return f"https://llave.test/?state={state}"

    def exchange(self, *, code: str, redirect_uri: str) -> CitizenClaims:
        return self.claims


def _sign_in(web: Web, monkeypatch: pytest.MonkeyPatch, **claims: Any) -> tuple[Any, str]:
    sign_in = web.app.extensions["consular.sign_in"]
    provider = _Provider(CitizenClaims(subject="ana", email="ana@demo.invalid", **claims))
    changed = type(sign_in)(**{**sign_in.__dict__, "citizens": provider})
    monkeypatch.setitem(web.app.extensions, "consular.sign_in", changed)
    browser = web.client
    away = browser.get("/login/llave-mx?next=/enviar").location
    state = parse_qs(urlsplit(away).query)["state"][0]
    back = browser.get(f"/login/llave-mx/vuelta?code=x&state={state}")
    assert back.status_code == 303
    return browser, back.location


@pytest.mark.parametrize("given", ["Ana", None])
def test_whoever_has_no_whole_name_there_signs_in_and_tells_the_rest(
    web: Web, monkeypatch: pytest.MonkeyPatch, given: str | None
) -> None:
    browser, onward = _sign_in(web, monkeypatch, given_names=given)
    assert onward.startswith("/mis-datos?")
    page = browser.get(onward).text
    values = dict(re.findall(r'name="(\w+)" type="\w+" value="([^"]*)"', page))
    assert values["given_names"] == (given or "")
    assert values["first_surname"] == ""
    assert values["email"] == "ana@demo.invalid"


def test_whoever_has_a_whole_name_goes_on(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    _, onward = _sign_in(web, monkeypatch, given_names="Ana", first_surname="Demo")
    assert onward == "/enviar"
