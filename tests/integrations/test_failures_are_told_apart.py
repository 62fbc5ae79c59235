"""Every fault becomes the one error that says what may be done next."""

from __future__ import annotations

import gzip
import logging
import pickle
from collections.abc import Callable

import httpx
import pytest
import structlog

from integrations.base import MAX_RESPONSE_BYTES
from integrations.contracts import PayoutStatus
from integrations.errors import (
    AgencyError,
    NeverSent,
    OutcomeUnknown,
    Refused,
    Retryable,
    Throttled,
    Unanswered,
)
from integrations.finabien.client import FinabienClient
from integrations.simulator.app import Simulator
from integrations.simulator.inprocess import InProcessTransport
from tests.integrations.conftest import CLABE, an_order, effects, order_faults

Handler = Callable[[httpx.Request], httpx.Response]


def client_of(handler: Handler) -> FinabienClient:
    return FinabienClient("http://agency.test/x", "token", httpx.MockTransport(handler))


def raising(error: httpx.TransportError) -> Handler:
    def handler(_: httpx.Request) -> httpx.Response:
        raise error

    return handler


def answering(status: int, **more: object) -> Handler:
    return lambda _: httpx.Response(status, **more)  # type: ignore[arg-type]


GZIP = {"content-type": "application/json", "content-encoding": "gzip"}
GOOD = {"claveRastreo": an_order().folio, "estado": "EN_PROCESO"}
UNREADABLE: list[tuple[str, Handler, str]] = [
    ("read timeout", raising(httpx.ReadTimeout("x")), "timeout"),
    ("write timeout", raising(httpx.WriteTimeout("x")), "timeout"),
    ("write error", raising(httpx.WriteError("x")), "connection_lost"),
    ("read error", raising(httpx.ReadError("x")), "connection_lost"),
    ("hung up", raising(httpx.RemoteProtocolError("x")), "connection_lost"),
    ("500", answering(500, json={"codigo": "CUENTA_INVALIDA"}), "server_error"),
    ("502", answering(502, text="bad gateway"), "server_error"),
    ("504", answering(504), "server_error"),
    ("html", answering(200, html="<p>hello"), "garbage"),
    (
        "half json",
        answering(200, content=b'{"a', headers={"content-type": "application/json"}),
        "garbage",
    ),
    (
        "not utf-8",
        answering(200, content=b"\xff", headers={"content-type": "application/json"}),
        "garbage",
    ),
    ("array", answering(200, json=[GOOD]), "garbage"),
    (
        "deep",
        answering(200, content=b"[" * 100_000, headers={"content-type": "application/json"}),
        "garbage",
    ),
    ("other folio", answering(200, json=GOOD | {"claveRastreo": "ROTHER"}), "garbage"),
    ("unknown state", answering(200, json=GOOD | {"estado": "QUIEN_SABE"}), "garbage"),
    ("list for state", answering(200, json=GOOD | {"estado": []}), "garbage"),
    ("packed", answering(200, content=gzip.compress(b"{}"), headers=GZIP), "garbage"),
    ("too large", answering(200, content=b" " * (MAX_RESPONSE_BYTES + 1)), "too_large"),
    ("redirect", answering(307, headers={"location": "http://evil.test/"}), "redirected"),
    ("unknown 4xx", answering(418, json={"codigo": "TETERA"}), "unknown_refusal"),
    ("404 of a proxy", answering(404, html="no such page"), "unknown_refusal"),
]
NOTHING_DONE: list[tuple[str, Handler, str]] = [
    ("refused connection", raising(httpx.ConnectError("x")), "connect_failed"),
    ("connect timeout", raising(httpx.ConnectTimeout("x")), "connect_timeout"),
    ("pool timeout", raising(httpx.PoolTimeout("x")), "pool_timeout"),
    ("503", answering(503, json={"codigo": "CUENTA_INVALIDA"}), "unavailable"),
    ("401", answering(401, json={"codigo": "NO_AUTORIZADO"}), "credentials_refused"),
    ("403", answering(403), "credentials_refused"),
]


@pytest.mark.parametrize(("name", "handler", "code"), UNREADABLE)
def test_a_deed_without_a_readable_answer_is_unknown(
    name: str, handler: Handler, code: str
) -> None:
    with client_of(handler) as client, pytest.raises(OutcomeUnknown) as unknown:
        client.submit(an_order())
    assert (unknown.value.code, unknown.value.operation) == (code, "submit")
    assert not isinstance(unknown.value, Retryable)


@pytest.mark.parametrize(("name", "handler", "code"), UNREADABLE)
def test_a_question_without_a_readable_answer_may_be_asked_again(
    name: str, handler: Handler, code: str
) -> None:
    with client_of(handler) as client, pytest.raises(Unanswered) as unanswered:
        client.status(an_order().folio)
    assert unanswered.value.code == code
    assert isinstance(unanswered.value, Retryable)


@pytest.mark.parametrize(("name", "handler", "code"), NOTHING_DONE)
def test_what_never_arrived_may_be_sent_again(name: str, handler: Handler, code: str) -> None:
    with client_of(handler) as client, pytest.raises(NeverSent) as never:
        client.submit(an_order())
    assert never.value.code == code


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.1), ("nan", 5.0), ("Wed, 21 Oct", 5.0), ("1e9", 3600.0)],
)
def test_an_agency_that_asks_for_patience_says_how_long(header: str, seconds: float) -> None:
    handler = answering(429, headers={"retry-after": header})
    with client_of(handler) as client, pytest.raises(Throttled) as throttled:
        client.submit(an_order())
    assert throttled.value.retry_after == seconds


def test_no_redirect_is_followed() -> None:
    paths: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.host)
        return httpx.Response(302, headers={"location": "http://evil.test/"})

    with client_of(handler) as client, pytest.raises(Retryable):
        client.status(an_order().folio)
    assert paths == ["agency.test"]


def test_no_cookie_is_kept_and_no_proxy_taken_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://evil.test:1")
    seen: list[str | None] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("cookie"))
        return httpx.Response(200, json=GOOD, headers={"set-cookie": "session=1; Path=/"})

    with client_of(handler) as client:
        client.status(an_order().folio)
        client.status(an_order().folio)
    assert seen == [None, None]


def test_errors_survive_pickling() -> None:
    errors: list[AgencyError] = [
        NeverSent("a", "b", "c"),
        Throttled("a", "b", "c", 2.5),
        Refused("a", "b", "c", "words"),
        OutcomeUnknown("a", "b", "c"),
    ]
    for error in errors:
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
        assert vars(again) == vars(error)
        assert str(again) == "a.b: c"


def test_the_log_names_the_call_and_nothing_that_was_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    with structlog.testing.capture_logs() as lines, client_of(answering(200, json=GOOD)) as client:
        client.submit(an_order())
    [line] = lines
    assert set(line) == {"event", "agency", "operation", "outcome", "duration_ms", "log_level"}
    written = f"{lines} {caplog.text}"
    assert CLABE not in written
    assert "PERSONA" not in written.upper()


def test_what_an_error_says_holds_no_body() -> None:
    handler = answering(200, json=GOOD | {"estado": CLABE})
    with client_of(handler) as client, pytest.raises(OutcomeUnknown) as unknown:
        client.submit(an_order())
    assert CLABE not in repr(unknown.value)
    assert unknown.value.__cause__ is None
    assert unknown.value.__suppress_context__


@pytest.mark.parametrize(
    ("fault", "error", "most"),
    [
        ("unavailable_rate", NeverSent, 0),
        ("error_rate", OutcomeUnknown, 1),
        ("drop_after_effect_rate", OutcomeUnknown, 1),
        ("garbage_rate", OutcomeUnknown, 1),
    ],
)
def test_each_simulated_fault_is_named(
    finabien: FinabienClient,
    control: httpx.Client,
    fault: str,
    error: type[AgencyError],
    most: int,
) -> None:
    order_faults(control, "finabien", **{fault: 1.0})
    with pytest.raises(error):
        finabien.submit(an_order())
    if fault == "drop_after_effect_rate":
        # Asking has no effect, so it is answered: that is how the outcome is learnt.
        assert finabien.status(an_order().folio).status is not PayoutStatus.NOT_FOUND
    else:
        with pytest.raises(Retryable):
            finabien.status(an_order().folio)
    assert effects(control).get(an_order().folio, 0) <= most


def test_a_500_tells_nothing_for_it_acts_or_not(
    finabien: FinabienClient, control: httpx.Client
) -> None:
    order_faults(control, "finabien", error_rate=1)
    for number in range(40):
        with pytest.raises(OutcomeUnknown):
            finabien.submit(an_order(f"R{number:011d}"))
    assert 0 < len(effects(control)) < 40


def test_the_wrong_secret_does_nothing(simulator: Simulator, control: httpx.Client) -> None:
    transport = InProcessTransport(simulator)
    client = FinabienClient("http://s.test/finabien", "wrong", transport)
    with pytest.raises(NeverSent):
        client.submit(an_order())
    assert effects(control) == {}


def test_calming_the_faults_ends_them(finabien: FinabienClient, control: httpx.Client) -> None:
    order_faults(control, "finabien", unavailable_rate=1)
    assert control.get("/_simulator/faults/finabien").json()["unavailable_rate"] == 1
    assert control.delete("/_simulator/faults/finabien").status_code == 204
    assert finabien.submit(an_order()).status is PayoutStatus.ACCEPTED


@pytest.mark.parametrize(
    "body",
    [
        {"latency": 1},
        {"latency_ms": -1},
        {"latency_ms": 1.5},
        {"latency_ms": True},
        {"error_rate": 1.01},
        {"error_rate": "1"},
        {"garbage_rate": None},
        {"honours_key": 1},
        [],
    ],
)
def test_faults_that_make_no_sense_are_refused(control: httpx.Client, body: object) -> None:
    answer = control.put("/_simulator/faults/finabien", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert control.get("/_simulator/faults/finabien").json()["error_rate"] == 0


def test_faults_of_an_unknown_agency_are_not_found(control: httpx.Client) -> None:
    assert control.put("/_simulator/faults/nobody", json={}).status_code == 404
    assert control.get("/_simulator/effects?agency=nobody").status_code == 404
