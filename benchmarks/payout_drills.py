"""``python -m benchmarks.payout_drills DRILL [--full | --ci]``: no accident loses or doubles money.

pauses   workers are stopped (SIGSTOP) in the middle of payouts for longer than their lease, and go
         on when others have taken over: nothing is lost, nothing paid twice
commits  the connection is cut after the database committed an order and before it said so: the
         same key finds that order, and makes no other
keys     fifty posts of one order at once, under one key: one order
cancels  the sender cancels while a worker pays: paid, or given back, never both, never neither

`benchmarks.kill_payouts` is the fifth: workers killed with -9. Each prints one line and exits with
1 when it fails. Servers are the drill's own, with fsync on, unless DATABASE_URL,
DATABASE_OWNER_URL and REDIS_URL name others (a fresh, migrated database).
"""

from __future__ import annotations

import argparse
import logging
import os
import random
import signal
import socket
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier, Event, Thread
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from sqlalchemy import text

from benchmarks.kill_payouts import (
    CLOCK,
    LEASE_SECONDS,
    ORDERS_A_SENDER,
    SEND_CENTS,
    Stage,
    at_work,
    end,
    judge,
    keep_busy,
    settings_of,
    simulator,
    wait_until_busy,
)
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.kernel.errors import Conflict
from services.kernel.settings import Settings
from services.remittances.queries import proof
from services.remittances.rules import GOES_BACK, Status
from tests.factories.payouts import PayoutBench
from tests.factories.remittances import make_clabe, make_remittance, make_sender, prepare_reference
from tests.factories.web import Web, running_web
from tests.servers import durable_servers
from workers.main import run_worker

AT_ONCE = 50
# Beyond the lease, and beyond the relay's next look at what is due.
PAUSE_SECONDS = LEASE_SECONDS * 1.5
LONGEST_LEAD_SECONDS = 0.03
ENOUGH_TO_STRIKE = 20
# From the order until it is paid, at first; then as long as the longest of so many before took.
LONGEST_PAYOUT_SECONDS, PAYOUTS_BEFORE = 0.3, 20
AMOUNT = {"send": {"amount": "5.00", "currency": "USD"}, "funding": "bank_account"}

_ORDERS_OF = text("SELECT count(*) FROM remittances WHERE quote_id = :quote")
_ORDERS = text("SELECT count(*) FROM remittances")


@dataclass(frozen=True)
class Size:
    """How many rounds: as it is run by hand, with ``--full``, and with the tests."""

    usual: int
    full: int
    ci: int


@dataclass
class Outcome:
    """``wrong`` says in words what isn't as it must be; ``counts`` what there was of each kind."""

    drill: str
    rounds: int
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items()))
        verdict = "; ".join(self.wrong[:5]) if self.wrong else "nothing lost, nothing doubled"
        seconds = time.monotonic() - self.started
        return f"{self.drill}: {self.rounds} rounds in {seconds:.0f} s; {counts}; {verdict}"


def pauses(environ: Mapping[str, str], home: Path, rounds: int) -> Outcome:
    """Stop a worker that pays for longer than its lease while another takes over."""
    outcome = Outcome("pauses", rounds)
    settings = settings_of(environ, home)
    with simulator(settings, home / "simulator"):
        with at_work(settings) as stage:
            for _ in range(rounds):
                _pause(stage)
        judged = judge(stage, settings.simulator_url, 0, outcome.started)
        stage.database.dispose()
    outcome.counts.update(orders=judged.orders, interrupted=judged.interrupted)
    for what, count in (("lost", judged.lost), ("doubled", judged.doubled)):
        outcome.wrong += [f"{count} {what}"] if count else []
    outcome.wrong += [] if judged.books_hold else ["the books do not hold"]
    # A few may all come between two payouts.
    if not judged.interrupted and rounds >= ENOUGH_TO_STRIKE:
        outcome.wrong.append("no pause struck a payout")
    return outcome


def _pause(stage: Stage) -> None:
    """One worker pays and is stopped; another takes over, then both are there. The one that was
    stopped the time before has had its time and ends."""
    since = stage.ask(CLOCK)
    keep_busy(stage)
    wait_until_busy(stage, since)
    time.sleep(random.uniform(0, LONGEST_LEAD_SECONDS))
    *before, paused = [pid for pid, run in stage.pids.items() if run is run_worker]
    os.kill(paused, signal.SIGSTOP)
    stage.start(run_worker)
    time.sleep(PAUSE_SECONDS)
    os.kill(paused, signal.SIGCONT)
    for pid in before:
        end(pid)
        del stage.pids[pid]


class CommitCutter:
    """Stands between the application and PostgreSQL; when armed it cuts the next connection whose
    COMMIT was carried out, before the answer is passed on."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.armed = Event()
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                Thread(target=self._stand_between, args=(client, server), daemon=True).start()

    def _stand_between(self, client: socket.socket, server: socket.socket) -> None:
        """One connection of the application's, until either end closes it."""
        cut = Event()
        answers = Thread(target=self._carry, args=(server, client, cut, False), daemon=True)
        answers.start()
        self._carry(client, server, cut, True)
        answers.join()
        client.close()
        server.close()

    def _carry(self, source: socket.socket, to: socket.socket, cut: Event, asks: bool) -> None:
        """Bytes of one direction, until an end is closed or the answer to a COMMIT came."""
        with suppress(OSError):
            while data := source.recv(65536):
                if asks and b"COMMIT" in data and self.armed.is_set():
                    self.armed.clear()
                    cut.set()
                if not asks and cut.is_set():
                    break
                to.sendall(data)
        for each in (source, to):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def commits(environ: Mapping[str, str], home: Path, rounds: int) -> Outcome:
    """Lose the answer to an order's COMMIT, and post the order again under its key."""
    outcome = Outcome("commits", rounds)
    address = urlsplit(environ["DATABASE_URL"])
    cutter = CommitCutter(address.hostname or "127.0.0.1", address.port or 5432)
    login = address.netloc.rpartition("@")[0]
    through = address._replace(netloc=f"{login}@127.0.0.1:{cutter.port}").geturl()
    with _web({**environ, "DATABASE_URL": through}, home) as web:
        for number in range(rounds):
            token = _sender(web, number)
            body = _order(web, token)
            cutter.armed.set()
            first = _post(web, body, token, "cut")
            cutter.armed.clear()
            outcome.counts["committed unseen"] += _count(web, _ORDERS_OF, quote=body["quote"])
            answers = [_post(web, body, token, "cut") for _ in range(2)]
            outcome.counts[f"answered {first[0]} at first"] += 1
            orders = _count(web, _ORDERS_OF, quote=body["quote"])
            if orders != 1 or {status for status, _ in answers} != {202}:
                outcome.wrong.append(f"round {number}: {orders} orders, then {answers}")
        _judge_books(web, outcome, rounds)
    cutter.close()
    outcome.wrong += [] if outcome.counts["committed unseen"] else ["no COMMIT was cut"]
    return outcome


def keys(environ: Mapping[str, str], home: Path, rounds: int) -> Outcome:
    """Post one order from fifty threads under one key."""
    outcome = Outcome("keys", rounds)
    with _web(environ, home) as web, ThreadPoolExecutor(AT_ONCE) as pool:
        for number in range(rounds):
            token = _sender(web, number)
            body = _order(web, token)
            barrier = Barrier(AT_ONCE)
            args = (web, body, token, barrier)
            answers = list(pool.map(lambda _, args=args: _post_at_once(*args), range(AT_ONCE)))
            outcome.counts.update(f"answered {status}" for status, _ in answers)
            made = {answer["id"] for status, answer in answers if status == 202}
            orders = _count(web, _ORDERS_OF, quote=body["quote"])
            if orders != 1 or len(made) != 1 or {status for status, _ in answers} - {202, 409}:
                outcome.wrong.append(f"round {number}: {orders} orders, {len(made)} told")
        _judge_books(web, outcome, rounds)
    return outcome


def _post_at_once(web: Web, body: Any, token: str, barrier: Barrier) -> tuple[int, Any]:
    barrier.wait()
    return _post(web, body, token, "one")


def cancels(environ: Mapping[str, str], home: Path, rounds: int) -> Outcome:
    """Cancel at any moment of a payout, from another thread."""
    outcome = Outcome("cancels", rounds)
    took = deque([LONGEST_PAYOUT_SECONDS], PAYOUTS_BEFORE)
    with PayoutBench(environ["WORKER_DATABASE_URL"], home) as bench, ThreadPoolExecutor(1) as other:
        for number in range(rounds):
            if number % ORDERS_A_SENDER == 0:
                with bench.work.transaction() as session:
                    # Many rounds take days by the bench's clock: each day has its rate.
                    prepare_reference(session, now=bench.clock())
                    sender = make_sender(session, now=bench.clock())
            with bench.work.transaction() as session:
                remittance = make_remittance(
                    session, sender, send=SEND_CENTS, now=bench.clock(), paid=False
                ).id
            within, began = max(took), time.monotonic()
            cancelling = other.submit(_cancel, bench, remittance, sender, within)
            # Sent, asked about and paid, while the sender changes their mind.
            bench.finish()
            took.append(time.monotonic() - began)
            cancelling.result()
            bench.finish()
            status, effects = bench.ending(remittance)
            outcome.counts[status.value] += 1
            if (status, effects) != (Status.PAID, 1) and not (status in GOES_BACK and not effects):
                outcome.wrong.append(f"round {number}: {status}, paid {effects} times")
        outcome.wrong += [] if bench.proof().holds else ["the books do not hold"]
    return outcome


def _cancel(bench: PayoutBench, remittance: UUID, sender: Any, within: float) -> None:
    time.sleep(random.uniform(0, within))
    with suppress(Conflict):
        bench.cancel(remittance, sender)


@contextmanager
def _web(environ: Mapping[str, str], home: Path) -> Iterator[Web]:
    """The application in this process, with a rate of today."""
    settings = Settings.load({**settings_of(environ, home).values, "CONSULAR_ENV": "test"})
    with running_web(settings) as web:
        with web.database.transaction(NETWORK_SCOPE) as session:
            prepare_reference(session, now=system_clock())
        yield web


def _sender(web: Web, number: int) -> str:
    return web.token("citizen", subject=f"sender-{number // ORDERS_A_SENDER}")


def _order(web: Web, token: str) -> dict[str, Any]:
    quote = web.call("POST", "/quotes", {**AMOUNT, "payout": "account"}, token=token).get_json()
    recipient = {"given_names": "Rosa", "first_surname": "Demo", "clabe": make_clabe()}
    return {"quote": quote["id"], "recipient": recipient}


def _post(web: Web, body: Any, token: str, key: str) -> tuple[int, Any]:
    """One post under a key that no other order has."""
    headers = {"Idempotency-Key": f"{key}-{body['quote']}"}
    answer = web.call("POST", "/remittances", body, token=token, headers=headers)
    return answer.status_code, answer.get_json()


def _count(web: Web, query: Any, **values: Any) -> int:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return int(session.execute(query, values).scalar_one())


def _judge_books(web: Web, outcome: Outcome, orders: int) -> None:
    """As many orders as rounds, and books that hold."""
    outcome.counts["orders"] = _count(web, _ORDERS)
    if outcome.counts["orders"] != orders:
        outcome.wrong.append(f"{outcome.counts['orders']} orders of {orders}")
    with web.database.transaction(NETWORK_SCOPE) as session:
        outcome.wrong += [] if proof(session).holds else ["the books do not hold"]


DRILLS: Mapping[str, tuple[Callable[[Mapping[str, str], Path, int], Outcome], Size]] = {
    "pauses": (pauses, Size(30, 1_000, 1)),
    "commits": (commits, Size(50, 500, 3)),
    "keys": (keys, Size(20, 1_000, 1)),
    "cancels": (cancels, Size(200, 10_000, 4)),
}


def run(drill: str, environ: Mapping[str, str], rounds: int) -> Outcome:
    """Against the servers that ``environ`` names."""
    with TemporaryDirectory(prefix="consular-drills-") as home:
        return DRILLS[drill][0](environ, Path(home), rounds)


def main(arguments: list[str] | None = None) -> int:
    """Run one drill from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("drill", choices=DRILLS)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_true", help="as many rounds as are promised")
    size.add_argument("--ci", action="store_true", help="as many as the tests run")
    options = parser.parse_args(arguments)
    sizes = DRILLS[options.drill][1]
    rounds = sizes.full if options.full else sizes.ci if options.ci else sizes.usual
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    if "DATABASE_URL" in os.environ:
        outcome = run(options.drill, os.environ, rounds)
    else:
        with durable_servers() as addresses, addresses.fresh_database() as urls:
            outcome = run(options.drill, urls.environ(addresses.redis(0)), rounds)
    print(outcome)
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
