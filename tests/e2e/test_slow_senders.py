"""Callers that announce much and send little hold up nobody, and are let go in the end."""

from __future__ import annotations

import json
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection, HTTPResponse
from select import select

import pytest

from consular.seed import load_reference
from services.citizens.accounts import list_people
from services.kernel.db import NETWORK_SCOPE
from services.kernel.settings import Settings
from tests.factories.pace import seconds
from tests.factories.server import Citizen, make_citizens, running_server
from tests.factories.web import with_token_key
from tests.servers import Addresses, connected, settings_over

SOON = 2.0
PROFILE = b'{"given_names": "Ana", "first_surname": "Demo", "birth_date": "1990-05-12"}'
CHECKED = ("/health/live", "/health/ready", "/", "/api/v1/consulates")


@pytest.fixture
def many_files() -> Iterator[None]:
    """More open connections than the usual 1,024 files of a process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4096)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module")
def ready(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """With reference data and an issuer of tokens."""
    with servers.fresh_database() as urls:
        home = tmp_path_factory.mktemp("home")
        settings = with_token_key(settings_over(urls, home, servers.redis(0)))
        load_reference(settings)
        yield settings


@pytest.fixture(scope="module")
def port(ready: Settings) -> Iterator[int]:
    """Of a server as we start it."""
    with running_server(ready) as at:
        yield at.port


@pytest.fixture(scope="module")
def impatient(ready: Settings) -> Iterator[int]:
    """The port of one whose deadlines are half a second."""
    with running_server(ready, SERVER_HEAD_SECONDS="0.5", SERVER_BODY_SECONDS="0.5") as at:
        yield at.port


@pytest.fixture
def citizen(ready: Settings) -> Citizen:
    """Who told nothing of themselves yet."""
    return make_citizens(ready, 1)[0]


def _told(settings: Settings, citizen: Citizen) -> int:
    """How many people the citizen named."""
    with (
        connected(settings.database_url, pool_size=1) as database,
        database.transaction(NETWORK_SCOPE) as session,
    ):
        return len(list_people(session, citizen.account))


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def _head(path: str, *headers: str, method: str = "POST") -> bytes:
    lines = (f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json")
    return "\r\n".join([*lines, *headers, "", ""]).encode()


def _head_of(citizen: Citizen, framing: str) -> bytes:
    """Of a request that tells the citizen's names."""
    token = f"Authorization: Bearer {citizen.token}"
    return _head("/api/v1/me", token, framing, method="PATCH")


def _chunk(part: bytes) -> bytes:
    return f"{len(part):x}\r\n".encode() + part + b"\r\n"


def _seconds(port: int, path: str) -> float:
    began = time.monotonic()
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 200, path
    return time.monotonic() - began


def _answer(connection: socket.socket) -> tuple[int, str]:
    """Status and ``code`` of what comes back; the server must close afterwards."""
    with HTTPResponse(connection) as response:
        response.begin()
        body = response.read()
        assert response.getheader("Connection") == "close"
        assert connection.recv(1) == b""
        return response.status, json.loads(body)["code"]


@contextmanager
def _slow_callers(port: int, *, stalled: int, idle: int) -> Iterator[None]:
    paths = ("/citas/persona", "/api/v1/appointments", "/login", "/api/v1/callbacks/sat")
    with ExitStack() as opened:
        for number in range(stalled):
            caller = opened.enter_context(_connect(port))
            caller.sendall(_head(paths[number % len(paths)], "Content-Length: 1000") + b"{")
        for _ in range(idle):
            opened.enter_context(_connect(port))
        yield


@pytest.mark.parametrize(("stalled", "idle"), [(24, 1_100), (400, 0)])
def test_pages_answer_while_many_send_nothing(
    port: int, many_files: None, stalled: int, idle: int
) -> None:
    with _slow_callers(port, stalled=stalled, idle=idle):
        for path in CHECKED:
            assert max(_seconds(port, path) for _ in range(6)) < seconds(SOON), path


@pytest.mark.parametrize("dripping", [False, True])
def test_a_body_that_comes_too_slowly_is_refused_and_nothing_done(
    ready: Settings, impatient: int, citizen: Citizen, dripping: bool
) -> None:
    with _connect(impatient) as caller:
        began = time.monotonic()
        caller.sendall(_head_of(citizen, f"Content-Length: {len(PROFILE) + 1}"))
        caller.sendall(PROFILE[:1] if dripping else PROFILE)
        for byte in PROFILE[1:] if dripping else b"":
            if select([caller], [], [], 0.02)[0]:  # slowly, but never silent until it answers
                break
            caller.sendall(bytes([byte]))
        assert _answer(caller) == (408, "request_timeout")
        took = time.monotonic() - began
        assert 0.4 < took < seconds(3)
    assert _told(ready, citizen) == 0


@pytest.mark.parametrize("chunked", [False, True])
def test_a_caller_that_goes_away_in_the_middle_did_nothing(
    ready: Settings, port: int, citizen: Citizen, chunked: bool
) -> None:
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(PROFILE) + 1}"
    with _connect(port) as caller:
        caller.sendall(_head_of(citizen, framing) + (_chunk(PROFILE) if chunked else PROFILE))
        caller.shutdown(socket.SHUT_WR)
        assert b" 200 " not in caller.recv(4096)
    assert _seconds(port, "/health/live") < seconds(SOON)
    assert _told(ready, citizen) == 0


def test_a_chunked_body_is_read_to_its_end(ready: Settings, port: int, citizen: Citizen) -> None:
    with _connect(port) as caller:
        caller.sendall(_head_of(citizen, "Transfer-Encoding: chunked"))
        for part in (PROFILE[:20], PROFILE[20:], b""):
            caller.sendall(_chunk(part))
        with HTTPResponse(caller) as answer:
            answer.begin()
            assert answer.status == 200
            assert json.loads(answer.read())["first_surname"] == "Demo"
    assert _told(ready, citizen) == 1


def test_a_chunked_body_without_end_is_too_large(port: int) -> None:
    with _connect(port) as caller:
        caller.sendall(_head("/api/v1/remittances/lookup", "Transfer-Encoding: chunked"))
        with suppress(OSError):
            for _ in range(200):
                caller.sendall(_chunk(b"x" * 65_536))
        assert b" 413 " in caller.recv(4096)


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: "])
def test_a_connection_that_asks_nothing_is_closed(impatient: int, sent: bytes) -> None:
    with _connect(impatient) as caller:
        caller.sendall(sent)
        began = time.monotonic()
        while caller.recv(4096):
            continue
        took = time.monotonic() - began
        assert took < seconds(3)


def test_a_connection_is_kept_between_requests(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.connect()
    connection.auto_open = 0
    for _ in range(20):
        connection.request("GET", "/health/live")
        assert connection.getresponse().read()
    connection.close()
