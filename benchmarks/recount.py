"""``python -m benchmarks.recount [--full] [--rows N]``: figures are a recount while many write.

Writers record facts, each over a connection of its own, in transactions that last for different
times; meanwhile the sums are moved on as the schedule does it, each is compared with a recount, and
figures as of now and of moments before are compared with a count of all lines. In the full size 50
writers for a minute; with rows beside so many facts that are there already, invented as those of
`benchmarks.facts`. Prints one line; exits with 1 when anything differs.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic, sleep
from typing import Any

import click
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.facts import filled
from services.facts.cubes import CUBES
from services.facts.recording import Counted, record_party
from services.facts.recounting import recount
from services.facts.rolling_up import AT_LENGTH, build, roll_up
from services.facts.settling import note_settled
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import new_id
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, figures
from tests.servers import REFERENCE, Addresses, DatabaseUrls, durable_servers

_OFFICES = ("losangeles", "chicago", "houston", "madrid", "tokyo", None)
_SERVICES = ("PAS10", "MAT", "INE", "RFC")
_STATUSES = ("completed", "no_show", "cancelled")
_COUNT = text(
    """
    SELECT consulate_code, status, sum(people)::bigint FROM facts
    WHERE kind = 'appointment' AND recorded_at <= :as_of
    GROUP BY 1, 2 HAVING sum(people) <> 0
    """
)


@dataclass(frozen=True)
class Size:
    """So many writers for so many seconds, each with a transaction open for up to ``open_for``."""

    writers: int
    seconds: float
    open_for: float = 0.02


SHORT, FULL = Size(8, 5), Size(50, 60)


@dataclass
class Outcome:
    """``facts``: how many there were in the end; ``compared``: figures and recounts, of which
    ``wrong`` differ."""

    facts: int = 0
    compared: int = 0
    wrong: int = 0


def run(urls: DatabaseUrls, size: Size) -> Outcome:
    """Write and compare for so long."""
    ended = Event()
    database = Database(urls.worker_url, pool_size=4)
    try:
        with ThreadPoolExecutor(size.writers) as pool:
            writers = [
                pool.submit(_write, urls, ended, seed, size.open_for)
                for seed in range(size.writers)
            ]
            try:
                outcome = _compare(database, monotonic() + size.seconds)
            finally:
                ended.set()
            for writer in writers:
                writer.result()
        _prove(database, outcome)
        with database.transaction(NETWORK_SCOPE) as session:
            outcome.facts = session.execute(text("SELECT count(*) FROM facts")).scalar_one()
    finally:
        database.dispose()
    return outcome


def _write(urls: DatabaseUrls, ended: Event, seed: int, open_for: float) -> None:
    """Parties that come to an appointment and move on, many of them for days of before."""
    chance = random.Random(seed)
    database = Database(urls.web_url, pool_size=1)
    while not ended.is_set():
        with database.transaction(NETWORK_SCOPE) as session:
            for _ in range(chance.randrange(1, 6)):
                _record(session, chance)
            sleep(chance.random() * open_for)
    database.dispose()


def _record(session: Session, chance: random.Random) -> None:
    now = datetime.now(UTC)
    day = now.date() + timedelta(days=chance.randrange(-500, 60))
    party = Counted("appointment", new_id(), day, chance.choice(_OFFICES))
    services, people = [chance.choice(_SERVICES), "ACT"], chance.randrange(1, 5)
    steps = [("booked", 1)]
    if chance.random() < 0.7:
        steps += [("booked", -1), (chance.choice(_STATUSES), 1)]
    for status, sign in steps:
        record_party(
            session, party, status, services, subjects=sign, people={None: sign * people}, now=now
        )


def _compare(database: Database, until: float) -> Outcome:
    outcome, moments = Outcome(), list[datetime]()
    chance = random.Random(1)
    while monotonic() < until:
        _prove(database, outcome)
        moments.append(_hold(database, outcome, None))
        _hold(database, outcome, chance.choice(moments))
    return outcome


def _prove(database: Database, outcome: Outcome) -> None:
    """Move the sums on, and compare each with a recount."""
    with database.transaction(NETWORK_SCOPE) as session:
        note_settled(session)
        if roll_up(session, lag=timedelta(0)):
            for cube in CUBES:
                build(session, cube, lag=timedelta(0))
    with click.progressbar(CUBES, label="recounted") as bar:
        for cube in bar:
            with database.transaction(NETWORK_SCOPE) as session:
                outcome.wrong += bool(recount(session, cube).differences)
                outcome.compared += 1


def _hold(database: Database, outcome: Outcome, as_of: datetime | None) -> datetime:
    """Compare a figure with a count of all lines, as of now or a moment before."""
    with database.transaction(NETWORK_SCOPE) as session:
        ask = AskIndicator("people", (Dimension.CONSULATE,), as_of=as_of)
        answer = figures(session, ask)
        session.execute(AT_LENGTH)
        counted: set[tuple[Any, ...]] = {
            tuple(row) for row in session.execute(_COUNT, {"as_of": answer.as_of})
        }
        given = {(row["consulate"], row["status"], row["value"]) for row in answer.rows}
        outcome.wrong += given != counted
        outcome.compared += 1
    return answer.as_of


def _database(addresses: Addresses, rows: int) -> AbstractContextManager[DatabaseUrls]:
    return filled(addresses, rows) if rows else addresses.fresh_database(REFERENCE)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run it from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recount", description=__doc__)
    parser.add_argument("--full", action="store_true", help="50 writers for a minute")
    parser.add_argument("--rows", type=int, default=0, help="so many facts are there already")
    asked = parser.parse_args(arguments)
    size = FULL if asked.full else SHORT
    if asked.rows:
        # A recount of all of them takes minutes: the writers leave it room.
        size = replace(size, open_for=1.0)
    with durable_servers() as addresses, _database(addresses, asked.rows) as urls:
        outcome = run(urls, size)
    print(
        f"{size.writers} writers for {size.seconds:.0f} s, {outcome.facts:,} facts in the end:"
        f" {outcome.compared} comparisons, {outcome.wrong} differ"
    )
    sys.exit(1 if outcome.wrong else 0)


if __name__ == "__main__":
    main()
