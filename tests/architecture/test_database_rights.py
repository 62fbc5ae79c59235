"""Whatever a query forgets, the database still keeps people, offices and the past apart."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest
from psycopg import errors, sql

from tests.servers import Addresses, DatabaseUrls

Rows = list[tuple[object, ...]]

# Tables that hold an account's or an office's rows and are not secured by row, each with why.
OPEN_BY_ROW = {
    "facts": "counts, no person",
    "day_maximums": "counts, no person, as a slot's constraints",
}
# With a policy each, and a row below.
_SECURED_LATER = (
    "accounts", "staff_accounts", "enrollment_claims", "enrollment_events", "homonyms",
    "resemblances", "resemblance_keys", "attempts", "agency_messages",
)  # fmt: skip
# No UPDATE and no DELETE: what happened, happened.
PAST = (
    "audit_entries", "facts", "counted_at", "journal_lines", "journal_entries", "signing_keys",
    "commission_reports", "ledger_batches", "ledger_seals",
)  # fmt: skip


@pytest.fixture
def owner(shared_database: DatabaseUrls) -> Iterator[psycopg.Connection]:
    with psycopg.connect(shared_database.owner_url) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def application(shared_database: DatabaseUrls) -> Iterator[psycopg.Connection]:
    with psycopg.connect(shared_database.app_url) as connection:
        yield connection
        connection.rollback()


def _rows(connection: psycopg.Connection, query: str) -> Rows:
    return connection.execute(query.encode()).fetchall()


def _secured(connection: psycopg.Connection) -> set[object]:
    tables = _rows(
        connection,
        """
        SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
            AND relkind IN ('r', 'p') AND relrowsecurity AND relforcerowsecurity
        """,
    )
    return {name for (name,) in tables}


def test_tables_with_peoples_rows_are_secured_by_row(owner: psycopg.Connection) -> None:
    holding = _rows(
        owner,
        """
        SELECT DISTINCT table_name FROM information_schema.columns
        WHERE table_schema = 'public' AND (column_name IN ('account_id', 'consulate_code')
            OR column_name LIKE '%\\_sealed' OR column_name LIKE '%surname%')
        """,
    )
    assert {name for (name,) in holding} - _secured(owner) - set(OPEN_BY_ROW) == set()


def test_every_exception_is_still_a_table_without_row_security(owner: psycopg.Connection) -> None:
    tables = {name for (name,) in _rows(owner, "SELECT relname FROM pg_class WHERE relkind = 'r'")}
    assert set(OPEN_BY_ROW) <= tables
    assert set(OPEN_BY_ROW) & _secured(owner) == set()


def test_row_security_binds_the_owner_too_and_has_a_policy(owner: psycopg.Connection) -> None:
    half = _rows(
        owner,
        """
        SELECT relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace
            AND relrowsecurity AND (NOT relforcerowsecurity
                OR NOT EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = c.oid)
                OR EXISTS (SELECT 1 FROM pg_policy WHERE polrelid = c.oid
                           AND polcmd IN ('*', 'a', 'w') AND polwithcheck IS NULL))
        """,
    )
    assert half == []


def test_the_application_can_do_nothing_but_its_work(application: psycopg.Connection) -> None:
    rights = _rows(
        application,
        """
        SELECT r.rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication
        FROM pg_roles r WHERE pg_has_role(current_user, r.oid, 'MEMBER')
        """,
    )
    assert {row[1:] for row in rights} == {(False,) * 5}
    assert "consular_owner" not in {row[0] for row in rights}


def test_the_application_owns_nothing_and_makes_nothing(application: psycopg.Connection) -> None:
    owned = _rows(
        application,
        """
        SELECT relname::text FROM pg_class WHERE pg_has_role(current_user, relowner, 'MEMBER')
        UNION ALL
        SELECT proname::text FROM pg_proc WHERE pg_has_role(current_user, proowner, 'MEMBER')
        """,
    )
    assert owned == []
    assert _rows(application, "SELECT has_schema_privilege('public', 'CREATE')") == [(False,)]
    with pytest.raises(errors.InsufficientPrivilege):
        application.execute("CREATE TABLE public.mine (id int)")


def test_the_application_grants_itself_no_way_around(application: psycopg.Connection) -> None:
    for attempt in (
        "ALTER TABLE people DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE audit_entries DISABLE TRIGGER ALL",
        "DROP POLICY visible ON people",
        "SET ROLE consular_owner",
        "SET session_replication_role = replica",
        "TRUNCATE audit_entries",
    ):
        with pytest.raises(errors.InsufficientPrivilege), application.transaction():
            application.execute(attempt.encode())


@pytest.mark.parametrize("table", PAST)
@pytest.mark.parametrize("right", ["UPDATE", "DELETE", "TRUNCATE"])
def test_the_application_cant_change_the_past(
    application: psycopg.Connection, table: str, right: str
) -> None:
    allowed = application.execute("SELECT has_table_privilege(%s, %s)", (table, right)).fetchone()
    by_column = application.execute(
        "SELECT has_any_column_privilege(%s, 'UPDATE')", (table,)
    ).fetchone()
    assert (allowed, by_column) == ((False,), (False,))


@pytest.mark.parametrize("table", PAST)
def test_not_even_the_owner_changes_the_past(owner: psycopg.Connection, table: str) -> None:
    for attempt in ("DELETE FROM {}", "TRUNCATE {} CASCADE"):
        with pytest.raises(errors.RestrictViolation), owner.transaction():
            owner.execute(sql.SQL(attempt).format(sql.Identifier(table)))


def test_functions_with_their_owners_rights_look_names_up_in_fixed_places(
    owner: psycopg.Connection,
) -> None:
    """pg_temp last: else a temporary table could stand in for ours."""
    loose = _rows(
        owner,
        """
        SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
            AND NOT coalesce(array_to_string(proconfig, ';') ~ 'search_path=.*pg_temp$', false)
        """,
    )
    assert loose == []


def test_functions_with_their_owners_rights_are_not_everybodys(owner: psycopg.Connection) -> None:
    public = _rows(
        owner,
        """
        SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
            AND has_function_privilege('public', oid, 'EXECUTE')
        """,
    )
    assert public == []


def test_views_show_what_their_reader_may_see(owner: psycopg.Connection) -> None:
    views = _rows(
        owner,
        """
        SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'v'
            AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)
        """,
    )
    assert views == []


def test_without_a_scope_secured_tables_are_empty(application: psycopg.Connection) -> None:
    for table in sorted(map(str, _secured(application))):
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        assert application.execute(query).fetchone() == (0,), table


def test_the_scope_ends_with_its_transaction(application: psycopg.Connection) -> None:
    with application.transaction():
        application.execute("SELECT set_config('app.consulate', '*', true)")
    application.rollback()
    left = application.execute("SELECT current_setting('app.consulate', true)").fetchone()
    assert left in ((None,), ("",))


@pytest.mark.parametrize(
    ("consulate", "account", "actor", "audited", "kept"),
    [
        ("", "", "", 0, 0),
        ("", str(UUID(int=1)), str(UUID(int=1)), 1, 1),
        ("miami", "", str(UUID(int=9)), 1, 0),
        ("miami", "", str(UUID(int=2)), 1, 1),
        ("*", "", str(UUID(int=9)), 2, 2),  # the workers' login, which deletes them by age
    ],
)
def test_the_audit_and_stored_answers_are_seen_by_whom_they_concern(
    application: psycopg.Connection,
    consulate: str,
    account: str,
    actor: str,
    audited: int,
    kept: int,
) -> None:
    scope = (
        "SELECT set_config('app.consulate', %s, true), set_config('app.account', %s, true),"
        " set_config('app.actor', %s, true)"
    )
    application.execute(scope, ["*", "", ""])
    for number, office in ((1, "losangeles"), (2, "miami")):
        application.execute(
            "INSERT INTO audit_entries (id, at, actor_role, action, subject_kind, consulate_code,"
            " person_account_id) VALUES (gen_random_uuid(), now(), 'officer', 'test', 'x', %s, %s)",
            [office, UUID(int=number)],
        )
        application.execute(
            "INSERT INTO idempotency_keys (account_id, key, request_hash, created_at)"
            " VALUES (%s, 'k', '', now())",
            [UUID(int=number)],
        )
    application.execute(scope, [consulate, account, actor])
    assert _rows(application, "SELECT count(*) FROM audit_entries") == [(audited,)]
    assert _rows(application, "SELECT count(*) FROM idempotency_keys") == [(kept,)]


def test_a_stored_answer_is_no_other_staffs_whatever_their_scope(
    shared_database: DatabaseUrls,
) -> None:
    with psycopg.connect(shared_database.web_url) as web:
        for actor in (UUID(int=1), UUID(int=2)):
            web.execute(
                "SELECT set_config('app.consulate', '*', true), set_config('app.actor', %s, true)",
                [str(actor)],
            )
            web.execute(
                "INSERT INTO idempotency_keys (account_id, key, request_hash, created_at)"
                " VALUES (%s, 'k', '', now())",
                [actor],
            )
            assert _rows(web, "SELECT account_id FROM idempotency_keys") == [(actor,)]
        web.rollback()


@pytest.mark.parametrize(
    ("table", "scope"),
    [
        ("web_sessions", "app.account"),
        ("login_codes", "app.account"),
        ("outbox", "app.account"),
        ("identities", "app.account"),
        ("seats", "app.account"),
        ("claims", "app.account"),
        ("payout_attempts", "app.account"),
        *((table, "app.account") for table in _SECURED_LATER),
        ("web_sessions", "app.consulate"),
        ("login_codes", "app.consulate"),
        ("outbox", "app.consulate"),
        ("identities", "app.consulate"),
        ("seats", "app.consulate"),
        ("payout_attempts", "app.consulate"),
        *((table, "app.consulate") for table in _SECURED_LATER if table != "homonyms"),
    ],
)
def test_a_foreign_scope_sees_none_of_the_rows_that_follow_others(
    servers: Addresses, shared_database: DatabaseUrls, table: str, scope: str
) -> None:
    """One row each, written past every check; a stranger's transaction finds nothing."""
    url = f"{servers.superuser_url.rpartition('/')[0]}/{shared_database.name}"
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(_ROW[table].encode())
        assert _count(connection, table) == 1
        connection.execute("SET LOCAL ROLE consular_web")
        stranger = str(UUID(int=77)) if scope == "app.account" else "chicago"
        connection.execute("SELECT set_config(%s, %s, true)", [scope, stranger])
        assert _count(connection, table) == 0
        connection.execute("SELECT set_config('app.consulate', '*', true)")
        assert _count(connection, table) == 1
        connection.rollback()


def _count(connection: psycopg.Connection, table: str) -> object:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
    row = connection.execute(query).fetchone()
    return row and row[0]


_ROW = {
    "web_sessions": "INSERT INTO web_sessions (id_hash, account_id, created_at, last_seen_at)"
    " VALUES ('x', gen_random_uuid(), now(), now())",
    "login_codes": "INSERT INTO login_codes (id, channel, destination_index, destination_sealed,"
    " code_sealed, data_key, language, created_at, expires_at)"
    " VALUES (gen_random_uuid(), 'email', '', '', '', '', 'es', now(), now())",
    "outbox": "INSERT INTO outbox (id, topic, ref)"
    " VALUES (gen_random_uuid(), 'x', gen_random_uuid())",
    "identities": "INSERT INTO identities (issuer, subject_index, account_id, created_at)"
    " VALUES ('x', '', gen_random_uuid(), now())",
    "seats": "INSERT INTO seats (appointment_id, person_id, service_code, slot_id, starts_at,"
    " ends_at) VALUES (gen_random_uuid(), gen_random_uuid(), 'x', gen_random_uuid(), now(),"
    " now())",
    "claims": "INSERT INTO claims (person_key, service_code, account_id, appointment_id)"
    " VALUES ('x', 'x', gen_random_uuid(), gen_random_uuid())",
    "payout_attempts": "INSERT INTO payout_attempts (remittance_id, number, outcome, sent_at)"
    " VALUES (gen_random_uuid(), 1, 'sending', now())",
    "accounts": "INSERT INTO accounts (id, created_at) VALUES (gen_random_uuid(), now())",
    "staff_accounts": "INSERT INTO staff_accounts (id, subject, name, role, consulate_code,"
    " created_at) VALUES (gen_random_uuid(), 'x', 'x', 'officer', 'miami', now())",
    "enrollment_claims": "INSERT INTO enrollment_claims (person_key, program, account_id,"
    " enrollment_id) VALUES ('x', 'rfc', gen_random_uuid(), gen_random_uuid())",
    "enrollment_events": "INSERT INTO enrollment_events (enrollment_id, position, status, at)"
    " VALUES (gen_random_uuid(), 1, 'received', now())",
    "homonyms": "INSERT INTO homonyms (own_key, person_key, account_id, identity_check_id,"
    " created_at) VALUES ('x', 'x', gen_random_uuid(), gen_random_uuid(), now())",
    "resemblances": "INSERT INTO resemblances (appointment_id, person_id, reason)"
    " VALUES (gen_random_uuid(), gen_random_uuid(), 'names')",
    "resemblance_keys": "INSERT INTO resemblance_keys (appointment_id, person_id, key, reason)"
    " VALUES (gen_random_uuid(), gen_random_uuid(), 'x', 'names')",
    "attempts": "INSERT INTO attempts (subject, window_start, count) VALUES ('x', now(), 1)",
    "agency_messages": "INSERT INTO agency_messages (agency, message_id, id, folio, received_at)"
    " VALUES ('sat', 'x', gen_random_uuid(), 'x', now())",
}
