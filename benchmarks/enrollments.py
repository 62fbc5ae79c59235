"""Enrollments a second from the API to their final state, beside RQ's own no-op jobs a second.

Product: a client asks over the web, the relay and two workers do the rest with a simulated register
that decides after a second and calls back; timed until the last request is decided. Floor: two of
RQ's own SimpleWorkers do as many jobs that do nothing, from the same Valkey. Both share the machine
with everything that they need.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import LiteralString

import psycopg
from redis import Redis
from rq import Queue, SimpleWorker

from benchmarks.enrollment_storm import make_bodies, simulator
from benchmarks.kill_payouts import end, fork
from benchmarks.stage import http_request
from integrations.simulator.names import Person
from services.kernel.settings import Settings
from tests.factories.server import Citizen
from workers.main import run_relay, run_worker

WORKERS = 2
DECIDE_SECONDS = 1.0
LONGEST_SECONDS = 300.0
NO_OP_DATABASE = 9

_DECIDED: LiteralString = "SELECT count(*) FROM enrollments WHERE status IN ('active', 'rejected')"
_UNDONE: LiteralString = (
    "SELECT count(*) FROM outbox WHERE done_at IS NULL AND topic ~ '^(enrollments|sat)[.]'"
)

_END: LiteralString = (
    "UPDATE outbox SET done_at = clock_timestamp(), outcome = 'moot' WHERE done_at IS NULL"
)


def nothing() -> None:
    """A job of RQ that does nothing."""


@dataclass(frozen=True)
class Enrollments:
    """Requests and RQ's no-op jobs a second; RQ jobs for each request."""

    rate: float
    no_op_rate: float
    jobs: float


@dataclass(frozen=True)
class Register:
    """The product's processes around one database."""

    settings: Settings
    citizens: Sequence[Citizen]
    send: Callable[[Sequence[bytes]], object]
    # Who asked in an earlier run has a request.
    seen: set[Person] = field(default_factory=set)

    def measure(self, count: int) -> Enrollments:
        """Once, after the floor: so many requests, and twice as many jobs that do nothing."""
        no_op_rate = no_op_jobs(self.settings.redis_url, count * 2)
        requests = [
            self._request(number, body)
            for number, body in enumerate(make_bodies(count, ["rfc"], self.seen))
        ]
        decided, jobs = self._ask(_DECIDED), jobs_done(self.settings)
        began = time.monotonic()
        self.send(requests)
        wait_until(lambda: self._ask(_DECIDED) >= decided + count)
        seconds = time.monotonic() - began
        wait_until(lambda: not self._ask(_UNDONE))
        return Enrollments(count / seconds, no_op_rate, (jobs_done(self.settings) - jobs) / count)

    def _request(self, number: int, body: dict[str, object]) -> bytes:
        citizen = self.citizens[number % len(self.citizens)]
        headers = {
            "Authorization": f"Bearer {citizen.token}",
            "Idempotency-Key": f"{random.getrandbits(64):x}",
        }
        return http_request("POST", "/api/v1/enrollments", headers, body)

    def _ask(self, query: LiteralString) -> int:
        options = "-c app.consulate=*"
        with psycopg.connect(self.settings.worker_database_url, options=options) as db:
            [(value,)] = db.execute(query).fetchall()
        return int(value)


def jobs_done(settings: Settings) -> int:
    """Jobs that the workers did, by RQ's own count."""
    with Redis.from_url(settings.redis_url) as connection:
        workers = SimpleWorker.all(connection=connection)
        return sum(worker.successful_job_count for worker in workers)


def wait_until(true: Callable[[], bool]) -> None:
    """Look again and again. Raises TimeoutError after very long."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError("not all of them are done")
        time.sleep(0.1)


@contextmanager
def processes(settings: Settings, workers: int = WORKERS) -> Iterator[int]:
    """The agencies as they are simulated, the relay and the workers; yields the simulator's id.

    Thousands of bookings were made before, by the floor with people who can't be told: that is
    nobody's to do. What they left is vacuumed now, where autovacuum would fall into the measuring.
    """
    options = "-c app.consulate=*"
    with psycopg.connect(settings.worker_database_url, options=options) as db:
        db.execute(_END)
    with psycopg.connect(settings.database_owner_url, autocommit=True) as db:
        db.execute("VACUUM (ANALYZE)")
    with (
        TemporaryDirectory(prefix="consular-register-") as home,
        simulator(settings, Path(home) / "simulator", DECIDE_SECONDS) as simulating,
    ):
        pids = [fork(partial(run, settings)) for run in (run_relay, *[run_worker] * workers)]
        try:
            yield simulating
        finally:
            for pid in pids:
                end(pid)


def no_op_jobs(redis_url: str, count: int) -> float:
    """Jobs a second of RQ's own workers, from the first that begins to the last that ends."""
    url = f"{redis_url.rpartition('/')[0]}/{NO_OP_DATABASE}"
    with Redis.from_url(url) as connection:
        queue = Queue(connection=connection)
        queue.enqueue_many([Queue.prepare_data(nothing, result_ttl=0) for _ in range(count)])
        began = time.monotonic()
        pids = [fork(lambda: _work(url)) for _ in range(WORKERS)]
        while queue.count or queue.started_job_registry.count:
            time.sleep(0.02)
        seconds = time.monotonic() - began
        for pid in pids:
            end(pid)
        connection.flushdb()
    return count / seconds


def _work(url: str) -> None:
    with Redis.from_url(url) as connection:
        SimpleWorker([Queue(connection=connection)], connection=connection).work(
            burst=True, logging_level="ERROR"
        )
