"""A request that is refused, whatever it carried, leaves its connection fit for the next one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from services.kernel.settings import Settings
from tests.factories.server import running_server

TIMES = 100
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def connection(settings: Settings) -> Iterator[HTTPConnection]:
    """The only one to the real server: it isn't opened again when it was dropped."""
    with running_server(settings) as at:
        connection = HTTPConnection("127.0.0.1", at.port, timeout=30)
        connection.connect()
        connection.auto_open = 0
        yield connection
        connection.close()


def _post(connection: HTTPConnection, path: str, size: int) -> tuple[int, bytes]:
    connection.request("POST", path, b"x" * size, JSON)
    answer = connection.getresponse()
    return answer.status, answer.read()


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/api/v1/appointments", 2, 401),
        ("/api/v1/consulates", 1_000, 405),
        ("/api/v1/remittances/lookup", 70_000, 413),
        ("/citas/persona", 70_000, 413),
    ],
)
def test_a_refusal_never_costs_the_connection(
    connection: HTTPConnection, path: str, size: int, status: int
) -> None:
    assert {_post(connection, path, size)[0] for _ in range(TIMES)} == {status}


def test_five_megabytes_are_refused_in_words(connection: HTTPConnection) -> None:
    status, body = _post(connection, "/api/v1/remittances/lookup", 5 * 1024 * 1024)
    assert (status, json.loads(body)["code"]) == (413, "too_large")
