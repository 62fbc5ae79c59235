"""``python -m benchmarks.surge [--full]``: far more people than places, within a minute.

A month of appointments opens and everybody asks at once: in the full size 10,000 people want one of
300 places within a minute, each of them once, each over a connection of their own, whether others
are answered or not. Held is: each place is given exactly once, whoever gets none is told
``slot_taken``, nobody sees an error of ours, and the median wait stays below two seconds. Prints
one line; exits with 1 when that isn't so.

The product as an instance runs it, on servers of its own with fsync on; the people share the
machine with it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

import psycopg

from benchmarks.report import Result, alone
from benchmarks.stage import booking_request, open_unless_closed, settings_for
from consular.local.ports import HOST
from consular.seed import load_reference
from services.appointments.planning import DeskPlan, OpenSession
from services.kernel.db import Database
from services.kernel.settings import Settings
from tests.factories.server import Citizen, make_citizens, running_server
from tests.factories.web import working_day
from tests.servers import durable_servers

OFFICE, SERVICE = "losangeles", "PAS10"
# Ten minutes each, from nine to two.
TIMES = 30
MOST_MEDIAN_SECONDS = 2.0
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class Size:
    """So many people within so many seconds, for 30 places at each desk."""

    people: int
    seconds: float
    desks: int

    @property
    def places(self) -> int:
        """How many people can be booked."""
        return self.desks * TIMES


SHORT, FULL = Size(1_000, 10, 1), Size(10_000, 60, 10)


@dataclass(frozen=True)
class Answer:
    """What one person was told, and after how many seconds."""

    status: int
    code: str
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """What all of them were told, and how many seats are taken in the end."""

    size: Size
    answers: Sequence[Answer]
    seats: int

    @property
    def good(self) -> bool:
        """Whether everything held."""
        answered = Counter((answer.status, answer.code) for answer in self.answers)
        size = self.size
        expected = {(201, ""): size.places, (409, "slot_taken"): size.people - size.places}
        waited = median(answer.seconds for answer in self.answers)
        return answered == expected and self.seats == size.places and waited < MOST_MEDIAN_SECONDS

    def __str__(self) -> str:
        answered = Counter(f"{a.status} {a.code}".strip() for a in self.answers)
        waits = [answer.seconds for answer in self.answers]
        return (
            f"surge: {self.size.people} people on {self.size.places} places in"
            f" {self.size.seconds:.0f} s: {dict(answered)}, {self.seats} seats taken; waited"
            f" {median(waits):.3f} s (median), {quantiles(waits, n=20)[-1]:.3f} s (p95),"
            f" {max(waits):.3f} s (longest)"
        )


def measure(size: Size) -> Outcome:
    """On servers of its own."""
    with durable_servers() as addresses, ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="consular-surge-")))
        urls = stack.enter_context(addresses.fresh_database())
        settings = settings_for(urls, addresses.redis_url, home)
        load_reference(settings)
        _open_morning(settings, size.desks)
        requests = _requests(make_citizens(settings, size.people), _starts(urls.owner_url))
        product = stack.enter_context(running_server(settings))
        answers = asyncio.run(_ask_all(product.port, requests, size.seconds))
        return Outcome(size, answers, _seats(urls.owner_url))


def results(outcome: Outcome) -> list[Result]:
    """How long people waited. Raises RuntimeError when anything didn't hold."""
    if not outcome.good:
        raise RuntimeError(str(outcome))
    waits = [answer.seconds * 1000 for answer in outcome.answers]
    return [alone("surge_wait_p50", "ms", waits)]


def _open_morning(settings: Settings, desks: int) -> None:
    plans = tuple(DeskPlan(f"A{number}", (SERVICE,)) for number in range(desks))
    database = Database(settings.database_url, pool_size=1)
    try:
        command = OpenSession(OFFICE, working_day(20), time(9), time(14), 10, plans)
        open_unless_closed(database, command)
    finally:
        database.dispose()


def _requests(citizens: Sequence[Citizen], starts: Sequence[str]) -> list[bytes]:
    """One of each person; each time is wanted by as many, in no order."""
    requests = [
        booking_request(
            citizen,
            number,
            {"consulate": OFFICE, "service": SERVICE, "start": starts[number % len(starts)]},
            {"Idempotency-Key": f"surge-{number}", "Connection": "close"},
            surname=str(number),
        )
        for number, citizen in enumerate(citizens)
    ]
    random.shuffle(requests)
    return requests


async def _ask_all(port: int, requests: Sequence[bytes], seconds: float) -> list[Answer]:
    """All of them at a steady pace, whether those before are answered or not."""
    began = asyncio.get_running_loop().time()
    each = seconds / len(requests)
    asking = (_ask(port, request, began + n * each) for n, request in enumerate(requests))
    return await asyncio.gather(*asking)


async def _ask(port: int, request: bytes, moment: float) -> Answer:
    """One person's request at ``moment``: its wait counts from then, connecting included."""
    loop = asyncio.get_running_loop()
    await asyncio.sleep(moment - loop.time())
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection(HOST, port)
            writer.write(request)
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            writer.close()
    except (OSError, TimeoutError) as error:
        return Answer(0, type(error).__name__, loop.time() - moment)
    code = json.loads(body).get("code", "") if body else "no answer"
    return Answer(int(head[9:12] or 0), code, loop.time() - moment)


def _starts(owner_url: str) -> list[str]:
    with psycopg.connect(owner_url, options="-c app.consulate=* -c timezone=UTC") as connection:
        rows = connection.execute("SELECT starts_at FROM slots ORDER BY starts_at").fetchall()
    return [start.isoformat() for (start,) in rows]


def _seats(owner_url: str) -> int:
    """Persons seated, as the seats themselves say."""
    with psycopg.connect(owner_url, options="-c app.consulate=*") as connection:
        [(seats,)] = connection.execute("SELECT count(DISTINCT person_id) FROM seats").fetchall()
    return int(seats)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--full", action="store_true", help="10,000 people on 300 places, a minute")
    outcome = measure(FULL if parser.parse_args(arguments).full else SHORT)
    print(outcome)
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
