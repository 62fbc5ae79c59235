"""``python -m benchmarks.bulkhead [--full]``: what a failing agency costs the healthy ones.

Requests to two agencies come in at a steady pace, the same in each run; a run is quiet, or one of
the agencies is slow (five seconds an answer) or down. Measured is how long the healthy one's
requests take from being filed to the agency's first word, and to their end; and how the 99th
percentile compares with the quiet run's. Real relay and worker processes, simulated agencies over
HTTP, servers of its own with fsync on.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from uuid import UUID

import httpx
from sqlalchemy import text

from benchmarks.kill_payouts import end, fork
from consular.local.ports import HOST, free_port
from consular.seed import load_reference
from integrations.registry import calling_back
from integrations.simulator.app import serve
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.requesting import request_enrollment
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.crypto import Vault
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.settings import Settings
from tests.factories.enrollments import make_account, make_request
from tests.servers import durable_servers, settings_over
from workers.main import run_relay, run_schedule, run_worker

FAILING, HEALTHY = "rfc", "nss"
SICK_AGENCY = "sat"
RUNS: Mapping[str, Mapping[str, float]] = {
    "quiet": {},
    "slow": {"latency_ms": 5000},
    "down": {"unavailable_rate": 1.0},
    "hangs": {"latency_ms": 60_000},
}
PATIENCE_SECONDS = 120.0
_CONSENTS = {code: tuple(PROGRAMS[code].form.consents) for code in (FAILING, HEALTHY)}

_FIRST_WORD = text(
    "SELECT extract(epoch FROM done_at - created_at)::float8 FROM outbox"
    " WHERE topic = 'enrollments.submit' AND ref = ANY (:found) AND done_at IS NOT NULL"
)
_END = text(
    "SELECT extract(epoch FROM changed_at - created_at)::float8 FROM enrollments"
    " WHERE id = ANY (:found) AND status = 'active'"
)


@dataclass(frozen=True)
class Size:
    """So many requests to each agency, so many of each a second."""

    requests: int
    a_second: float
    workers: int


SHORT = Size(requests=60, a_second=2, workers=3)
FULL = Size(requests=600, a_second=10, workers=3)


@dataclass(frozen=True)
class Run:
    """Seconds of the healthy agency's requests, in one run."""

    name: str
    first_word: Sequence[float]
    end: Sequence[float]

    def line(self, quiet: Run) -> str:
        """Percentiles, and the 99th as a ratio to the quiet run's."""
        shown = [f"{self.name:8}"]
        for mine, theirs in ((self.first_word, quiet.first_word), (self.end, quiet.end)):
            ratio = _p99(mine) / _p99(theirs)
            shown.append(f"p50 {median(mine):6.3f} s  p99 {_p99(mine):6.3f} s  x {ratio:5.2f}")
        return " | ".join(shown)


def measure(settings: Settings, size: Size) -> list[Run]:
    """One run after the other, over the same processes."""
    database = Database(settings.worker_database_url, pool_size=2)
    vault = Vault(settings.master_keys(), settings.index_key())
    runs = []
    with _processes(settings, size.workers):
        for name, faults in RUNS.items():
            address = f"{settings.simulator_url}/_simulator/faults/{SICK_AGENCY}"
            httpx.put(address, json=faults, timeout=10).raise_for_status()
            enrollments = _file(database, vault, size)
            first = _wait(database, enrollments, str(_FIRST_WORD))
            runs.append(Run(name, first, _wait(database, enrollments, str(_END))))
            httpx.delete(address, timeout=10).raise_for_status()
            _wait_until_quiet(database)
    database.dispose()
    return runs


def _file(database: Database, vault: Vault, size: Size) -> list[UUID]:
    """Ask for both programs at a steady pace; the ids of the healthy agency's requests."""
    enrollments = []
    began = time.monotonic()
    for number in range(size.requests):
        time.sleep(max(0.0, began + number / size.a_second - time.monotonic()))
        for program in (FAILING, HEALTHY):
            with database.transaction(NETWORK_SCOPE) as session:
                actor = Actor(Role.CITIZEN, make_account(session))
                request = make_request(program=program, consents=_CONSENTS[program])
                filed = request_enrollment(
                    session, request, now=system_clock(), actor=actor, vault=vault
                )
                if program == HEALTHY:
                    enrollments.append(filed.id)
    return enrollments


def _wait(database: Database, enrollments: list[UUID], query: str) -> list[float]:
    """What the query says of each of them, once it says something of all."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    seconds: list[float] = []
    while len(seconds) < len(enrollments) and time.monotonic() < deadline:
        time.sleep(0.1)
        with database.transaction(NETWORK_SCOPE) as session:
            seconds = list(session.execute(text(query), {"found": enrollments}).scalars())
    if len(seconds) < len(enrollments):
        raise RuntimeError(
            f"only {len(seconds)} of {len(enrollments)} after {PATIENCE_SECONDS:.0f} s"
        )
    return seconds


def _wait_until_quiet(database: Database) -> None:
    """Until the failing agency's requests are sent as well, so that each run begins alike."""
    query = text(
        "SELECT count(*) FROM outbox WHERE topic = 'enrollments.submit' AND done_at IS NULL"
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with database.transaction(NETWORK_SCOPE) as session:
            if not session.execute(query).scalar_one():
                return
        time.sleep(0.2)
    raise RuntimeError("the agency is well, and its requests are still not sent")


@contextmanager
def _processes(settings: Settings, workers: int) -> Iterator[None]:
    """Simulator, relay, schedule and workers."""
    secrets = {
        f"{agency.code}.callbacks": settings.require(agency.callback_setting)
        for agency in calling_back()
    }
    nowhere = "http://127.0.0.1:9"
    directory = settings.home / "simulator"
    pids = [fork(lambda: serve(HOST, settings.simulator_port, directory, nowhere, secrets))]
    pids += [
        fork(lambda run=run: run(settings))  # type: ignore[misc]
        for run in (run_relay, run_schedule, *[run_worker] * workers)
    ]
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as client:
            client.get(
                f"{settings.simulator_url}/_simulator/effects", params={"agency": SICK_AGENCY}
            ).raise_for_status()
        # Until each worker has counted the others.
        time.sleep(6)
        yield
    finally:
        for pid in pids:
            end(pid)


def _p99(values: Sequence[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[-1]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulkhead", description=__doc__)
    parser.add_argument("--full", action="store_true", help="ten times as many requests")
    size = FULL if parser.parse_args(arguments).full else SHORT
    with (
        durable_servers() as addresses,
        addresses.fresh_database() as urls,
        TemporaryDirectory() as home,
    ):
        port = str(free_port())
        settings = settings_over(urls, home, addresses.redis_url, CONSULAR_SIMULATOR_PORT=port)
        load_reference(settings)
        runs = measure(settings, size)
    print(f"{size.requests} requests to each of two agencies, {size.workers} workers;")
    print(f"the healthy one's, from filed to the agency's first word | to their end ({HEALTHY})")
    for run in runs:
        print(run.line(runs[0]))


if __name__ == "__main__":
    main()
