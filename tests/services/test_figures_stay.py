"""A figure counts all that was committed, and stays the same when it is asked again."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from threading import Event, Thread

import psycopg
import pytest
from sqlalchemy import text

from consular import migrations
from services.facts.recording import Counted, record
from services.facts.settling import note_settled
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import new_id
from services.monitoring.figures import AskIndicator, figures
from tests.servers import Addresses, DatabaseUrls, connected

DAY = date(2026, 12, 7)
LINE = (
    "INSERT INTO facts (kind, subject_id, program, status, day, quantity, occurred_at)"
    " VALUES ('appointment', gen_random_uuid(), 'PAS10', 'booked', '2026-12-07', 1, %s)"
)


@pytest.fixture
def here(database: DatabaseUrls) -> Iterator[Database]:
    with connected(database.web_url, pool_size=8) as opened:
        yield opened


def _ask(database: Database, as_of: datetime | None = None) -> tuple[int, datetime]:
    with database.transaction(NETWORK_SCOPE) as session:
        session.execute(text("SET TRANSACTION READ ONLY"))
        answer = figures(session, AskIndicator("appointments", as_of=as_of))
    return sum(row["value"] for row in answer.rows), answer.as_of


def _record(database: Database, *, held: float = 0) -> None:
    with database.transaction(NETWORK_SCOPE) as session:
        counted = Counted("appointment", new_id(), DAY)
        record(session, counted, "booked", now=datetime.now(UTC), service_code="PAS10")
        time.sleep(held)


def test_what_was_just_committed_is_counted(here: Database) -> None:
    for number in range(1, 20):
        _record(here)
        assert _ask(here)[0] == number


def _values(answers: list[tuple[int, datetime]]) -> int:
    """How many different figures there are."""
    return len({value for value, _ in answers})


def test_figures_are_the_same_when_asked_again_while_others_write(here: Database) -> None:
    ended, answers = Event(), list[tuple[int, datetime]]()

    def write() -> None:
        while not ended.is_set():
            _record(here, held=random.uniform(0, 0.02))

    writers = [Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    try:
        until = time.monotonic() + 60
        while len(answers) < 60 or (_values(answers) < 11 and time.monotonic() < until):
            answers.append(_ask(here))
    finally:
        ended.set()
        for writer in writers:
            writer.join()
    assert _values(answers) > 10
    assert [_ask(here, as_of) for _, as_of in answers] == answers


def test_a_transaction_that_goes_on_for_long_makes_figures_older_never_wrong(
    here: Database, database: DatabaseUrls
) -> None:
    _record(here)
    workers = Database(database.worker_url, pool_size=1)
    with workers.transaction(NETWORK_SCOPE) as session:
        noted = note_settled(session)
    workers.dispose()
    with psycopg.connect(database.worker_url) as slow:
        slow.execute(LINE.encode(), [datetime.now(UTC)])
        answer = _ask(here)
        assert answer == (1, noted)
        slow.commit()
    assert _ask(here)[0] == 2
    assert _ask(here, noted) == answer


def _moment(connection: psycopg.Connection) -> tuple[datetime, int]:
    """As the version before answered: the moment is kept with its snapshot."""
    row = connection.execute(
        "INSERT INTO counted_at VALUES (clock_timestamp(), pg_current_snapshot())"
        " RETURNING at, (SELECT count(*) FROM facts"
        " WHERE pg_visible_in_snapshot(xid, pg_current_snapshot()))"
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def test_moments_that_the_version_before_kept_answer_as_they_did(servers: Addresses) -> None:
    with servers.fresh_database("template0") as urls:
        migrations.upgrade(urls.owner_url, "0016")
        with (
            psycopg.connect(urls.worker_url, autocommit=True) as one,
            psycopg.connect(urls.worker_url) as late,
        ):
            moments = [_moment(one)]
            late.execute(LINE.encode(), [datetime.now(UTC) - timedelta(days=1)])
            for _ in range(5):
                one.execute(LINE.encode(), [datetime.now(UTC) + timedelta(seconds=1)])
                moments.append(_moment(one))
            late.commit()
            one.execute(LINE.encode(), [datetime.now(UTC) - timedelta(hours=1)])
            moments.append(_moment(one))
            one.execute(LINE.encode(), [datetime.now(UTC)])
        migrations.upgrade(urls.owner_url)
        here = Database(urls.web_url, pool_size=1)
        assert [_ask(here, at) for at, _ in moments] == [(count, at) for at, count in moments]
        assert _ask(here)[0] == 8
        here.dispose()
