"""Balances come from settled sums and are exact at any moment; any row that is altered is named."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event, Thread, Timer

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from consular import books_command
from services.incidents.models import Incident
from services.kernel.clock import database_clock
from services.kernel.crypto import Vault
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import new_id
from services.kernel.settings import Settings
from services.ledger import second_book
from services.ledger.expiring import expire_holds
from services.ledger.models import JournalEntry, LedgerCell, LedgerSeal
from services.ledger.posting import Line, Transfer, open_customer_account, post
from services.ledger.queries import balance, list_thread, trial_balance
from services.ledger.rules import Layer, State
from services.ledger.settling import is_waiting, row_digest, settle
from services.ledger.trying import Trial, try_end, try_transfers
from services.remittances.books import compare_books, find_stop, refuse_when_stopped
from services.remittances.errors import PayoutsStopped
from tests.factories.ledger import settle_all
from tests.factories.remittances import NOW, VAULT
from tests.servers import Addresses, DatabaseUrls, connected
from workers.books import Books

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
ROWS, ROWS_FULL = 24, 1_000
# What a superuser may do to a row of each table, one at a time.
ALTERED = {
    "journal_entries": (
        "kind",
        "subject_id",
        "at",
        "state",
        "linked_id",
        "debit_code",
        "credit_code",
        "amount_currency",
        "amount_minor",
        None,
    ),
    "journal_lines": ("amount", "account_code", "currency", "at", "layer", None),
    "ledger_accounts": ("name", "currency"),
    "ledger_cells": ("amount", None),
    "ledger_balances": ("posted", None),
    "ledger_seals": ("digests", None),
    "ledger_batches": ("digest", "upto"),
}
_VALUES = {
    "kind": "kind || '.'",
    "subject_id": "gen_random_uuid()",
    "at": "at + interval '1 second'",
    "state": "CASE state WHEN 'posted' THEN 'pending' ELSE 'posted' END",
    "linked_id": "gen_random_uuid()",
    "debit_code": "coalesce(debit_code, '') || '.'",
    "credit_code": "coalesce(credit_code, '') || '.'",
    "amount": "amount + 1",
    "amount_minor": "coalesce(amount_minor, 0) + 1",
    "amount_currency": "CASE amount_currency WHEN 'USD' THEN 'MXN' ELSE 'USD' END",
    "account_code": "account_code || '.'",
    "currency": "CASE currency WHEN 'USD' THEN 'MXN' ELSE 'USD' END",
    "layer": "CASE layer WHEN 'posted' THEN 'debit_pending' ELSE 'posted' END",
    "name": "name || '.'",
    "posted": "posted + 1",
    "digests": "set_byte(digests, 0, 255 - get_byte(digests, 0))",
    "digest": "set_byte(digest, 0, 255 - get_byte(digest, 0))",
    "upto": "(upto::text::bigint + 1)::text::xid8",
}


@pytest.fixture
def worker(database: DatabaseUrls) -> Iterator[Database]:
    with connected(database.worker_url, pool_size=4) as opened:
        yield opened


def _transfer(amount: int, debit: str = "funding_clearing", credit: str = "fee_income") -> Transfer:
    lines = [Line(debit, "USD", amount), Line(credit, "USD", -amount)]
    return Transfer(new_id(), "test", new_id(), lines)


def _settle(worker: Database, vault: Vault = VAULT) -> None:
    settle_all(worker, vault, most=7)


def _settle_some(worker: Database) -> None:
    """The first ten at most, as soon as nothing that runs is older."""
    settled = 0
    while not settled:
        with worker.transaction(NETWORK_SCOPE) as session:
            settled = settle(session, VAULT, 10)


def _fill(worker: Database, count: int) -> None:
    """Transfers on some days, one customer, holds among them."""
    with worker.transaction(NETWORK_SCOPE) as session:
        open_customer_account(session, "customer:1", "USD")
        post(session, _transfer(10_000_00, credit="customer:1"), now=FIRST)
    _post_some(worker, count)


def _post_some(worker: Database, count: int) -> None:
    for number in range(count):
        with worker.transaction(NETWORK_SCOPE) as session:
            debit = "customer:1" if number % 3 else "funding_clearing"
            transfers = [_transfer(number + 1, debit), _transfer(2, "fx_usd")]
            post(session, *transfers, now=FIRST + timedelta(hours=7 * number))


def test_a_balance_is_the_same_before_and_after_it_is_settled_at_any_moment(
    worker: Database,
) -> None:
    _fill(worker, 30)
    moments = [FIRST + timedelta(hours=n * 5.5) for n in range(-1, 42)]

    def read() -> list[tuple[int, int, int]]:
        with worker.transaction(NETWORK_SCOPE) as session:
            rows = [
                (balance(session, "fee_income", at), balance(session, "customer:1", at),
                 trial_balance(session, at).balances["funding_clearing"])
                for at in (*moments, None)
            ]  # fmt: skip
            plain = text(
                "SELECT sum(amount) FROM postings WHERE account_code = 'fee_income' AND at <= :at"
            )
            counted = [session.scalar(plain, {"at": at}) or 0 for at in moments]
        assert [row[0] for row in rows[:-1]] == counted
        return rows

    before = read()
    _settle_some(worker)
    assert read() == before
    _settle(worker)
    assert read() == before
    with worker.transaction(NETWORK_SCOPE) as session:
        assert not is_waiting(session)
        assert session.scalars(select(LedgerCell.amount).limit(1)).first()
        post(session, _transfer(5), now=FIRST)
    with worker.transaction(NETWORK_SCOPE) as session:
        assert is_waiting(session)
        assert balance(session, "fee_income") == before[-1][0] - 5
    _settle(worker)
    with worker.transaction(NETWORK_SCOPE) as session:
        assert not is_waiting(session)
        assert balance(session, "fee_income") == before[-1][0] - 5


def test_a_moments_day_is_read_once_for_all_accounts(
    worker: Database, database: DatabaseUrls
) -> None:
    days, a_day = 10, 5_000
    with psycopg.connect(database.owner_url) as owner:
        owner.execute(
            "INSERT INTO journal_entries (id, kind, subject_id, at, debit_code, credit_code,"
            " amount_currency, amount_minor) SELECT gen_random_uuid(), 'test', gen_random_uuid(),"
            " %s + n * interval '1 day' / %s, 'funding_clearing', 'fee_income', 'USD', 5"
            " FROM generate_series(0, %s) n",
            [FIRST, a_day, days * a_day - 1],
        )
        # Settled, but for the seals.
        owner.execute(
            "INSERT INTO ledger_cells SELECT account_code, layer, (at AT TIME ZONE 'UTC')::date,"
            " sum(amount) FROM postings GROUP BY 1, 2, 3"
        )
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute(
            "INSERT INTO ledger_batches (number, upto, last_seal, digest)"
            " VALUES (1, pg_current_xact_id(), 0, '')"
        )
        owner.execute("VACUUM ANALYZE journal_entries, ledger_cells, ledger_accounts")
    read = text(
        "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))"
        " FROM pg_stat_xact_user_tables WHERE relname IN ('journal_entries', 'journal_lines')"
    )
    with worker.transaction(NETWORK_SCOPE) as session:
        at = FIRST + timedelta(days=4, hours=12)
        # By then PostgreSQL has a plan for whatever is asked.
        for _ in range(8):
            balance(session, "fee_income", at)
        before = session.scalar(read) or 0
        assert trial_balance(session, at).balances["fee_income"] == -5 * (4.5 * a_day + 1)
        assert a_day / 2 <= (session.scalar(read) or 0) - before <= 2 * a_day


def test_what_commits_later_under_a_lower_id_is_not_lost(worker: Database) -> None:
    """A transaction that began before, and is still open while others are settled."""
    begun, go_on = Event(), Event()

    def late() -> None:
        with worker.transaction(NETWORK_SCOPE) as session:
            post(session, _transfer(1), now=FIRST)
            begun.set()
            go_on.wait(60)

    thread = Thread(target=late)
    thread.start()
    assert begun.wait(60)
    with worker.transaction(NETWORK_SCOPE) as session:
        post(session, _transfer(2), now=FIRST)
    with worker.transaction(NETWORK_SCOPE) as session:
        settle(session, VAULT)
        assert balance(session, "fee_income") == -2
    go_on.set()
    thread.join(60)
    for _ in range(2):
        with worker.transaction(NETWORK_SCOPE) as session:
            assert balance(session, "fee_income") == -3
        _settle(worker)
    with worker.transaction(NETWORK_SCOPE) as session:
        assert second_book.compare(session, VAULT).differences == []


def test_two_who_settle_at_once_settle_once(worker: Database) -> None:
    _fill(worker, 3)
    settled = 0
    while not settled:
        with worker.transaction(NETWORK_SCOPE) as one:
            settled = settle(one, VAULT)
            with worker.transaction(NETWORK_SCOPE) as other:
                assert settle(other, VAULT) == 0


def test_every_row_that_a_superuser_alters_is_named(
    worker: Database, database: DatabaseUrls, servers: Addresses, pytestconfig: pytest.Config
) -> None:
    """Each change by itself, undone by the end of its transaction: 1,000 rows with ``--full``.

    Rows from before the last clean comparison and from after it, and both by reading all and by
    reading what was written since.
    """
    chance = random.Random(11)
    _fill(worker, 20)
    _settle(worker)
    with worker.transaction(NETWORK_SCOPE) as session:
        clean = second_book.compare(session, VAULT)
    assert clean.differences == []
    _post_some(worker, 20)
    _settle(worker)
    url = f"{servers.superuser_url.rpartition('/')[0]}/{database.name}"
    rows = ROWS_FULL if pytestconfig.getoption("--full") else ROWS
    tables = list(ALTERED)
    missed = []
    app = Database(url, pool_size=1)
    for number in range(rows):
        table = tables[number % len(tables)]
        column = ALTERED[table][number // len(tables) % len(ALTERED[table])]
        with app.transaction(NETWORK_SCOPE) as session:
            session.execute(text("SET session_replication_role = replica"))
            for constraint in _IN_THE_WAY:
                session.execute(text(constraint))
            altered = _alter(session, table, column, chance)
            for since in (None, clean.mark):
                named = second_book.compare(session, VAULT, since).differences
                if not any(altered in str(each) for each in named):
                    missed.append((table, column, altered, since, named))
            session.rollback()
    app.dispose()
    assert missed == []


def test_what_was_not_written_since_is_not_read_again(
    worker: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Other tests' transactions run on this server; none of them writes here.
    newest = str(second_book._MARK).replace("pg_snapshot_xmin", "pg_snapshot_xmax")
    monkeypatch.setattr(second_book, "_MARK", text(newest))
    _fill(worker, 20)
    _settle(worker)
    with worker.transaction(NETWORK_SCOPE) as session:
        whole = second_book.compare(session, VAULT)
    _post_some(worker, 2)
    _settle(worker)
    with worker.transaction(NETWORK_SCOPE) as session:
        since = second_book.compare(session, VAULT, whole.mark)
        assert (whole.entries, since.entries, since.differences) == (41, 4, [])
        # Another cluster counts its transactions from the beginning, after an adoption above all.
        session.execute(text("SELECT pg_current_xact_id()"))
        elsewhere = second_book.compare(session, VAULT, (whole.mark or 0) + (1 << 48))
        assert elsewhere.entries == 45


def test_rows_that_were_taken_out_with_their_seals_are_missed(
    worker: Database, database: DatabaseUrls, servers: Addresses
) -> None:
    _fill(worker, 12)
    _settle(worker)
    with worker.transaction(NETWORK_SCOPE) as session:
        clean = second_book.compare(session, VAULT)
    url = f"{servers.superuser_url.rpartition('/')[0]}/{database.name}"
    app = Database(url, pool_size=1)
    last = "(SELECT max(number) FROM ledger_seals)"
    for number in ("1", "5", last, f"{last} - 1"):
        with app.transaction(NETWORK_SCOPE) as session:
            session.execute(text("SET session_replication_role = replica"))
            entry = session.scalar(
                text(f"DELETE FROM ledger_seals WHERE number = {number} RETURNING entry_id")  # noqa: S608
            )
            for table, column in (("journal_entries", "id"), ("journal_lines", "entry_id")):
                take = text(f"DELETE FROM {table} WHERE {column} = :entry")  # noqa: S608
                session.execute(take, {"entry": entry})
            named = second_book.compare(session, VAULT, clean.mark).differences
            assert any((each.table, each.fault) == ("ledger_seals", "missing") for each in named)
            session.rollback()
    app.dispose()


def test_an_entry_between_accounts_that_are_not_the_houses_is_named(
    worker: Database, database: DatabaseUrls
) -> None:
    """The functions that write look accounts up; whoever owns the table could pass them by."""
    _fill(worker, 1)
    with psycopg.connect(database.owner_url) as owner:
        rows = owner.execute(
            "INSERT INTO journal_entries (id, kind, subject_id, at, debit_code, credit_code,"
            " amount_currency, amount_minor)"
            " SELECT gen_random_uuid(), 'test', gen_random_uuid(), now(),"
            " code, 'fx_usd', currency, 5"
            " FROM (VALUES ('customer:1', 'USD'), ('pocket', 'USD'), ('fx_mxn', 'USD'),"
            " ('fee_income', 'MXN'), (NULL, 'USD')) t (code, currency) RETURNING id"
        ).fetchall()
    with worker.transaction(NETWORK_SCOPE) as session:
        named = {str(each) for each in second_book.compare(session, VAULT).differences}
    assert {f"journal_entries {id_}: differs" for (id_,) in rows} <= named


def test_columns_that_came_later_change_no_seal_of_a_row_without_them() -> None:
    row = (new_id(), None, "posted", None)
    digest = row_digest(VAULT, "journal_entries", row[:3])
    assert row_digest(VAULT, "journal_entries", (*row, None, None)) == digest
    assert row_digest(VAULT, "journal_entries", (*row, None, 5)) != digest


# A superuser drops what stands in the way.
_IN_THE_WAY = (
    "ALTER TABLE journal_entries DROP CONSTRAINT ck_journal_entries_pair",
    "ALTER TABLE ledger_balances DROP CONSTRAINT ck_ledger_balances_available",
)
_KEYS = {
    "journal_entries": "id::text",
    "journal_lines": "entry_id || ' ' || line",
    "ledger_accounts": "code",
    "ledger_cells": "account_code || ' ' || layer || ' ' || day",
    "ledger_balances": "account_code",
    "ledger_seals": "number::text",
    "ledger_batches": "number::text",
}


def _alter(session: Session, table: str, column: str | None, chance: random.Random) -> str:
    """Change or delete one row; returns what must be named: the row, or the one that it seals."""
    key = _KEYS[table]
    names = session.scalars(text(f"SELECT {key} FROM {table} ORDER BY 1")).all()  # noqa: S608
    name: str = chance.choice(names)
    sealed = None
    if table == "ledger_seals" and column:
        of = "SELECT coalesce(entry_id::text, account_code) FROM ledger_seals WHERE number = :n"
        sealed = session.scalar(text(of), {"n": int(name)})
    change = f"UPDATE {table} SET {column} = {_VALUES[column]}" if column else ""  # noqa: S608
    statement = change or f"DELETE FROM {table}"  # noqa: S608
    session.execute(text(f"{statement} WHERE {key} = :name"), {"name": name})
    shown = "postings" if table == "journal_lines" else table
    return f"{shown} {name}:" if sealed is None else sealed


def test_a_difference_names_the_row_and_stops_payouts_until_the_books_agree(
    worker: Database, database: DatabaseUrls, servers: Addresses
) -> None:
    _fill(worker, 3)
    _settle(worker)
    url = f"{servers.superuser_url.rpartition('/')[0]}/{database.name}"
    change = sql.SQL("UPDATE journal_lines SET amount = amount {} 1 WHERE line = 1 AND amount = {}")
    for sign, amount in (("+", 3), ("-", 4)):
        with psycopg.connect(url) as superuser:
            superuser.execute("SET session_replication_role = replica")
            superuser.execute(change.format(sql.SQL(sign), sql.Literal(amount)))
        with worker.transaction(NETWORK_SCOPE) as session:
            differences = compare_books(session, now=NOW, vault=VAULT).differences
        with worker.transaction(NETWORK_SCOPE) as session:
            incident = session.scalars(select(Incident)).one()
            if sign == "+":
                assert any(each.table == "postings" for each in differences)
                assert "altered" in incident.detail["rows"]
                with pytest.raises(PayoutsStopped):
                    refuse_when_stopped(session)
            else:
                assert (list(differences), incident.resolution) == ([], "recovered")
                refuse_when_stopped(session)


def test_what_was_altered_stops_payouts_at_the_next_look_of_the_books_process(
    worker: Database, database: DatabaseUrls, servers: Addresses
) -> None:
    """However long ago it was posted. Once a person has explained it payouts go on, until
    something else differs."""
    _fill(worker, 6)
    _settle(worker)
    books = Books(worker, database_clock, VAULT)
    books.tick()
    url = f"{servers.superuser_url.rpartition('/')[0]}/{database.name}"

    def alter(change: str) -> None:
        with psycopg.connect(url) as superuser:
            superuser.execute("SET session_replication_role = replica")
            superuser.execute(change.encode())

    def stopped() -> bool:
        books.tick()
        with worker.transaction(NETWORK_SCOPE) as session:
            return find_stop(session) is not None

    assert not stopped()
    alter("UPDATE journal_lines SET amount = amount + 1 WHERE line = 1 AND amount = 3")
    assert stopped()
    assert stopped()
    alter(
        "UPDATE incidents SET resolved_at = clock_timestamp(), resolution = 'explained',"
        " resolved_by = gen_random_uuid()"
    )
    assert not stopped()
    alter("UPDATE journal_entries SET kind = kind || '.' WHERE amount_minor = 2")
    assert stopped()
    alter("UPDATE journal_lines SET amount = amount - 1 WHERE line = 1 AND amount = 4")
    assert stopped()
    alter("UPDATE journal_entries SET kind = rtrim(kind, '.')")
    assert not stopped()


def test_a_books_process_without_its_database_waits() -> None:
    nowhere = Database("postgresql://nobody@127.0.0.1:9/none")
    Books(nowhere, database_clock, VAULT).tick()
    nowhere.dispose()


def test_what_a_transfer_would_do_is_told_and_nothing_is_written(worker: Database) -> None:
    _fill(worker, 0)
    with worker.transaction(NETWORK_SCOPE) as session:
        fine = try_transfers(session, _transfer(1_00, "customer:1"), now=NOW)
        assert fine == Trial(
            None, {"customer:1": (-10_000_00, -9_999_00), "fee_income": (0, -1_00)}
        )
        for wrong, refusal in (
            (_transfer(10_000_01, "customer:1"), "not_enough_money"),
            (_transfer(1, "nowhere"), "ck_postings_account"),
        ):
            assert try_transfers(session, wrong, now=NOW) == Trial(refusal, {})
    with worker.transaction(NETWORK_SCOPE) as session:
        assert len(session.scalars(select(JournalEntry.id)).all()) == 1


def test_a_hold_and_its_end_are_tried_as_well(worker: Database) -> None:
    _fill(worker, 0)
    of = _transfer(1_00, "customer:1")
    hold = replace(of, pending=True)
    with worker.transaction(NETWORK_SCOPE) as session:
        same = {"customer:1": (-10_000_00, -10_000_00), "fee_income": (0, 0)}
        held = {"customer:1": (0, 1_00), "fee_income": (0, -1_00)}
        assert try_transfers(session, hold, now=NOW) == Trial(None, same, held)
        post(session, hold, now=FIRST)
        over = {account: (after, 0) for account, (_, after) in held.items()}
        moved = {"customer:1": (-10_000_00, -9_999_00), "fee_income": (0, -1_00)}
        for state, balances in ((State.VOIDED, same), (State.POSTED, moved)):
            assert try_end(session, hold.id, state, now=NOW) == Trial(None, balances, over)
        assert try_end(session, new_id(), State.VOIDED, now=NOW) == Trial("not_found", {})
        assert try_end(session, hold.id, State.EXPIRED, now=NOW).refusal == "hold_not_lapsed"
        assert balance(session, "customer:1", layer=Layer.DEBIT_PENDING) == 1_00


def test_a_payouts_funding_is_found_through_what_they_share(worker: Database) -> None:
    """Two things that were paid together, and each goes on by itself."""
    family, dues, both = new_id(), new_id(), new_id()
    funding = [
        Transfer(new_id(), "funded", of, _transfer(5).lines, linked=both) for of in (family, dues)
    ]
    payout = Transfer(new_id(), "paid", dues, _transfer(5, "fee_income", "fx_usd").lines)
    with worker.transaction(NETWORK_SCOPE) as session:
        post(session, *funding, now=FIRST)
        post(session, payout, _transfer(9), now=NOW)
    with worker.transaction(NETWORK_SCOPE) as session:
        thread = list_thread(session, family)
        assert {entry.id for entry in thread} == {*(each.id for each in funding), payout.id}
        assert (thread[-1].id, thread[-1].lines) == (payout.id, payout.lines)


def test_holds_whose_time_is_over_expire_by_themselves(worker: Database) -> None:
    _fill(worker, 0)
    with worker.transaction(NETWORK_SCOPE) as session:
        hold = _transfer(5, "customer:1")
        over = Transfer(hold.id, "held", hold.subject, hold.lines, None, True, NOW)
        post(session, over, now=FIRST)
        assert balance(session, "customer:1", layer=Layer.DEBIT_PENDING) == 5
    for expired in (1, 0):
        with worker.transaction(NETWORK_SCOPE) as session:
            assert expire_holds(session, now=NOW, most=10) == expired
            assert balance(session, "customer:1", layer=Layer.DEBIT_PENDING) == 0


def test_the_command_settles_compares_and_says_what_there_is(
    settings: Settings, database: DatabaseUrls
) -> None:
    """It waits for whoever holds back what is settled: a transaction older than the postings."""
    worker = Database(settings.worker_database_url, pool_size=1)
    with psycopg.connect(database.owner_url) as older:
        older.execute("SELECT pg_current_xact_id()")
        _fill(worker, 2)
        ended = Timer(0.3, older.rollback)
        ended.start()
        comparison = books_command.check_books(settings)
        ended.join()
    assert (comparison.entries, list(comparison.differences)) == (5, [])
    with worker.transaction(NETWORK_SCOPE) as session:
        assert len(session.scalars(select(LedgerSeal.entry_id)).all()) > 5
    assert any("fee_income" in line for line in books_command.list_balances(settings, None))
    said = list(books_command.try_lines(settings, ["fx_usd USD 100", "fee_income USD -100"]))
    assert said[-1] == "fx_usd: 0.04 -> 1.04"
    held = books_command.try_lines(
        settings, ["fx_usd USD 100", "fee_income USD -100"], pending=True
    )
    assert list(held)[-1] == "fx_usd, held: 0.00 -> 1.00"
    unknown = books_command.try_end_of(settings, new_id(), State.POSTED)
    assert list(unknown) == ["It would be refused: not_found."]
    refused = list(books_command.try_lines(settings, ["fx_usd USD 100", "fee_income USD -99"]))
    assert refused == ["It would be refused: ck_postings_balanced."]
    worker.dispose()
