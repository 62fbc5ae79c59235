"""Whatever a caller, a proxy or the machine comes up with, no request ends in an internal error."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from services.kernel.settings import Settings
from tests.factories.web import Web, running_web, running_web_without_data


class _FullDisk(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    with running_web_without_data(settings) as web:
        yield web


def _behind_a_proxy(app: Flask) -> None:
    """As production wires it: one proxy names the caller."""
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("127.0.0.1", 200),
        ("10.1.2.3", 200),
        ("::1", 200),
        ("fd00::1", 200),
        ("::ffff:192.168.0.9", 200),
        ("8.8.8.8", 404),
        ("2001:4860:4860::8888", 404),
        ("::ffff:8.8.8.8", 404),
        ("0.0.0.0", 404),  # noqa: S104
        ("::", 404),
        ("10.0.0.1:8080", 404),
        ("[::1]:443", 404),
        ("unknown", 404),
        ("_hidden", 404),
        ("localhost", 404),
        ("10.0.0.1, 8.8.8.8", 404),
        ("'; DROP TABLE", 404),
        ("1" * 5000, 404),
        ("ñ", 404),
        ("127.0.0.1%eth0", 404),
    ],
)
def test_metrics_are_refused_to_an_address_that_is_none(
    web: Web, address: str, status: int
) -> None:
    _behind_a_proxy(web.app)
    answer = web.client.get("/metrics", headers={"X-Forwarded-For": address})
    assert answer.status_code == status


def test_metrics_are_refused_to_a_caller_without_an_address(web: Web) -> None:
    assert web.client.get("/metrics", environ_base={"REMOTE_ADDR": ""}).status_code == 404


def test_invented_methods_make_no_series_of_metrics(web: Web) -> None:
    for number in range(50):
        assert web.client.open("/api/v1/consulates", method=f"INVENT{number}").status_code == 405
        web.client.open(f"/nowhere/{number}", method=f"PROPFIND{number}")
    shown = web.client.get("/metrics").text
    assert "INVENT" not in shown
    assert "PROPFIND" not in shown
    assert 'method="other"' in shown


def test_a_full_disk_fails_no_request_that_was_committed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_web(settings) as web:
        web.session()
        token = web.token("citizen", subject="ana")
        start = web.free()[0]["start"]
        monkeypatch.setattr("sys.stdout", _FullDisk())
        monkeypatch.setattr("sys.stderr", _FullDisk())
        booked = web.book(start, token=token)
        assert booked.status_code == 201
        assert web.call("GET", "/appointments", token=token).status_code == 200
        assert web.client.get("/no-such-page").status_code == 404


_CALLBACKS = {"citizen": "/login/llave-mx/vuelta", "staff": "/login/personal/vuelta"}


@pytest.mark.parametrize(("began", "ended"), [("citizen", "staff"), ("staff", "citizen")])
def test_a_sign_in_that_began_as_another_kind_is_refused(web: Web, began: str, ended: str) -> None:
    providers = web.app.extensions["consular.sign_in"]
    web.app.extensions["consular.sign_in"] = replace(
        providers, citizens=_Provider(), staff=_Provider()
    )
    browser = web.client
    on = browser.get(_CALLBACKS[began].removesuffix("/vuelta"))
    state = parse_qs(urlsplit(on.headers["Location"]).query)["state"][0]
    back = browser.get(_CALLBACKS[ended], query_string={"state": state, "code": "any"})
    assert back.status_code == 403


@pytest.mark.parametrize("path", _CALLBACKS.values())
@pytest.mark.parametrize("cookie", ["", "nonsense", "WyJub3QgYSBmbG93Il0.x.y", "ñ"])
def test_a_sign_in_that_was_never_begun_is_refused(web: Web, path: str, cookie: str) -> None:
    browser = web.client
    browser.set_cookie("consular-sign-in", cookie)
    assert browser.get(path, query_string={"state": "x", "code": "y"}).status_code == 403


class _Provider:
    """Sends the browser on, as both providers do."""

    def authorize_url(self, *, state: str, **_: str) -> str:
        return f"https://idp.example/authorize?state={state}"
