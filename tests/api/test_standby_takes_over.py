"""A standby that stops and then takes over has what anybody was promised, and has it once."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from tests.factories.clusters import Cluster, Replica, cluster, place, standby_of
from tests.factories.pace import seconds
from tests.factories.web import Web, person, running_web
from tests.servers import moved, settings_over

WITHIN_SECONDS = 10.0
BEFORE, MEANWHILE = range(4), range(4, 12)
IS_SYNCHRONOUS = "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'"
TOOK_OVER = "SELECT pg_promote()"
BOOKED = "SELECT count(*) = 12 FROM appointments"


@pytest.fixture
def pair() -> Iterator[tuple[Cluster, Replica]]:
    """A primary that acknowledges nothing before its standby has it."""
    with (
        place() as directory,
        cluster(directory) as primary,
        standby_of(primary, directory) as standby,
    ):
        primary.set("synchronous_standby_names", "*")
        primary.until(IS_SYNCHRONOUS)
        yield primary, standby


@pytest.mark.slow
def test_a_standby_that_stops_and_takes_over_has_all_that_was_promised(
    pair: tuple[Cluster, Replica], redis_url: str, tmp_path: Path
) -> None:
    primary, standby = pair
    settings = settings_over(primary.urls, tmp_path, redis_url)
    with running_web(settings) as web:
        web.session(desks=[{"name": name, "services": ["PAS10"]} for name in "ABC"])
        starts = [slot["start"] for slot in web.free()]
        tokens = [web.token("citizen", subject=f"person-{n}") for n in range(12)]
        promised = book(web, starts, tokens, BEFORE)
        assert {answer.status_code for answer in promised} == {201}

        with standby.frozen():
            began = time.monotonic()
            codes = [refused_for_now(answer) for answer in book(web, starts, tokens, MEANWHILE)]
            # The others waited for a place that a hanging booking holds.
            assert "outcome_unknown" in codes
            assert web.client.get("/").status_code == 200
            took = time.monotonic() - began
            assert took < seconds(WITHIN_SECONDS)
            crash(primary)
    standby.until(TOOK_OVER)
    with running_web(moved(settings, standby.urls)) as web:
        again = book(web, starts, tokens, BEFORE)
        assert [answer.get_json() for answer in again] == [a.get_json() for a in promised]
        meanwhile = book(web, starts, tokens, MEANWHILE)
        assert {answer.status_code for answer in meanwhile} == {201}
        standby.until(BOOKED)


def book(
    web: Web, starts: Sequence[str], tokens: Sequence[str], numbers: range
) -> list[TestResponse]:
    """One place for each number, all at once; the same number is the same request."""

    def one(number: int) -> TestResponse:
        return web.call(
            "POST",
            "/appointments",
            {"consulate": "losangeles", "service": "PAS10", "start": starts[number // 3],
             "attendees": [person(number)]},
            token=tokens[number],
            headers={"Idempotency-Key": f"key-{number}"},
        )  # fmt: skip

    with ThreadPoolExecutor(len(numbers)) as clients:
        return list(clients.map(one, numbers))


def refused_for_now(answer: TestResponse) -> str:
    """The code of an answer that promises nothing and says when to come back."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["Retry-After"]
    return str(answer.get_json()["code"])


def crash(primary: Cluster) -> None:
    """At once: it says good-bye to nobody."""
    assert primary.server.process is not None
    primary.server.process.send_signal(signal.SIGQUIT)
    primary.server.process.wait()
