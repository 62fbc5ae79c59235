"""``python -m benchmarks.calling_off [--full]``: a day of five offices is called off.

A storm closes every office for a day on which people have appointments; in the full size there are
1,000 of them. Timed is from the request that closes until the message of the last cancellation was
handed to whoever delivers it. Held is: each appointment is canceled and each person is told, once,
within ten minutes. Prints one line; exits with 1 when that isn't so.

The product as an instance runs it, with a relay and two workers, on servers of its own with fsync
on; the agencies are simulated.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import time as clock
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import LiteralString

import httpx
import psycopg

from benchmarks.enrollments import processes, wait_until
from benchmarks.run import CONNECTIONS, send
from benchmarks.stage import booking_request, open_unless_closed, settings_for, starts_of
from consular.local.development_tokens import development_token
from consular.local.ports import HOST
from consular.seed import load_reference
from services.appointments.planning import DeskPlan, OpenSession
from services.kernel.db import Database
from services.kernel.settings import Settings
from tests.factories.server import make_citizens, running_server
from tests.factories.web import working_day
from tests.servers import DatabaseUrls, durable_servers

OFFICES, SERVICE = ("losangeles", "chicago", "houston", "dallas", "atlanta"), "PAS10"
DAY = working_day(20)
# Ten minutes each, from nine to two.
TIMES = 30
MOST_SECONDS = 600.0

_TOLD: LiteralString = (
    "SELECT count(*) FROM messages WHERE topic = %s AND channel = 'email' AND sent_at IS NOT NULL"
)
_ENDED: LiteralString = """
SELECT (SELECT count(*) FROM appointments WHERE status = 'cancelled'),
    count(*), count(DISTINCT ref) FROM messages
WHERE topic = 'appointments.cancelled' AND sent_at IS NOT NULL
"""


@dataclass(frozen=True)
class Size:
    """So many people at each of the five offices, at as many desks as that takes."""

    people: int

    @property
    def bookings(self) -> int:
        """Of all offices."""
        return self.people * len(OFFICES)

    @property
    def desks(self) -> int:
        """Of each office."""
        return -(-self.people // TIMES)


SHORT, FULL = Size(10), Size(200)


@dataclass(frozen=True)
class Outcome:
    """How many appointments ended, how many messages of that went out and about how many of the
    appointments, and after how many seconds the last one did."""

    size: Size
    cancelled: int
    messages: int
    told: int
    seconds: float

    @property
    def good(self) -> bool:
        """Whether everything held."""
        each_once = self.cancelled == self.messages == self.told == self.size.bookings
        return each_once and self.seconds < MOST_SECONDS

    def __str__(self) -> str:
        return (
            f"calling off: {self.size.bookings} appointments at {len(OFFICES)} offices:"
            f" {self.cancelled} canceled, {self.told} told by {self.messages} messages,"
            f" the last after {self.seconds:.1f} s"
        )


def measure(size: Size) -> Outcome:
    """On servers of its own."""
    with durable_servers() as addresses, ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="consular-calling-off-")))
        urls = stack.enter_context(addresses.fresh_database())
        settings = settings_for(urls, addresses.redis_url, home)
        load_reference(settings)
        _open_day(settings, size.desks)
        product = stack.enter_context(running_server(settings))
        stack.enter_context(processes(product))
        send(product, _bookings(product, urls, size), CONNECTIONS, 201)
        wait_until(lambda: _told(product, "appointments.confirmation") == size.bookings)
        seconds = _call_off(product, size.bookings)
        with psycopg.connect(urls.owner_url, options="-c app.consulate=*") as db:
            [ended] = db.execute(_ENDED).fetchall()
        return Outcome(size, *ended, seconds)


def _open_day(settings: Settings, desks: int) -> None:
    plans = tuple(DeskPlan(f"A{number}", (SERVICE,)) for number in range(desks))
    database = Database(settings.database_url, pool_size=1)
    try:
        for office in OFFICES:
            day = OpenSession(office, DAY, clock(9), clock(14), 10, plans)
            open_unless_closed(database, day)
    finally:
        database.dispose()


def _bookings(settings: Settings, urls: DatabaseUrls, size: Size) -> list[bytes]:
    """One of each person."""
    starts, people = starts_of(urls), make_citizens(settings, size.bookings)
    wanted = [
        {
            "consulate": office,
            "service": SERVICE,
            "start": starts[office][number % TIMES].isoformat(),
        }
        for office in OFFICES
        for number in range(size.people)
    ]
    return [
        booking_request(
            people[number],
            number,
            each,
            {"Idempotency-Key": f"called-off-{number}"},
            surname=str(number),
        )
        for number, each in enumerate(wanted)
    ]


def _call_off(settings: Settings, bookings: int) -> float:
    """Close every office for the day and wait until all were told, or for too long; how long that
    took."""
    token = development_token(settings, "admin", None, None, None)
    closure = {
        "consulate": None,
        "first_day": DAY.isoformat(),
        "last_day": DAY.isoformat(),
        "reason": "Tormenta",
        "bookings": "cancel",
    }
    began = time.monotonic()
    httpx.post(
        f"http://{HOST}:{settings.port}/api/v1/closures",
        json=closure,
        headers={"Authorization": f"Bearer {token}"},
        timeout=MOST_SECONDS,
    ).raise_for_status()
    while _told(settings, "appointments.cancelled") < bookings:
        if time.monotonic() - began > MOST_SECONDS:
            break
        time.sleep(0.1)
    return time.monotonic() - began


def _told(settings: Settings, topic: str) -> int:
    with psycopg.connect(settings.worker_database_url, options="-c app.consulate=*") as db:
        [(told,)] = db.execute(_TOLD, (topic,)).fetchall()
    return int(told)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--full", action="store_true", help=f"{FULL.bookings} appointments")
    outcome = measure(FULL if parser.parse_args(arguments).full else SHORT)
    print(outcome)
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
