"""While no standby confirms commits the web answers in time, and never that something was done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread

import pytest
from werkzeug.test import TestResponse

from services.kernel.commits import OutcomeUnknown
from services.kernel.db import NETWORK_SCOPE, Database
from tests.factories.clusters import Cluster, cluster, place
from tests.factories.enrollments import make_account
from tests.factories.pace import seconds
from tests.factories.web import Web, person, running_web
from tests.servers import settings_over

WITHIN_SECONDS = 10.0
# As many as the web's two processes answer at a time.
THREADS, CLIENTS = 8, 50
CANCEL = "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    with place() as directory, cluster(directory) as own:
        yield own


@pytest.fixture
def web(own: Cluster, redis_url: str, tmp_path: Path) -> Iterator[Web]:
    with running_web(settings_over(own.urls, tmp_path, redis_url)) as web:
        yield web
        _back(own)


def _away(own: Cluster) -> None:
    own.set("synchronous_standby_names", "somebody_who_is_away")


def _back(own: Cluster) -> None:
    own.set("synchronous_standby_names", "")


def _post(web: Web, start: str, number: int, token: str) -> TestResponse:
    return web.call(
        "POST",
        "/appointments",
        {"consulate": "losangeles", "service": "PAS10", "start": start,
         "attendees": [person(number)]},
        token=token,
        headers={"Idempotency-Key": f"key-{number}"},
    )  # fmt: skip


def _unknown(answer: TestResponse) -> None:
    assert answer.status_code == 503, answer.text
    assert answer.get_json()["code"] == "outcome_unknown"
    assert answer.headers["Retry-After"]


def test_a_commit_that_no_standby_confirms_is_answered_in_time_and_never_as_done(
    web: Web, own: Cluster
) -> None:
    web.session()
    token, start = web.token("citizen", subject="ana"), web.free()[0]["start"]
    _away(own)
    began = time.monotonic()
    _unknown(_post(web, start, 1, token))
    took = time.monotonic() - began
    assert took < seconds(WITHIN_SECONDS)
    ready = web.client.get("/health/ready")
    assert (ready.status_code, ready.get_json()["parts"]["postgresql"]) == (503, "commits_hang")
    # It stands on one machine only: the same key isn't told that it was done either.
    _unknown(_post(web, start, 1, token))
    _back(own)
    done = _post(web, start, 1, token)
    assert done.status_code == 201, done.text
    assert _post(web, start, 1, token).get_json() == done.get_json()


def test_a_wait_that_an_operator_cancels_is_not_a_success(web: Web, own: Cluster) -> None:
    web.session(consulate="chicago")
    token, start = web.token("citizen", subject="eva"), web.free(consulate="chicago")[0]["start"]
    _away(own)
    ended = Event()

    def cancel() -> None:
        with own.superuser() as connection:
            while not ended.wait(0.05):
                connection.execute(CANCEL)

    operator = Thread(target=cancel)
    operator.start()
    try:
        answer = web.call(
            "POST",
            "/appointments",
            {"consulate": "chicago", "service": "PAS10", "start": start,
             "attendees": [person(2)]},
            token=token,
        )  # fmt: skip
        _unknown(answer)
        database = Database(own.urls.worker_url, pool_size=1)
        with pytest.raises(OutcomeUnknown), database.transaction(NETWORK_SCOPE) as session:
            make_account(session)
        database.dispose()
    finally:
        ended.set()
        operator.join()


def test_fifty_clients_are_answered_in_time_and_the_pool_is_whole_afterwards(
    web: Web, own: Cluster
) -> None:
    web.session(desks=[{"name": f"D{n}", "services": ["PAS10"]} for n in range(14)])
    tokens = [web.token("citizen", subject=f"person-{n}") for n in range(CLIENTS)]
    starts = [slot["start"] for slot in web.free()]
    _away(own)
    began = time.monotonic()

    def ask(number: int) -> tuple[int, float]:
        answer = _post(web, starts[number % len(starts)], 100 + number, tokens[number])
        assert answer.status_code == 201 or answer.headers["Retry-After"]
        return answer.status_code, time.monotonic() - began

    with ThreadPoolExecutor(THREADS) as clients:
        answers = list(clients.map(ask, range(CLIENTS)))
    # 409 request_in_progress: it waited for a place that a hanging booking holds.
    assert {status for status, _ in answers} <= {503, 409}
    assert [status for status, _ in answers].count(503) >= THREADS / 2
    assert max(took for _, took in answers) < seconds(WITHIN_SECONDS)
    _back(own)
    with ThreadPoolExecutor(THREADS) as clients:
        assert {status for status, _ in clients.map(ask, range(CLIENTS))} == {201}
