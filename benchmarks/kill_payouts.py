"""``python -m benchmarks.kill_payouts [--full | --ci]``: kill workers in the middle of payouts.

Real worker processes over RQ pay through the simulated agency over HTTP. They are killed with -9
at random moments and started again; so is the relay, now and then. In the end every order must be
paid, none twice, and the books must prove it. Prints one line; exits with 1 when that fails.

Servers are its own, with fsync on, unless DATABASE_URL, DATABASE_OWNER_URL and REDIS_URL name
others (a fresh, migrated database).
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import TextClause, text

from consular.local.ports import free_port
from consular.startup import die_with_parent
from integrations.registry import Purpose, serving
from integrations.simulator.app import serve
from services.kernel.audit import Actor
from services.kernel.clock import system_clock
from services.kernel.crypto import Vault
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.settings import Settings
from services.remittances.queries import proof
from tests.factories.remittances import make_remittance, make_sender, prepare_reference
from tests.servers import durable_servers, random_keys
from workers.main import run_relay, run_worker

KILLS, KILLS_FULL, KILLS_CI = 200, 10_000, 20
# Short, so that what a killed worker held is taken up again soon.
LEASE_SECONDS, RING_SECONDS = 1, 0.5
# Enough for several to share a job.
ORDERS_WAITING = 40
SEND_CENTS, ORDERS_A_SENDER = 5_00, 400
# A kill comes within this time of a worker's taking up a payout, or when none did for a second.
LONGEST_DELAY_SECONDS, LONGEST_WAIT_SECONDS = 0.2, 1.0
RELAY_DIES = 0.1
LONGEST_END_SECONDS = 300
# Lengthens the moment at which a kill hurts most, and loses an answer now and then.
FAULTS = {"latency_ms": 20, "drop_after_effect_rate": 0.03, "error_rate": 0.02}

# Every claim but an item's last one was cut short.
_INTERRUPTED = text(
    "SELECT coalesce(sum(attempts - 1), 0) FROM outbox"
    " WHERE topic = 'remittances.payout' AND attempts > 0"
)
CLOCK = text("SELECT clock_timestamp()")
_TAKEN_UP = text(
    "SELECT count(*) FROM outbox WHERE topic = 'remittances.payout' AND done_at IS NULL"
    " AND lease_until > :since + make_interval(secs => :lease)"
)
_RESENT = text("SELECT count(*) FROM payout_attempts WHERE number > 1")
_OPEN = text("SELECT count(*) FROM remittances WHERE status NOT IN ('paid', 'refunded')")
_FUNDED = text("SELECT count(*) FROM remittances WHERE status = ANY ('{registered, funded}')")
_ORDERS = text("SELECT folio, status FROM remittances")


@dataclass(frozen=True)
class Outcome:
    """``interrupted`` is how often a kill struck while a payout was in hand."""

    kills: int
    orders: int
    interrupted: int
    resent: int
    lost: int
    doubled: int
    books_hold: bool
    seconds: float

    @property
    def good(self) -> bool:
        """Nothing lost, nothing doubled, books that hold, and kills that struck."""
        struck = self.interrupted > 0
        return struck and self.books_hold and not self.lost and not self.doubled

    def __str__(self) -> str:
        return (
            f"kill_payouts: {self.kills} kills in {self.seconds:.0f} s,"
            f" {self.interrupted} in the middle of a payout; {self.orders} orders,"
            f" {self.resent} sent again, {self.lost} lost, {self.doubled} doubled;"
            f" books {'hold' if self.books_hold else 'DO NOT HOLD'}"
        )


@dataclass
class Stage:
    """Processes to kill, and orders that keep them busy."""

    settings: Settings
    database: Database
    vault: Vault
    pids: dict[int, Callable[[Settings], None]] = field(default_factory=dict)
    sender: Actor | None = None
    ordered: int = 0

    def start(self, run: Callable[[Settings], None]) -> None:
        """Fork a process that runs it."""
        self.pids[fork(lambda: run(self.settings))] = run

    def kill(self, run: Callable[[Settings], None]) -> None:
        """Kill the one that runs it, and start another."""
        [pid] = [pid for pid, runs in self.pids.items() if runs is run]
        end(pid)
        del self.pids[pid]
        self.start(run)

    def order(self) -> UUID:
        """One more; senders change before they reach a limit."""
        now = system_clock()
        with self.database.transaction(NETWORK_SCOPE) as session:
            if self.sender is None or self.ordered % ORDERS_A_SENDER == 0:
                self.sender = make_sender(session, now=now, vault=self.vault)
            self.ordered += 1
            return make_remittance(
                session,
                self.sender,
                send=SEND_CENTS,
                now=now,
                vault=self.vault,
            ).id

    def ask(self, query: TextClause) -> Any:
        """A single value from the database."""
        with self.database.transaction(NETWORK_SCOPE) as session:
            return session.execute(query).scalar_one()


def fork(run: Callable[[], None]) -> int:
    """A process that runs it, says nothing, and ends with this one."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        die_with_parent(signal.SIGKILL, parent)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        run()
    finally:
        os._exit(0)


def end(pid: int) -> None:
    """Kill -9, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


@contextmanager
def at_work(settings: Settings) -> Iterator[Stage]:
    """A relay and a worker, for what is done to them; then every order is brought to its end, and
    the processes too."""
    stage = Stage(
        settings,
        Database(settings.worker_database_url, pool_size=1),
        Vault(settings.master_keys(), settings.index_key()),
    )
    with stage.database.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session, now=system_clock())
    try:
        stage.start(run_relay)
        stage.start(run_worker)
        yield stage
        wait_for_the_end(stage)
    finally:
        for pid in stage.pids:
            end(pid)


def measure(settings: Settings, simulator_url: str, kills: int) -> Outcome:
    """Kill so many workers while they pay, then let them finish, and count."""
    started = time.monotonic()
    with at_work(settings) as stage:
        for _ in range(kills):
            since = stage.ask(CLOCK)
            keep_busy(stage)
            wait_until_busy(stage, since)
            time.sleep(random.uniform(0, LONGEST_DELAY_SECONDS))
            stage.kill(run_worker)
            if random.random() < RELAY_DIES:
                stage.kill(run_relay)
    outcome = judge(stage, simulator_url, kills, started)
    stage.database.dispose()
    return outcome


def keep_busy(stage: Stage) -> None:
    """Orders that nobody sent yet, so that workers have one in hand whenever they are killed."""
    for _ in range(ORDERS_WAITING - stage.ask(_FUNDED)):
        stage.order()


def wait_until_busy(stage: Stage, since: datetime) -> None:
    """Until a worker that was started at ``since`` takes up a payout, but not for ever."""
    taken_up = _TAKEN_UP.bindparams(since=since, lease=LEASE_SECONDS)
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while not stage.ask(taken_up) and time.monotonic() < deadline:
        time.sleep(0.005)


def wait_for_the_end(stage: Stage) -> None:
    """Until every order is final, or for so long that something must be wrong."""
    deadline = time.monotonic() + LONGEST_END_SECONDS
    while stage.ask(_OPEN) and time.monotonic() < deadline:
        time.sleep(0.2)


def judge(stage: Stage, simulator_url: str, kills: int, started: float) -> Outcome:
    """Our statuses against what the agency did."""
    with stage.database.transaction(NETWORK_SCOPE) as session:
        statuses = {row.folio: row.status for row in session.execute(_ORDERS)}
        books = proof(session)
    effects = ask_effects(simulator_url)
    return Outcome(
        kills=kills,
        orders=len(statuses),
        interrupted=stage.ask(_INTERRUPTED),
        resent=stage.ask(_RESENT),
        lost=sum(status != "paid" or not effects.get(folio) for folio, status in statuses.items()),
        doubled=sum(count > 1 for count in effects.values()),
        books_hold=books.holds,
        seconds=time.monotonic() - started,
    )


def ask_effects(simulator_url: str) -> dict[str, int]:
    """Folio -> how often the agency paid it."""
    answer = httpx.get(
        f"{simulator_url}/_simulator/effects", params={"agency": "finabien"}, timeout=60
    )
    return {item["folio"]: item["effects"] for item in answer.json()["items"]}


@contextmanager
def simulator(settings: Settings, directory: Path) -> Iterator[None]:
    """The agencies on their port, with the faults of this measurement."""
    [agency] = serving(Purpose.PAYOUTS)
    secrets = {
        agency.code: agency.secret(settings),
        f"{agency.code}.callbacks": settings.require(agency.callback_setting),
    }
    pid = fork(
        lambda: serve(
            "127.0.0.1", settings.simulator_port, directory, "http://127.0.0.1:9", secrets
        )
    )
    try:
        faults = f"{settings.simulator_url}/_simulator/faults/finabien"
        with httpx.Client(transport=httpx.HTTPTransport(retries=8)) as client:
            client.put(faults, json=FAULTS).raise_for_status()
        yield
    finally:
        end(pid)


def settings_of(environ: Mapping[str, str], home: Path) -> Settings:
    """Random keys, a port for the simulator, and leases that pass on soon."""
    servers = ("DATABASE_URL", "WORKER_DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
    return Settings.load(
        {
            "CONSULAR_ENV": "test",
            "CONSULAR_HOME": str(home),
            "CONSULAR_SIMULATOR_PORT": str(free_port()),
            "CONSULAR_LEASE_SECONDS": str(LEASE_SECONDS),
            "CONSULAR_RING_SECONDS": str(RING_SECONDS),
            **{name: environ[name] for name in servers},
            **random_keys(),
        }
    )


def run(environ: Mapping[str, str], kills: int) -> Outcome:
    """Against the servers that ``environ`` names."""
    with TemporaryDirectory(prefix="consular-kills-") as home:
        settings = settings_of(environ, Path(home))
        with simulator(settings, Path(home) / "simulator"):
            return measure(settings, settings.simulator_url, kills)


def run_on_own_servers(kills: int) -> Outcome:
    """PostgreSQL with fsync on, and Valkey, for this measurement alone."""
    with durable_servers() as addresses, addresses.fresh_database() as urls:
        return run(urls.environ(addresses.redis(0)), kills)


def main(arguments: list[str] | None = None) -> int:
    """Kill workers from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_true", help=f"{KILLS_FULL} kills")
    size.add_argument("--ci", action="store_true", help=f"{KILLS_CI} kills")
    options = parser.parse_args(arguments)
    kills = KILLS_FULL if options.full else KILLS_CI if options.ci else KILLS
    named = "DATABASE_URL" in os.environ
    outcome = run(os.environ, kills) if named else run_on_own_servers(kills)
    print(outcome)
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
