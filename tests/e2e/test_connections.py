"""A request that is refused, whatever it carried, leaves its connection fit for the next one."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from services.kernel.settings import Settings
from tests.factories.server import running_server

TIMES = 100
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def caller(settings: Settings) -> Iterator[httpx.Client]:
    """One connection to the real server."""
    one = httpx.Limits(max_connections=1, max_keepalive_connections=1)
    with (
        running_server(settings) as at,
        httpx.Client(base_url=f"http://127.0.0.1:{at.port}", limits=one, timeout=30) as client,
    ):
        yield client


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
    caller: httpx.Client, path: str, size: int, status: int
) -> None:
    for _ in range(TIMES):
        answer = caller.post(path, content=b"x" * size, headers=JSON)
        assert answer.status_code == status, answer.text
        assert caller.get("/health/live").status_code == 200


def test_five_megabytes_are_refused_in_words(caller: httpx.Client) -> None:
    answer = caller.post(
        "/api/v1/remittances/lookup", content=b"x" * (5 * 1024 * 1024), headers=JSON
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert caller.get("/health/live").status_code == 200
