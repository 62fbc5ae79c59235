"""Agencies over real HTTP, means to work with, and worker processes that are really processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from redis import Redis
from sqlalchemy import text

from integrations.simulator.app import create_simulator, running
from services.enrollments.queries import get_enrollment, list_history, open_result
from services.enrollments.requesting import RequestEnrollment, request_enrollment
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.settings import Settings
from tests.factories.enrollments import make_account
from tests.factories.payouts import PayoutBench
from tests.servers import ROOT, DatabaseUrls
from workers.jobs.run import use
from workers.main import open_redis
from workers.relay import Relay
from workers.rq_worker import OutboxWorker
from workers.runtime import JobContext, build_context

_RUN = (
    "from services.kernel.settings import Settings; from workers import main;"
    " main.run_{}(Settings.load())"
)


@pytest.fixture
def bench(database: DatabaseUrls, tmp_path: Path) -> Iterator[PayoutBench]:
    """Payouts with a clock and an agency of their own; in the end the books must hold."""
    with PayoutBench(database.app_url, tmp_path) as bench:
        yield bench
        assert bench.proof().holds


@pytest.fixture
def agencies_url(tmp_path: Path, settings: Settings) -> Iterator[str]:
    """The simulator on a port of its own. It decides within half a second; nobody is called."""
    simulator = create_simulator(
        tmp_path / "simulator",
        callback_base_url="http://127.0.0.1:9",
        secrets={
            "finabien": settings.require("CONSULAR_FINABIEN_TOKEN"),
            "finabien.callbacks": settings.require("CONSULAR_FINABIEN_SECRET"),
            "sat": settings.require("CONSULAR_SAT_TOKEN"),
            "sat.callbacks": settings.require("CONSULAR_SAT_SECRET"),
        },
        decide_seconds=0.5,
    )
    with running(simulator) as url:
        yield url


@pytest.fixture
def quick(settings: Settings, agencies_url: str) -> Settings:
    """Short leases and repeated rings, and the simulator for every agency. It calls nobody back, so
    it is asked soon."""
    return configured(
        settings,
        CONSULAR_SIMULATOR_URL=agencies_url,
        CONSULAR_LEASE_SECONDS="3",
        CONSULAR_RING_SECONDS="1",
        CONSULAR_CALLBACK_SECONDS="1",
    )


def configured(settings: Settings, **values: str) -> Settings:
    """The same with other values; ``REDIS_URL`` is taken over as well."""
    redis_url = values.get("REDIS_URL", settings.redis_url)
    return replace(settings, redis_url=redis_url, values={**settings.values, **values})


@pytest.fixture
def job(quick: Settings) -> Iterator[JobContext]:
    """The means of a worker in this process."""
    job = build_context(quick)
    use(job)
    yield job
    use(None)
    job.database.dispose()


@pytest.fixture
def redis(quick: Settings) -> Iterator[Redis]:
    with open_redis(quick.redis_url) as redis:
        yield redis


@pytest.fixture
def pump(job: JobContext, redis: Redis) -> Callable[[], int]:
    """Ring what is due and let a real RQ worker, in this process, do it all. Returns how many."""

    def pump() -> int:
        count = Relay(job.database, redis, again_seconds=1).tick()
        OutboxWorker(redis, lambda _: None).work(burst=True, logging_level=None)
        return count

    return pump


@contextmanager
def process(name: str, settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A worker, relay or schedule as a process; it is gone in the end."""
    started = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _RUN.format(name)],
        cwd=ROOT,
        env={**settings.values, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    try:
        yield started
    finally:
        started.kill()
        started.wait()
        if started.stdout is not None:
            started.stdout.close()


def until(true: Callable[[], object], *, seconds: float = 60) -> None:
    """Wait for something to become true; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {true.__doc__ or true}")
        time.sleep(0.05)


def seconds(promised: float) -> float:
    """What a promise in seconds means on this machine now: more when it has other things to do."""
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return promised * max(1.0, (time.monotonic() - started) / 0.1)


@dataclass(frozen=True)
class Enrolled:
    """How an enrollment stands now."""

    folio: str
    status: str
    history: list[str]
    result: Mapping[str, str] | None
    reason: str | None


def enroll(job: JobContext, command: RequestEnrollment) -> UUID:
    """Ask for it in the name of a new account."""
    with job.transaction() as session:
        actor = Actor(Role.CITIZEN, make_account(session))
        found = request_enrollment(
            session, command, now=system_clock(), actor=actor, vault=job.vault
        )
        return found.id


def look(job: JobContext, enrollment: UUID) -> Enrolled:
    """Read it."""
    with job.transaction() as session:
        found = get_enrollment(session, enrollment)
        return Enrolled(
            folio=found.folio,
            status=found.status,
            history=[event.status for event in list_history(session, enrollment)],
            result=open_result(session, found, job.vault),
            reason=found.reason_code,
        )


def outcomes(job: JobContext, topic: str) -> list[str | None]:
    """How the items of a topic ended, None for those that haven't, in order of their making."""
    query = text("SELECT outcome FROM outbox WHERE topic = :topic ORDER BY id")
    with job.transaction() as session:
        return list(session.execute(query, {"topic": topic}).scalars())


def undone(job: JobContext) -> int:
    """Items that are still to be done."""
    with job.transaction() as session:
        query = text("SELECT count(*) FROM outbox WHERE done_at IS NULL")
        return int(session.execute(query).scalar_one())


def effects(agencies_url: str, agency: str) -> dict[str, int]:
    """Folio -> how often it took effect at the agency."""
    answer = httpx.get(f"{agencies_url}/_simulator/effects", params={"agency": agency})
    return {item["folio"]: item["effects"] for item in answer.json()["items"]}


def fault(agencies_url: str, agency: str, **faults: float) -> None:
    """Make the agency misbehave; with nothing, calm it."""
    httpx.put(f"{agencies_url}/_simulator/faults/{agency}", json=faults).raise_for_status()


def messages(agencies_url: str, to: str) -> list[dict[str, str]]:
    """What the gateway took for somebody, newest first."""
    answer = httpx.get(f"{agencies_url}/_simulator/messages.json", params={"to": to})
    found: list[dict[str, str]] = answer.json()["items"]
    return found
