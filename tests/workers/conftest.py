"""Agencies over real HTTP, means to work with, and worker processes that are really processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from time import monotonic, sleep
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from redis import Redis
from sqlalchemy import text

from integrations.simulator.app import create_simulator, running
from services.appointments.booking import BookAppointment, book
from services.appointments.people import Attendee
from services.appointments.planning import DeskPlan, OpenSession, open_session
from services.enrollments.queries import get_enrollment, list_history, open_result
from services.enrollments.requesting import RequestEnrollment, request_enrollment
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import Database
from services.kernel.settings import Settings
from tests.factories.consulates import add_consulate, add_service
from tests.factories.enrollments import make_account
from tests.factories.payouts import PayoutBench
from tests.factories.web import web
from tests.servers import ROOT, DatabaseUrls, connected
from workers.jobs.run import run_outbox, use
from workers.main import open_redis
from workers.relay import Relay
from workers.rq_worker import OutboxWorker
from workers.runtime import JobContext, build_context

__all__ = ["web"]
EMAIL = "quien.reserva@example.org"
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
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
def pages(settings: Settings) -> Iterator[Database]:
    """What the pages may do."""
    with connected(settings.database_url) as database:
        yield database


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


_FREED_NOW = text(
    "UPDATE outbox SET ring_at = clock_timestamp() WHERE done_at IS NULL"
    " AND topic LIKE 'appointments.free%'"
)


def let_it_pass(job: JobContext, pump: Callable[[], int]) -> None:
    """The delay after which places that were given back are free."""
    with job.transaction() as session:
        session.execute(_FREED_NOW)
    while pump():
        pass


@contextmanager
def process(name: str, settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A worker, relay, schedule or books as a process; it is gone in the end."""
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


def until(true: Callable[[], object], *, seconds: float = 120) -> None:
    """Wait for something to become true; fails after ``seconds``."""
    deadline = monotonic() + seconds
    while not true():
        if monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {true.__doc__ or true}")
        sleep(0.05)


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
        enrollment = request_enrollment(
            session, command, now=system_clock(), actor=actor, vault=job.vault
        )
        return enrollment.id


def look(job: JobContext, enrollment: UUID) -> Enrolled:
    """Read it."""
    with job.transaction() as session:
        row = get_enrollment(session, enrollment)
        return Enrolled(
            folio=row.folio,
            status=row.status,
            history=[event.status for event in list_history(session, enrollment)],
            result=open_result(session, row, job.vault),
            reason=row.reason_code,
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
    items: list[dict[str, str]] = answer.json()["items"]
    return items


def book_for_monday(
    job: JobContext, *, language: str = "es", email: str | None = EMAIL, phone: str | None = None
) -> tuple[UUID, str]:
    """An appointment at nine on a Monday in December."""
    day = _a_monday_in_december(system_clock())
    with job.transaction() as session:
        office = add_consulate(session)
        add_service(session)
        supervisor = Actor(Role.SUPERVISOR, UUID(int=3), office.code)
        plan = OpenSession(office.code, day, time(9), time(10), 15, (DeskPlan("A", ("TST",)),))
        open_session(session, plan, now=system_clock(), actor=supervisor)
        citizen = Actor(Role.CITIZEN, make_account(session))
    command = BookAppointment(
        consulate="villanueva",
        services=("TST",),
        start=datetime.combine(day, time(9), LOS_ANGELES),
        attendees=(Attendee("Itzel", "Quintana", None, date(1990, 5, 12)),),
        language=language,
    )
    with job.database.raw_connection() as connection:
        booked = book(
            connection,
            replace(command, email=email, phone=phone),
            now=system_clock(),
            actor=citizen,
            vault=job.vault,
        )
    return booked.id, booked.folio


def _a_monday_in_december(now: datetime) -> date:
    """The second one, of this year or the next: in winter, on no holiday."""
    year = now.year + (now.month == 12)
    first = date(year, 12, 1)
    return first + timedelta(days=(7 - first.weekday()) % 7 + 7)


def deliver(job: JobContext, topic: str, ref: UUID, item: UUID | None = None) -> None:
    """Do the topic's item about ``ref``; of several, that ``item``."""
    if item is not None:
        run_outbox(str(item))
        return
    query = text("SELECT id FROM outbox WHERE topic = :topic AND ref = :ref")
    with job.transaction() as session:
        item = session.execute(query, {"topic": topic, "ref": ref}).scalar_one()
    run_outbox(str(item))
