"""Whoever takes over the web can't change what a remittance pays, to whom, or how it was booked."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from psycopg import errors, sql

from services.kernel.db import NETWORK_SCOPE, Database
from services.remittances.models import Remittance
from tests.factories.remittances import ask_quote, make_sender, order_from, prepare_reference
from tests.servers import Addresses, DatabaseUrls

TERMS = {
    "folio": "'R-0000-0000'",
    "account_id": "gen_random_uuid()",
    "sender_id": "recipient_id",
    "recipient_id": "sender_id",
    "sender_name": "'Otra Persona'",
    "account_sealed": "'\\x00'",
    "account_hint": "'0000'",
    "funding": "'cash'",
    "payout": "'card'",
    "purpose": "'other'",
    "send_minor": "send_minor + 100",
    "fee_minor": "fee_minor + 1",
    "total_minor": "total_minor + 1",
    "receive_minor": "receive_minor * 10",
    "rate": "rate * 10",
    "day": "day + 1",
    "funded_at": "funded_at + interval '1 day'",
}
REFUSED_TO_WEB = (
    "UPDATE exchange_rates SET value = value * 10",
    "INSERT INTO exchange_rates (series, valid_on, base, quote, value, fetched_at)"
    " VALUES ('X', current_date, 'USD', 'MXN', 100, now())",
    "UPDATE remittance_rules SET value = 0",
    "UPDATE fees SET amount_minor = 0",
    "INSERT INTO payout_attempts (remittance_id, number, outcome, sent_at)"
    " SELECT id, 9, 'never_sent', now() FROM remittances",
    "UPDATE payout_attempts SET outcome = 'never_sent'",
    "INSERT INTO journal_lines SELECT * FROM journal_lines",
    "SELECT amount FROM postings",
    "SELECT key FROM journal_entries",
    "UPDATE quotes SET receive_minor = 1",
    "DELETE FROM remittances",
    "UPDATE outbox SET done_at = now()",
    "DELETE FROM outbox",
    "DELETE FROM scheduled_runs",
)


@pytest.fixture(scope="module")
def urls(servers: Addresses) -> Iterator[DatabaseUrls]:
    with servers.fresh_database() as urls:
        yield urls


@pytest.fixture(scope="module")
def remittance(urls: DatabaseUrls) -> UUID:
    """An order that was funded and not sent yet."""
    database = Database(urls.worker_url, pool_size=1)
    with database.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session)
        sender = make_sender(session)
        ordered: Remittance = order_from(session, sender, ask_quote(session, sender).id)
        ordered_id = ordered.id
    database.dispose()
    return ordered_id


def _connected(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(url) as connection:
        connection.execute("SELECT set_config('app.consulate', '*', true)")
        yield connection
        connection.rollback()


@pytest.fixture
def web(urls: DatabaseUrls, remittance: UUID) -> Iterator[psycopg.Connection]:
    assert remittance
    yield from _connected(urls.web_url)


@pytest.fixture
def worker(urls: DatabaseUrls, remittance: UUID) -> Iterator[psycopg.Connection]:
    assert remittance
    yield from _connected(urls.worker_url)


@pytest.mark.parametrize("column", TERMS)
def test_no_login_changes_what_was_ordered(worker: psycopg.Connection, column: str) -> None:
    change = sql.SQL("UPDATE remittances SET {} = {}").format(
        sql.Identifier(column),
        sql.SQL(TERMS[column]),  # type: ignore[arg-type]
    )
    with pytest.raises(errors.CheckViolation) as refused:
        worker.execute(change)
    assert refused.value.diag.constraint_name == "ck_remittances_terms"


@pytest.mark.parametrize("column", TERMS)
def test_the_web_has_no_right_to_what_was_ordered(web: psycopg.Connection, column: str) -> None:
    right = web.execute(
        "SELECT has_column_privilege('remittances', %s, 'UPDATE')", [column]
    ).fetchone()
    assert right == (False,)


@pytest.mark.parametrize("attempt", REFUSED_TO_WEB)
def test_the_web_has_no_right_to_rates_attempts_and_books(
    web: psycopg.Connection, attempt: str
) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        web.execute(attempt.encode())


@pytest.mark.parametrize("status", ["paid", "failed", "sending", "refunded", "accepted"])
def test_the_web_moves_a_remittance_to_nothing_but_cancelled(
    web: psycopg.Connection, status: str
) -> None:
    with pytest.raises(errors.CheckViolation) as refused:
        web.execute("UPDATE remittances SET status = %s", [status])
    assert refused.value.diag.constraint_name == "ck_remittances_web_cancels"


@pytest.mark.parametrize("kind", ["paid", "converted", "anything"])
def test_the_web_books_no_payout(web: psycopg.Connection, remittance: UUID, kind: str) -> None:
    with pytest.raises(errors.CheckViolation) as refused:
        web.execute(
            "SELECT post_entry(gen_random_uuid(), 'k', %s, %s, now(), %s::jsonb)",
            [
                kind,
                remittance,
                '[{"account": "fx_usd", "currency": "USD", "amount": 5},'
                ' {"account": "fee_income", "currency": "USD", "amount": -5}]',
            ],
        )
    assert refused.value.diag.constraint_name == "ck_journal_entries_web_books_no_payout"


@pytest.mark.parametrize(
    "call",
    [
        "post_transfer_v1(now(), gen_random_uuid(), 'paid', gen_random_uuid(), NULL, false, NULL,"
        " 'payouts_pending', 'finabien_settlement', 'MXN', 5)",
        "post_transfers_v1(now(), ARRAY[gen_random_uuid(), gen_random_uuid()],"
        " ARRAY['funded', 'paid'], ARRAY[gen_random_uuid(), gen_random_uuid()],"
        " ARRAY[NULL, NULL]::uuid[], ARRAY[false, false], ARRAY[NULL, NULL]::timestamptz[],"
        " ARRAY[1, 1, 2, 2], ARRAY[1, 2, 1, 2]::smallint[],"
        " ARRAY['fx_usd', 'fee_income', 'fx_usd', 'fee_income'],"
        " ARRAY['USD', 'USD', 'USD', 'USD'], ARRAY[5, -5, 5, -5]::bigint[])",
        "end_hold_v1(now(), gen_random_uuid(), gen_random_uuid(), 'posted', 'reversed')",
        "end_hold_v1(now(), gen_random_uuid(), gen_random_uuid(), 'voided', 'paid')",
    ],
)
def test_the_web_posts_no_payout_by_any_function(
    web: psycopg.Connection, worker: psycopg.Connection, call: str
) -> None:
    with pytest.raises(errors.CheckViolation) as refused:
        web.execute(f"SELECT {call}".encode())
    assert refused.value.diag.constraint_name == "ck_journal_entries_web_books_no_payout"
    worker.execute(f"SELECT {call}".encode())


@pytest.mark.parametrize(
    ("login", "change"),
    [
        ("web", "given_names = 'Otra'"),
        ("web", "first_surname = 'Otra'"),
        ("worker", "given_names = 'Otra'"),
        ("worker", "first_surname = 'Otra'"),
        ("worker", "account_id = NULL"),
    ],
)
def test_a_recipient_stays_who_was_named(
    login: str, change: str, request: pytest.FixtureRequest
) -> None:
    connection: psycopg.Connection = request.getfixturevalue(login)
    query = sql.SQL("UPDATE people SET {} WHERE NOT holder").format(sql.SQL(change))  # type: ignore[arg-type]
    with pytest.raises(errors.CheckViolation) as refused:
        connection.execute(query)
    assert refused.value.diag.constraint_name == "ck_people_named_once"


@pytest.mark.parametrize("change", ["account_id = NULL", "holder = true", "data_key = NULL"])
def test_the_web_has_no_right_to_whose_somebody_is(web: psycopg.Connection, change: str) -> None:
    query = sql.SQL("UPDATE people SET {}").format(sql.SQL(change))  # type: ignore[arg-type]
    with pytest.raises(errors.InsufficientPrivilege):
        web.execute(query)


def test_a_holder_may_correct_their_own_name(web: psycopg.Connection) -> None:
    assert web.execute("UPDATE people SET given_names = 'Ana' WHERE holder").rowcount == 1
