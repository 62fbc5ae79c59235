"""Remittances paid and told a second, beside the floor of a booking on the same servers.

A client orders from prices that it has asked for before; the relay and the workers, as many as
`make run` starts, do the rest, with a simulated agency that pays after a second and calls back.
Timed from the first order until the last sender was told that it is paid. All of it goes by the
public API and by what every remittance ends as, whatever lies between.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import LiteralString

import psycopg

from benchmarks.enrollments import jobs_done, wait_until
from benchmarks.orders import Register
from benchmarks.processors import seconds_of
from services.kernel.settings import Settings

_PAID: LiteralString = "SELECT count(*) FROM remittances WHERE status = 'paid'"
_UNTOLD: LiteralString = (
    "SELECT count(*) FROM outbox WHERE done_at IS NULL AND topic = 'remittances.paid'"
)
_UNDONE: LiteralString = (
    "SELECT count(*) FROM outbox WHERE done_at IS NULL AND topic ~ '^(remittances|finabien)[.]'"
)
# Those that wrote something: each takes a number.
_TRANSACTIONS: LiteralString = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"


@dataclass(frozen=True)
class Remittances:
    """Paid and told a second; for each of them RQ's jobs and transactions that wrote, and the share
    of the processors' time that went to the simulated agencies."""

    rate: float
    jobs: float
    transactions: float
    simulated: float


@dataclass(frozen=True)
class Corridor:
    """The product's processes around one database; ``simulator`` is the agencies' process."""

    settings: Settings
    register: Register
    simulator: int

    def measure(self, count: int) -> Remittances:
        """Once: so many remittances, all of them ordered at once."""
        # One connection for all looks at them: each new one takes milliseconds of the processors.
        with psycopg.connect(
            self.settings.worker_database_url, options="-c app.consulate=*", autocommit=True
        ) as db:
            return self._measure(db, count)

    def _measure(self, db: psycopg.Connection, count: int) -> Remittances:
        self.register.quote(self.settings, count)
        orders = self.register.orders(self.settings)
        paid, jobs = _value(db, _PAID), jobs_done(self.settings)
        transactions, spent = _value(db, _TRANSACTIONS), self._spent()
        began = time.monotonic()
        self.register.send(self.settings, orders, 202)
        wait_until(lambda: not _value(db, _UNTOLD) and _value(db, _PAID) >= paid + count)
        seconds = time.monotonic() - began
        # Questions that a callback has overtaken come due and end.
        wait_until(lambda: not _value(db, _UNDONE))
        all_of_it, simulated = (
            after - before for after, before in zip(self._spent(), spent, strict=True)
        )
        return Remittances(
            count / seconds,
            (jobs_done(self.settings) - jobs) / count,
            (_value(db, _TRANSACTIONS) - transactions) / count,
            simulated / all_of_it,
        )

    def _spent(self) -> tuple[float, float]:
        return seconds_of(os.getpid()), seconds_of(self.simulator)


def _value(db: psycopg.Connection, query: LiteralString) -> int:
    [(value,)] = db.execute(query).fetchall()
    return int(value)
