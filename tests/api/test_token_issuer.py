"""Tokens of a real identity provider: its published keys decide, its subjects name people."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from consular.local.ports import free_port
from integrations.background import serving
from services.kernel.settings import Settings
from tests.factories.web import Web, running_web

ISSUER, AUDIENCE = "https://idp.example/realms/consular", "consular-production"
KEY, NEXT, STRANGER = (RSAKey.generate_key(2048, {"kid": kid}) for kid in ("k-1", "k-2", "k-1"))


@dataclass
class Provider:
    """Publishes keys, and counts how often it was asked."""

    keys: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    asked: int = 0
    port: int = 0

    def publish(self, *keys: RSAKey) -> None:
        """The public halves, among keys of other kinds."""
        published = [{**key.as_dict(private=False), "use": "sig"} for key in keys]
        self.keys = [{"kty": "EC", "kid": "e-1"}, {"kty": "RSA", "kid": "odd"}, *published]


@contextmanager
def publishing(provider: Provider) -> Iterator[None]:
    """The provider as a server on this machine."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked += 1
            self.send_response(provider.status if self.path == "/jwks" else 404)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps({"keys": provider.keys}).encode())

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    provider.port = server.server_address[1]
    with serving(server):
        yield


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    provider.publish(KEY)
    with publishing(provider):
        yield provider


@pytest.fixture
def web(settings: Settings, provider: Provider) -> Iterator[Web]:
    with running_web(_with_issuer(settings, provider.port)) as web:
        yield web


def _with_issuer(settings: Settings, port: int) -> Settings:
    values = {
        "CONSULAR_TOKEN_ISSUER": ISSUER,
        "CONSULAR_TOKEN_AUDIENCE": AUDIENCE,
        "CONSULAR_TOKEN_JWKS_URL": f"http://127.0.0.1:{port}/jwks",
    }
    return replace(settings, values={**settings.values, **values})


def _token(key: RSAKey = KEY, **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": "f3b1:ana", "role": "citizen",
        "iat": now, "exp": now + 600, **changes,
    }  # fmt: skip
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


def _me(web: Web, token: str) -> int:
    return web.call("GET", "/me", token=token).status_code


def test_the_same_subject_is_the_same_citizen(web: Web) -> None:
    web.session()
    first = web.book(web.free()[0]["start"], token=_token())
    assert first.status_code == 201, first.text
    mine = web.call("GET", "/appointments", token=_token(jti="another")).get_json()["items"]
    assert [one["id"] for one in mine] == [first.get_json()["id"]]
    others = web.call("GET", "/appointments", token=_token(sub="f3b1:luis")).get_json()["items"]
    assert others == []


def test_staff_are_who_has_an_account_here_with_that_role(web: Web) -> None:
    web.token("officer", "losangeles", subject="officer-7")
    path = "/appointments"
    officer = _token(sub="officer-7", role="officer")
    assert web.call("GET", path, token=officer).status_code == 200
    for changes in (
        {"sub": "officer-7", "role": "supervisor"},
        {"sub": "nobody", "role": "officer"},
        {"sub": "officer-7", "role": "admin"},
        {"sub": "system", "role": "system"},
        {"sub": "officer-7", "role": None},
    ):
        assert web.call("GET", path, token=_token(**changes)).status_code == 401, changes


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://elsewhere.example"},
        {"aud": "consular-api"},
        {"exp": 1},
        {"sub": ""},
        {"role": "king"},
    ],
)
def test_a_token_with_anything_wrong_is_refused(web: Web, changes: dict[str, Any]) -> None:
    assert _me(web, _token(**changes)) == 401


def test_only_published_keys_sign(web: Web) -> None:
    assert _me(web, _token(STRANGER)) == 401
    assert _me(web, _token(NEXT)) == 401
    assert _me(web, _token()) == 200


def test_keys_rotate_without_a_restart(
    web: Web, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _me(web, _token()) == 200
    provider.publish(KEY, NEXT)
    assert _me(web, _token(NEXT)) == 401  # asked a moment ago: not again within the minute
    monkeypatch.setattr("integrations.identity.keys.REFETCH_SECONDS", 0)
    assert _me(web, _token(NEXT)) == 200
    assert _me(web, _token(jti="later")) == 200


def test_unknown_keys_do_not_make_us_ask_at_every_request(web: Web, provider: Provider) -> None:
    for _ in range(20):
        assert _me(web, _token(STRANGER)) == 401
        assert _me(web, _token(NEXT)) == 401
    assert provider.asked == 1


def test_a_provider_that_is_down_is_said_and_asked_again(
    web: Web, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.status = 500
    for _ in range(5):
        answer = web.call("GET", "/me", token=_token())
        assert (answer.status_code, answer.get_json()["code"]) == (503, "sign_in_unavailable")
        assert answer.headers["Retry-After"]
    assert provider.asked == 1
    provider.status = 200
    monkeypatch.setattr("integrations.identity.keys.PAUSE_SECONDS", 0)
    assert _me(web, _token()) == 200


def test_a_provider_that_is_away_keeps_nobody_else_out(settings: Settings) -> None:
    with running_web(_with_issuer(settings, free_port())) as web:
        assert _me(web, _token()) == 503
        assert _me(web, web.token("citizen", subject="ana")) == 200
        assert web.call("GET", "/consulates").status_code == 200
