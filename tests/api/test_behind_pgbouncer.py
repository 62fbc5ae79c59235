"""PgBouncer in transaction mode stands before PostgreSQL, and nobody notices."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import select, text

from services.citizens.models import Person
from services.kernel.db import NO_SCOPE, Database, Scope
from services.kernel.ids import new_id
from services.kernel.logins import Duty
from services.kernel.settings import Settings
from tests.factories.clusters import pgbouncer
from tests.factories.web import person, running_web
from tests.servers import DatabaseUrls, connected, moved

CLIENTS, TRANSACTIONS = 12, 60


@pytest.fixture
def through(database: DatabaseUrls) -> Iterator[DatabaseUrls]:
    with pgbouncer(database) as urls:
        yield urls


@pytest.fixture
def pooled(through: DatabaseUrls) -> Iterator[Database]:
    with connected(through.web_url, duty=Duty.WEB, apart=True, pool_size=CLIENTS) as database:
        yield database


def _work(database: Database, client: int) -> int:
    """Transactions and single statements in turn; returns rows of others that were seen."""
    account, seen = UUID(int=client + 1), 0
    for number in range(TRANSACTIONS // 2):
        with database.transaction(Scope(account=account)) as session:
            session.execute(
                text(
                    "INSERT INTO accounts (id, created_at) VALUES (:id, now())"
                    " ON CONFLICT DO NOTHING"
                ),
                {"id": account},
            )
            session.add(
                Person(
                    id=new_id(), account_id=account, given_names=f"N{number}", first_surname="P",
                    name_index=b"", created_at=session.scalar(text("SELECT now()")),
                )
            )  # fmt: skip
            session.flush()
            owners = session.scalars(select(Person.account_id).distinct()).all()
            seen += len([owner for owner in owners if owner != account])
        with database.autocommit_session() as session:
            seen += len(session.scalars(select(Person.id)).all())
    return seen


def test_twelve_clients_of_sixty_transactions_meet_no_error_and_no_others_rows(
    pooled: Database,
) -> None:
    with ThreadPoolExecutor(CLIENTS) as clients:
        seen = list(clients.map(lambda client: _work(pooled, client), range(CLIENTS)))
    assert seen == [0] * CLIENTS


def test_time_outs_are_in_force(pooled: Database) -> None:
    with pooled.transaction(NO_SCOPE) as session:
        for name, value in (("statement_timeout", "30s"), ("lock_timeout", "5s")):
            shown = session.scalar(text(f"SHOW {name}"))
            assert shown == value, name


def test_statements_are_prepared_on_direct_connections_only(
    pooled: Database, database: DatabaseUrls
) -> None:
    direct = Database(database.web_url, pool_size=1)
    with pooled.raw_connection() as one, direct.raw_connection() as other:
        assert one.prepare_threshold is None
        assert other.prepare_threshold is not None
    direct.dispose()


def test_the_web_starts_books_and_counts(settings: Settings, through: DatabaseUrls) -> None:
    with running_web(moved(settings, through)) as web:
        assert web.client.get("/health/ready").get_json()["parts"]["postgresql"] == "ok"
        web.session()
        token = web.token("citizen", subject="ana")
        booked = [
            web.book(slot["start"], token=token, attendees=[person(n)]).status_code
            for n, slot in enumerate(web.free())
        ]
        assert set(booked) == {201}
        assert len(web.call("GET", "/appointments", token=token).get_json()["items"]) == len(booked)
