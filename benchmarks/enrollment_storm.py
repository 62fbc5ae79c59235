"""``python -m benchmarks.enrollment_storm [--full | --ci]``: enroll people while everything breaks.

A client asks for enrollments over the real web, and asks again under the same key until each is
taken. Meanwhile the agencies misbehave at random in every way that the simulator knows, a worker is
killed (-9) each second, Valkey is emptied each five, and PostgreSQL is stopped hard. In the end
each request must stand in one final state that agrees with the books of the agencies. Prints a
table; exits with 1 when anything is lost, doubled or told otherwise.

The servers are its own, with fsync on. `honours_key` stays true: an agency that acts again on a
repeated key is of grade C, and none of ours is.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, LiteralString, cast

import httpx
import psycopg
import redis
import structlog
from stdnum import luhn

from benchmarks.kill_payouts import end, fork
from consular.local.ports import HOST, free_port
from consular.seed import load_reference
from integrations.contracts import EnrollmentAgency, EnrollmentStatus
from integrations.registry import AGENCIES, Purpose, calling_back
from integrations.simulator.app import DECIDE_SECONDS, serve
from integrations.simulator.names import Person, make_curp, make_rfc
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.rules import DECIDED, Status
from services.kernel.settings import Settings
from tests.factories.enrollments import GIVEN, SURNAMES
from tests.factories.server import Citizen, make_citizens, running_server
from tests.factories.web import with_token_key
from tests.servers import DatabaseUrls, Servers, settings_over
from workers.main import run_relay, run_schedule, run_worker

WORKERS = 2
CLIENTS = 6
CITIZENS = 400
# So many may be under way at once: more would only wait in the outbox while nothing is killed.
MOST_OPEN = 400
# Short, so that what a killed worker held is taken up again soon.
LEASE_SECONDS, RING_SECONDS = 3, 1
KILL_SECONDS, WIPE_SECONDS, FAULT_SECONDS = 1.0, 5.0, 2.0
RELAY_DIES = 0.1
# Nothing was decided for so long: something must be wrong.
PATIENCE_SECONDS = 180.0
# An agency is well in half of the moments, or its breaker would hardly ever close. In the others
# each switch is on or off, somewhere up to this.
WORST: Mapping[str, float] = {
    "unavailable_rate": 0.3,
    "error_rate": 0.3,
    "drop_after_effect_rate": 0.3,
    "late_answer_rate": 0.01,
    "garbage_rate": 0.2,
    "oversized_rate": 0.1,
    "duplicate_callback_rate": 0.5,
    "reorder_callback_rate": 0.5,
    "early_callback_rate": 0.5,
    "wrong_signature_rate": 0.3,
}
WORST_LATENCY_MS, LATE_MS = 50, 10_500

# Our states that what an agency says of the folio agrees with, once both are final.
AGREEING: Mapping[EnrollmentStatus, frozenset[Status]] = {
    EnrollmentStatus.ACTIVE: frozenset({Status.ACTIVE}),
    EnrollmentStatus.REJECTED: frozenset({Status.REJECTED}),
    EnrollmentStatus.ENDED: frozenset({Status.ENDED}),
    # Refused at the door: nothing of it is there.
    EnrollmentStatus.NOT_FOUND: frozenset({Status.REJECTED}),
}


@dataclass(frozen=True)
class Size:
    """How many requests, how often PostgreSQL is stopped meanwhile, and the least of kills."""

    requests: int
    database_stops: int
    kills: int
    wipe_seconds: float = WIPE_SECONDS


SHORT, FULL = Size(600, 2, kills=20), Size(10_000, 5, kills=100)
CI = Size(40, 1, kills=5, wipe_seconds=2.0)


@dataclass
class Struck:
    """The faults that were put into the system."""

    workers: int = 0
    relays: int = 0
    wipes: int = 0
    stops: int = 0


@dataclass(frozen=True)
class Outcome:
    """``problems`` by kind, each a count; ``statuses`` how the requests ended, by program."""

    requests: int
    statuses: Mapping[tuple[str, str], int]
    problems: Mapping[str, int]
    struck: Struck
    retried: int
    seconds: float

    @property
    def good(self) -> bool:
        """Nothing is wrong, and the system was struck."""
        return not any(self.problems.values()) and self.struck.workers > 0 and self.struck.stops > 0

    def __str__(self) -> str:
        struck = self.struck
        lines = [
            f"enrollment_storm: {self.requests} requests in {self.seconds:.0f} s;"
            f" {struck.workers} workers and {struck.relays} relays killed, Valkey wiped"
            f" {struck.wipes} times, PostgreSQL stopped hard {struck.stops} times;"
            f" {self.retried} answers of the web asked to come back",
            f"  {'program':20}{'ended as':14}{'requests':>9}",
            *(f"  {p:20}{s:14}{n:>9}" for (p, s), n in sorted(self.statuses.items())),
            "  " + ", ".join(f"{count} {what}" for what, count in self.problems.items()),
        ]
        return "\n".join(lines)


# --- Who asks for what ---------------------------------------------------------------------------


def make_bodies(
    count: int, programs: Sequence[str] = (), seen: set[Person] | None = None
) -> list[dict[str, Any]]:
    """So many requests for the programs, of any without, each for a person who isn't among those
    ``seen``, and then is.

    One in ten is somebody whom the agency rejects.
    """
    seen = set() if seen is None else seen
    bodies: list[dict[str, Any]] = []
    programs = programs or [code for code in DATA if PROGRAMS[code].open]
    while len(bodies) < count:
        person = _person()
        if person in seen:
            continue
        seen.add(person)
        curp = make_curp(person, random.choice("HM"))
        program = programs[len(bodies) % len(programs)]
        bodies.append(_body(program, person, curp, len(bodies)))
    return bodies


def _person() -> Person:
    born = date(1955, 1, 1) + timedelta(days=random.randrange(18_000))
    first = "Inscrito" if random.random() < 0.05 else random.choice(SURNAMES)
    return Person(random.choice(GIVEN), first, random.choice(SURNAMES), born)


def _body(program: str, person: Person, curp: str, number: int) -> dict[str, Any]:
    """One in twenty says another surname than the CURP's."""
    surname = "Villalobos" if random.random() < 0.05 else person.first_surname
    return {
        "program": program,
        "applicant": {
            "given_names": person.given_names,
            "first_surname": surname,
            "second_surname": person.second_surname,
            "birth_date": person.birth_date.isoformat(),
            "curp": curp,
            "email": f"persona{number}@example.org",
        },
        "data": DATA[program](person),
        "consents": ["transfer_to_agency"],
    }


def _nss(_person: Person) -> str:
    """A social security number of nobody: ten digits and their check digit."""
    digits = f"{random.randrange(10**10):010d}"
    return digits + luhn.calc_check_digit(digits)


# What each program asks for besides the person, the numbers that it requires among them.
DATA: Mapping[str, Callable[[Person], dict[str, Any]]] = {
    "rfc": lambda _person: {},
    "nss": lambda _person: {},
    "imss": lambda person: {
        "rfc": make_rfc(person),
        "nss": _nss(person),
        "state": "JC",
        "municipality": "Tlaquepaque",
        "occupation": "Albañil",
        "income": {"amount": "9000.00", "currency": "MXN"},
        "period": "monthly",
        "has_family": False,
    },
    "infonavit": lambda person: {
        "nss": _nss(person),
        "amount": {"amount": "600.00", "currency": "MXN"},
        "period": "monthly",
    },
}


# --- The client ----------------------------------------------------------------------------------


@dataclass
class Client:
    """Asks over the web until every request is taken; writes down each folio that it was given."""

    url: str
    database_url: str
    citizens: Sequence[Citizen]
    bodies: Sequence[dict[str, Any]]
    ledger: Path
    open: int = 0
    done: bool = False

    def run(self) -> None:
        """Run a worker in a process of its own."""
        with ThreadPoolExecutor(CLIENTS + 1) as pool, self.ledger.open("a", buffering=1) as lines:
            pool.submit(self._count)
            shares = [range(n, len(self.bodies), CLIENTS) for n in range(CLIENTS)]
            list(pool.map(lambda share: self._ask(share, lines.write), shares))
            self.done = True

    def _ask(self, share: Sequence[int], write: Callable[[str], object]) -> None:
        with httpx.Client(base_url=self.url, timeout=20) as web:
            for number in share:
                while self.open >= MOST_OPEN:
                    time.sleep(0.05)
                write(json.dumps(self._until_taken(web, number)) + "\n")

    def _until_taken(self, web: httpx.Client, number: int) -> dict[str, Any]:
        """The same request under the same key, until it is answered for good."""
        headers = {
            "Authorization": f"Bearer {self.citizens[number % len(self.citizens)].token}",
            "Idempotency-Key": f"storm-{number}",
        }
        retried = 0
        while True:
            try:
                answer = web.post("/api/v1/enrollments", json=self.bodies[number], headers=headers)
            except httpx.TransportError:
                retried += 1
                time.sleep(0.1)
                continue
            again = answer.status_code in (429, 503) or "Retry-After" in answer.headers
            if not again:
                folio = answer.json().get("folio") if answer.status_code == 202 else None
                return {"status": answer.status_code, "folio": folio, "retried": retried}
            retried += 1
            time.sleep(0.1)

    def _count(self) -> None:
        """Keep `open` near the truth."""
        while not self.done:
            self.open = ask(self.database_url, _OPEN) or 0
            time.sleep(0.2)


_OPEN: LiteralString = (
    "SELECT count(*) FROM enrollments"
    " WHERE status NOT IN ('active', 'rejected', 'withdrawn', 'ended')"
)


def ask(database_url: str, query: LiteralString) -> int | None:
    """A number from the database; None while it is away."""
    try:
        with psycopg.connect(database_url, options="-c app.consulate=*", connect_timeout=2) as db:
            [(value,)] = db.execute(query).fetchall()
    except psycopg.OperationalError:
        return None
    return int(value)


# --- The storm -----------------------------------------------------------------------------------


@dataclass
class Storm:
    """Everything that is struck, and what strikes."""

    settings: Settings
    servers: Servers
    urls: DatabaseUrls
    ledger: Path
    size: Size
    pids: dict[int, Callable[[Settings], None]] = field(default_factory=dict)
    struck: Struck = field(default_factory=Struck)

    def start(self, run: Callable[[Settings], None]) -> None:
        """Fork a process of the system."""
        self.pids[fork(lambda: run(self.settings))] = run

    def inject_faults(self) -> None:
        """Strike until every request was taken, and as often as it should be at least."""
        rounds = [
            Every(KILL_SECONDS, self._kill),
            Every(self.size.wipe_seconds, self._wipe),
            Every(FAULT_SECONDS, self._misbehave),
        ]
        while self._goes_on():
            for each in rounds:
                each.tick()
            # In equal shares of the requests, so that each stop finds others under way.
            share = self.size.requests * (self.struck.stops + 1) / (self.size.database_stops + 1)
            if self.struck.stops < self.size.database_stops and self._taken() >= share:
                self._stop_database()
            time.sleep(0.05)
        for agency in STRUCK_AGENCIES:
            self._put(agency, {})

    def _goes_on(self) -> bool:
        return (
            self._taken() < self.size.requests
            or self.struck.stops < self.size.database_stops
            or self.struck.workers < self.size.kills
        )

    def settle(self) -> None:
        """Until nothing is open any more, or nothing moves for too long."""
        before, since = -1, time.monotonic()
        while time.monotonic() - since < PATIENCE_SECONDS:
            left = ask(self.urls.worker_url, _OPEN)
            if left == 0:
                return
            if left != before:
                before, since = left or -1, time.monotonic()
            time.sleep(0.2)

    def end(self) -> None:
        """Kill what still runs."""
        for pid in self.pids:
            end(pid)

    def _taken(self) -> int:
        return self.ledger.read_bytes().count(b"\n")

    def _kill(self) -> None:
        self._replace(run_worker)
        self.struck.workers += 1
        if random.random() < RELAY_DIES:
            self._replace(run_relay)
            self.struck.relays += 1

    def _replace(self, run: Callable[[Settings], None]) -> None:
        pid = random.choice([pid for pid, runs in self.pids.items() if runs is run])
        end(pid)
        del self.pids[pid]
        self.start(run)

    def _wipe(self) -> None:
        with redis.Redis.from_url(self.settings.redis_url) as connection:
            connection.flushall()
        self.struck.wipes += 1

    def _stop_database(self) -> None:
        """As a power cut would: SIGQUIT, no checkpoint; then it replays its log."""
        server = self.servers.postgres
        assert server.process is not None
        server.process.send_signal(server.stop_signals[-1])
        server.process.wait()
        server.start(server.port)
        self.struck.stops += 1

    def _misbehave(self) -> None:
        for agency in STRUCK_AGENCIES:
            self._put(agency, random_faults())

    def _put(self, agency: str, faults: Mapping[str, float]) -> None:
        url = f"{self.settings.simulator_url}/_simulator/faults/{agency}"
        httpx.put(url, json=dict(faults), timeout=30).raise_for_status()


_ENROLLING = {Purpose.ENROLLMENT, Purpose.BATCH_ENROLLMENT}
STRUCK_AGENCIES = [
    agency.code
    for agency in AGENCIES.values()
    if agency.purpose in {*_ENROLLING, Purpose.POPULATION_REGISTER, Purpose.MESSAGES}
]


def random_faults() -> dict[str, float]:
    """None, or each switch on or off, somewhere up to its worst."""
    if random.random() < 0.5:
        return {}
    rates = {
        name: round(random.uniform(0, worst), 3)
        for name, worst in WORST.items()
        if random.random() < 0.5
    }
    return {**rates, "latency_ms": random.randrange(WORST_LATENCY_MS), "late_answer_ms": LATE_MS}


@dataclass
class Every:
    """Does something each so many seconds."""

    seconds: float
    do: Callable[[], None]
    due: float = field(default_factory=time.monotonic)

    def tick(self) -> None:
        """Do it when it is due."""
        if time.monotonic() >= self.due:
            self.do()
            self.due = time.monotonic() + self.seconds


# --- The judgement -------------------------------------------------------------------------------

_ROWS: LiteralString = """
    SELECT e.folio, e.program, e.status,
        (SELECT count(*) FROM enrollment_events h
         WHERE h.enrollment_id = e.id AND h.status IN ('active', 'rejected')) AS decisions
    FROM enrollments e
"""
_PARKED: LiteralString = "SELECT count(*) FROM outbox WHERE outcome = 'parked'"


def judge(storm: Storm, requests: int, seconds: float) -> Outcome:
    """What we say of each request, against what its agency says and did."""
    taken = [json.loads(line) for line in storm.ledger.read_text().splitlines()]
    with psycopg.connect(storm.urls.worker_url, options="-c app.consulate=*") as db:
        rows = db.execute(_ROWS).fetchall()
    ours = {folio: (program, Status(status)) for folio, program, status, _ in rows}
    folios = [line["folio"] for line in taken if line["folio"]]
    effects = {code: _effects(storm.settings, code) for code in ENROLLING}
    problems = {
        "lost": len(set(folios) - set(ours)),
        "never answered for good": requests - len(taken),
        "refused by the web": sum(line["status"] != 202 for line in taken),
        "doubled": len(ours) - len(set(folios)) + len(folios) - len(set(folios)),
        "decided twice": sum(decisions > 1 for *_, decisions in rows),
        "not final": sum(status not in DECIDED for _, status in ours.values()),
        "jobs parked": ask(storm.urls.worker_url, _PARKED) or 0,
        "effects other than one": sum(
            n != 1 for counts in effects.values() for n in counts.values()
        ),
        "unknown to us at an agency": sum(len(set(c) - set(ours)) for c in effects.values()),
        "told otherwise by the agency": _disagreeing(storm.settings, ours, effects),
    }
    statuses = Counter((program, str(status)) for program, status in ours.values())
    retried = sum(line["retried"] for line in taken)
    return Outcome(requests, statuses, problems, storm.struck, retried, seconds)


ENROLLING = [agency.code for agency in AGENCIES.values() if agency.purpose in _ENROLLING]


def _effects(settings: Settings, agency: str) -> dict[str, int]:
    url = f"{settings.simulator_url}/_simulator/effects"
    items = httpx.get(url, params={"agency": agency}, timeout=60).json()["items"]
    return {item["folio"]: item["effects"] for item in items}


def _disagreeing(
    settings: Settings,
    ours: Mapping[str, tuple[str, Status]],
    effects: Mapping[str, Mapping[str, int]],
) -> int:
    """How many folios their agency tells otherwise, or says that it never had or did."""
    agencies = {
        code: cast(EnrollmentAgency, AGENCIES[code].connect(settings)) for code in ENROLLING
    }
    count = 0
    for folio, (program, status) in ours.items():
        code = PROGRAMS[program].agency
        said = agencies[code].status(folio).status
        there = said is not EnrollmentStatus.NOT_FOUND
        agreed = status in AGREEING.get(said, frozenset()) and there is (folio in effects[code])
        count += not agreed
    return count


# --- The stage -----------------------------------------------------------------------------------


@contextmanager
def simulator(
    settings: Settings, directory: Path, decide_seconds: float = DECIDE_SECONDS
) -> Iterator[int]:
    """The agencies on their port; they call the web back. Yields the process's id."""
    secrets = {agency.code: agency.secret(settings) for agency in AGENCIES.values()} | {
        f"{agency.code}.callbacks": settings.require(agency.callback_setting)
        for agency in calling_back()
    }
    web = f"http://{HOST}:{settings.port}"
    pid = fork(
        lambda: serve(
            HOST, settings.simulator_port, directory, web, secrets, decide_seconds=decide_seconds
        )
    )
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as client:
            client.get(f"{settings.simulator_url}/_simulator/effects?agency=sat").raise_for_status()
        yield pid
    finally:
        end(pid)


def settings_of(urls: DatabaseUrls, redis_url: str, home: Path) -> Settings:
    """Random keys, a port for the simulator, and leases that pass on soon."""
    settings = settings_over(
        urls,
        home,
        redis_url,
        CONSULAR_ENV="development",
        CONSULAR_SIMULATOR_PORT=str(free_port()),
        CONSULAR_LEASE_SECONDS=str(LEASE_SECONDS),
        CONSULAR_RING_SECONDS=str(RING_SECONDS),
    )
    return with_token_key(settings)


def measure(size: Size) -> Outcome:
    """Everything, on servers of its own."""
    servers = Servers(durable=True)
    addresses = servers.start()
    try:
        with ExitStack() as stack:
            home = Path(stack.enter_context(TemporaryDirectory(prefix="consular-storm-")))
            urls = stack.enter_context(addresses.fresh_database())
            settings = settings_of(urls, addresses.redis(0), home)
            load_reference(settings)
            citizens = make_citizens(settings, min(CITIZENS, size.requests))
            settings = stack.enter_context(running_server(settings))
            stack.enter_context(simulator(settings, home / "simulator"))
            ledger = home / "taken"
            ledger.touch()
            return _storm(Storm(settings, servers, urls, ledger, size), citizens)
    finally:
        servers.stop()


def _storm(storm: Storm, citizens: Sequence[Citizen]) -> Outcome:
    started = time.monotonic()
    url = f"http://{HOST}:{storm.settings.port}"
    bodies = make_bodies(storm.size.requests)
    client = Client(url, storm.urls.worker_url, citizens, bodies, storm.ledger)
    asking = fork(client.run)
    try:
        for run in (run_relay, run_schedule, *[run_worker] * WORKERS):
            storm.start(run)
        storm.inject_faults()
        storm.settle()
    finally:
        storm.end()
        end(asking)
    return judge(storm, storm.size.requests, time.monotonic() - started)


def main(arguments: list[str] | None = None) -> int:
    """Run the storm from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--full", action="store_true", help=f"{FULL.requests} requests")
    choice.add_argument("--ci", action="store_true", help=f"{CI.requests} requests")
    choice.add_argument("--requests", type=int, help="another number, otherwise as --full")
    options = parser.parse_args(arguments)
    # A line for each question of the judgement would bury its table.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    size = FULL if options.full else CI if options.ci else SHORT
    outcome = measure(replace(FULL, requests=options.requests) if options.requests else size)
    print(outcome)
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
