"""``python -m benchmarks.healthy_agencies [--full]``: one agency is failing; do the others notice?

People ask at a steady pace for a social security number (IMSS) and for an RFC (SAT). In every other
round SAT answers after seconds, with errors, or not at all. Timed is how long IMSS's requests take
from being received to being decided, by the database's clock; the p99 of the rounds in which SAT is
failing is held against that of the quiet rounds. Prints a line a round and one over all;
exits with 1 above 1.10.

The machine should have nothing else to do: both p99 move with whatever else runs on it.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from uuid import UUID

import httpx
import structlog
from sqlalchemy import text

from benchmarks.enrollment_storm import settings_of, simulator
from benchmarks.kill_payouts import end, fork
from consular.seed import load_reference
from services.enrollments.requesting import Applicant, request_enrollment
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.crypto import Vault
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.settings import Settings
from tests.factories.enrollments import make_account, make_applicant, make_request
from tests.servers import durable_servers
from workers.main import run_relay, run_worker

FAILING, WELL = "rfc", "nss"
FAILING_AGENCY = "sat"
FAULTS: Mapping[str, float] = {
    "latency_ms": 3_000,
    "error_rate": 0.5,
    "drop_after_effect_rate": 0.3,
    "late_answer_rate": 0.3,
}
PACE_SECONDS = 0.25
WORKERS = 2
MOST_RATIO = 1.10
LONGEST_SECONDS = 300.0

_TIMES = text(
    """
    SELECT extract(epoch FROM max(h.at) - min(h.at)) FROM enrollments e
    JOIN enrollment_events h ON h.enrollment_id = e.id
    WHERE e.id = ANY (:ids) AND e.status IN ('active', 'rejected') GROUP BY e.id
    """
)
_OPEN = text("SELECT count(*) FROM enrollments WHERE status NOT IN ('active', 'rejected', 'ended')")


@dataclass(frozen=True)
class Size:
    """``rounds`` of each kind, with so many requests of each program in each."""

    rounds: int
    requests: int


SHORT, FULL = Size(2, 60), Size(5, 400)


@dataclass(frozen=True)
class Outcome:
    """Seconds of the healthy agency's requests in rounds of both kinds."""

    quiet: Sequence[float]
    failing: Sequence[float]

    @property
    def ratio(self) -> float:
        """p99 with a failing agency to p99 without."""
        return _p99(self.failing) / _p99(self.quiet)

    def __str__(self) -> str:
        return (
            f"healthy_agencies: p99 {_p99(self.quiet):.2f} s in quiet rounds"
            f" (median {median(self.quiet):.2f}), {_p99(self.failing):.2f} s while {FAILING_AGENCY}"
            f" is failing (median {median(self.failing):.2f}): {self.ratio:.2f} times;"
            f" {len(self.quiet)} and {len(self.failing)} requests"
        )


def _p99(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=100)[-1]


@dataclass
class Office:
    """Takes requests in, as the web does, and asks how they ended."""

    settings: Settings
    database: Database
    vault: Vault
    times: dict[bool, list[float]] = field(default_factory=lambda: {True: [], False: []})
    known: set[tuple[str, str, str | None, date]] = field(default_factory=set)

    def round(self, requests: int, *, failing: bool) -> None:
        """Ask for both programs at a steady pace; wait for the healthy one, then for the other."""
        self._put(FAULTS if failing else {})
        well: list[UUID] = []
        started = time.monotonic()
        for number in range(requests):
            self._request(FAILING)
            well.append(self._request(WELL))
            time.sleep(max(0.0, started + (number + 1) * PACE_SECONDS - time.monotonic()))
        self._until(lambda: len(self._seconds(well)) == requests)
        seconds = self._seconds(well)
        self.times[failing] += seconds
        decided = time.monotonic() - started
        self._put({})
        self._until(lambda: not self._open())
        print(
            f"{'failing' if failing else 'quiet'}: p99 {_p99(seconds):.2f} s, median"
            f" {median(seconds):.2f} s, decided after {decided:.0f} s,"
            f" all after {time.monotonic() - started:.0f} s",
            flush=True,
        )

    def _request(self, program: str) -> UUID:
        with self.database.transaction(NETWORK_SCOPE) as session:
            actor = Actor(Role.CITIZEN, make_account(session))
            command = make_request(self._somebody(), program=program)
            return request_enrollment(
                session, command, now=system_clock(), actor=actor, vault=self.vault
            ).id

    def _somebody(self) -> Applicant:
        """Of so many people chosen by chance, some would be called and born alike."""
        while True:
            one = make_applicant()
            person = (one.given_names, one.first_surname, one.second_surname, one.birth_date)
            if person not in self.known:
                self.known.add(person)
                return one

    def _seconds(self, ids: Sequence[UUID]) -> list[float]:
        with self.database.transaction(NETWORK_SCOPE) as session:
            return [float(row[0]) for row in session.execute(_TIMES, {"ids": list(ids)})]

    def _open(self) -> int:
        with self.database.transaction(NETWORK_SCOPE) as session:
            return int(session.execute(_OPEN).scalar_one())

    def _until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LONGEST_SECONDS
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError("enrollments are not decided")
            time.sleep(0.2)

    def _put(self, faults: Mapping[str, float]) -> None:
        url = f"{self.settings.simulator_url}/_simulator/faults/{FAILING_AGENCY}"
        httpx.put(url, json=dict(faults), timeout=30).raise_for_status()


def measure(size: Size) -> Outcome:
    """On servers of its own."""
    with durable_servers() as addresses, ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="consular-healthy-")))
        urls = stack.enter_context(addresses.fresh_database())
        settings = settings_of(urls, addresses.redis(0), home)
        load_reference(settings)
        stack.enter_context(simulator(settings, home / "simulator"))
        for run in (run_relay, *[run_worker] * WORKERS):
            stack.callback(end, fork(partial(run, settings)))
        vault = Vault(settings.master_keys(), settings.index_key())
        database = Database(settings.worker_database_url, pool_size=1)
        stack.callback(database.dispose)
        office = Office(settings, database, vault)
        for _ in range(size.rounds):
            office.round(size.requests, failing=False)
            office.round(size.requests, failing=True)
        return Outcome(office.times[False], office.times[True])


def main(arguments: list[str] | None = None) -> int:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--full", action="store_true", help="longer rounds, and five of each")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    outcome = measure(FULL if parser.parse_args(arguments).full else SHORT)
    print(outcome)
    return 0 if outcome.ratio <= MOST_RATIO else 1


if __name__ == "__main__":
    sys.exit(main())
