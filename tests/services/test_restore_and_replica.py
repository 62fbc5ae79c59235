"""A dump that was restored elsewhere, and a replica, give the figures that the primary gave; the
ledger of the one that was restored goes on."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import text

from consular import doctor
from consular.local.ports import HOST
from consular.local.postgres import PostgresServer
from consular.seed import adopt_database
from services.facts.cubes import CUBES
from services.facts.recording import Counted, record
from services.facts.recounting import recount
from services.facts.rolling_up import build, list_watermarks, roll_up
from services.facts.settling import note_settled
from services.kernel.audit import SYSTEM
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import new_id
from services.kernel.logins import Duty, NotAdopted
from services.ledger.posting import Line, Transfer, post
from services.ledger.queries import balance
from services.ledger.second_book import Difference, compare
from services.ledger.settling import is_waiting
from services.monitoring.figures import AskIndicator, figures
from services.staff.accounts import MakeStaffAccount, make_account
from services.staff.sessions import start_session
from tests.factories.clusters import Cluster, cluster, place, provisioned, run, standby_of
from tests.factories.ledger import settle_all
from tests.factories.remittances import VAULT
from tests.factories.staff import cookie_name
from tests.factories.web import Web, running_web_without_data
from tests.servers import ROOT, DatabaseUrls, settings_over

BACKUP_PASSWORD = "secret-of-the-backup"


@pytest.fixture(scope="module")
def directory() -> Iterator[Path]:
    with place() as directory:
        yield directory


@pytest.fixture(scope="module")
def primary(directory: Path) -> Iterator[Cluster]:
    with cluster(directory) as primary:
        with primary.superuser() as connection:
            # So that a new cluster's transaction ids are smaller.
            connection.execute(
                "DO $$ BEGIN FOR n IN 1..20000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP;"
                " END $$"
            )
            connection.execute(_making_the_backup_role().encode())
        yield primary


def _making_the_backup_role() -> str:
    """As the manual for operators says it."""
    manual = (ROOT / "deploy" / "README.md").read_text()
    [statements] = re.findall(r"```sql\n(CREATE ROLE consular_backup .*?)```", manual, re.DOTALL)
    return str(statements).replace("'…'", f"'{BACKUP_PASSWORD}'")


def _record(urls: DatabaseUrls, count: int) -> None:
    database = Database(urls.worker_url, pool_size=1)
    for _ in range(count):
        with database.transaction(NETWORK_SCOPE) as session:
            counted = Counted("appointment", new_id(), date(2026, 12, 7))
            record(session, counted, "booked", now=datetime.now(UTC), service_code="PAS10")
    with database.transaction(NETWORK_SCOPE) as session:
        note_settled(session)
        if roll_up(session, lag=timedelta(0)):
            for cube in CUBES:
                build(session, cube, lag=timedelta(0))
    database.dispose()


def _sums(urls: DatabaseUrls) -> tuple[int, set[datetime | None], int]:
    """How many cells there are, as of when, and how many differ from a recount."""
    database = Database(urls.web_url, pool_size=1)
    with database.transaction(NETWORK_SCOPE) as session:
        cells = session.execute(text("SELECT count(*) FROM fact_cells")).scalar_one()
        moments = {mark.at for mark in list_watermarks(session).values()}
        differences = sum(recount(session, cube).differences for cube in CUBES)
    database.dispose()
    return cells, moments, differences


def _ask(urls: DatabaseUrls, as_of: datetime | None = None) -> tuple[int, datetime]:
    database = Database(urls.web_url, pool_size=1)
    with database.transaction(NETWORK_SCOPE) as session:
        answer = figures(session, AskIndicator("appointments", as_of=as_of))
    database.dispose()
    return sum(row["value"] for row in answer.rows), answer.as_of


def _post(urls: DatabaseUrls, *amounts: int) -> None:
    database = Database(urls.worker_url, pool_size=1)
    for amount in amounts:
        lines = [Line("funding_clearing", "USD", amount), Line("fee_income", "USD", -amount)]
        with database.transaction(NETWORK_SCOPE) as session:
            post(session, Transfer(new_id(), "test", new_id(), lines), now=datetime.now(UTC))
    database.dispose()


def _settle_books(urls: DatabaseUrls) -> None:
    database = Database(urls.worker_url, pool_size=1)
    settle_all(database, VAULT)
    database.dispose()


def _books(urls: DatabaseUrls) -> tuple[int, bool, int, list[Difference]]:
    """The house's income, whether any of it waits, how many entries are sealed, what differs."""
    database = Database(urls.worker_url, pool_size=1)
    with database.transaction(NETWORK_SCOPE) as session:
        income, waiting = -balance(session, "fee_income"), is_waiting(session)
        comparison = compare(session, VAULT)
    database.dispose()
    return income, waiting, comparison.entries, list(comparison.differences)


def _backup_url(primary: Cluster) -> str:
    port, name = primary.server.port, primary.urls.name
    return f"postgresql://consular_backup:{BACKUP_PASSWORD}@{HOST}:{port}/{name}"


def test_the_backup_role_reads_every_row_and_writes_none(primary: Cluster) -> None:
    with psycopg.connect(primary.urls.web_url) as connection:
        connection.execute("SELECT set_config('app.consulate', '*', true)")
        connection.execute(
            "INSERT INTO people (id, consulate_code, given_names, first_surname, name_index,"
            " created_at) VALUES (gen_random_uuid(), NULL, 'Ana', 'Demo', '', now())"
        )
    with psycopg.connect(_backup_url(primary), autocommit=True) as connection:
        seen = connection.execute("SELECT count(*) FROM people").fetchone()
        assert seen is not None
        assert seen[0] > 0
        for attempt in (b"DELETE FROM people", b"INSERT INTO facts_settled VALUES (true, now())"):
            with pytest.raises((errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction)):
                connection.execute(attempt)


def test_after_a_dump_and_a_restore_into_a_new_cluster_figures_and_books_are_right(
    primary: Cluster, directory: Path, tmp_path: Path
) -> None:
    _record(primary.urls, 7)
    before = _ask(primary.urls)
    # The sums are further than that moment, and end before the last lines.
    _record(primary.urls, 4)
    later = _ask(primary.urls)
    sums = _sums(primary.urls)
    assert sums[0] > 0
    assert sums[2] == 0
    _post(primary.urls, 1, 2)
    _settle_books(primary.urls)
    _post(primary.urls, 4)
    assert _books(primary.urls) == (7, True, 2, [])
    dump = run(primary, "pg_dump", "--format=plain", "--no-owner", "-d", _backup_url(primary))
    server = PostgresServer(directory / "restored", log=directory / "restored.log")
    server.start()
    try:
        urls = provisioned(server, migrated=False)
        for table in ("people", "facts", "outbox"):
            assert f"COPY public.{table} " in dump
        file = server.directory / "dump.sql"
        file.write_text(dump.replace("CREATE SCHEMA public;\n", ""))
        file.chmod(0o644)
        run(primary, "psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(file), urls.owner_url)
        assert _sums(urls) == sums
        assert _ask(urls, before[1]) == before
        assert _ask(urls, later[1]) == later
        assert _ask(urls)[0] == before[0] + 4
        _refused_until_adopted(urls, tmp_path)
        _record(urls, 2)
        assert _ask(urls, before[1]) == before
        assert _ask(urls)[0] == before[0] + 6
        assert _sums(urls)[2] == 0
        _its_books_go_on(urls)
    finally:
        server.stop()
        shutil.rmtree(server.directory, ignore_errors=True)


def _its_books_go_on(urls: DatabaseUrls) -> None:
    """What waited when it was dumped is settled, and what is posted since counts before and after
    it is settled, though this cluster's transactions have lower ids than the batches of before."""
    with psycopg.connect(urls.owner_url) as connection:
        behind = "SELECT pg_current_xact_id() < max(xid) FROM journal_entries"
        assert connection.execute(behind).fetchone() == (True,)
    assert _books(urls) == (7, True, 2, [])
    _post(urls, 8)
    assert _books(urls) == (15, True, 2, [])
    _settle_books(urls)
    assert _books(urls) == (15, False, 4, [])
    _post(urls, 16)
    assert _books(urls) == (31, True, 4, [])
    _settle_books(urls)
    assert _books(urls) == (31, False, 5, [])


def _refused_until_adopted(urls: DatabaseUrls, home: Path) -> None:
    """Neither web nor workers start on the copy, which would do again what was still to be done."""
    settings = settings_over(urls, home)
    for duty, url in ((Duty.WEB, urls.web_url), (Duty.WORKER, urls.worker_url)):
        with pytest.raises(NotAdopted, match="consular db adopt"):
            Database(url, duty=duty, pool_size=1).refuse_unfit()
    with pytest.raises(NotAdopted), running_web_without_data(settings):
        pass
    findings = {finding.part: finding for finding in doctor.examine(settings)}
    assert "consular db adopt" in findings["Cluster"].remedy
    assert adopt_database(urls.owner_url)[0] is True
    assert adopt_database(urls.owner_url)[0] is False
    with running_web_without_data(settings) as web:
        assert web.client.get("/health/ready").get_json()["parts"]["postgresql"] == "ok"


def test_a_replica_serves_monitoring_and_asks_to_come_back_for_the_rest(
    primary: Cluster, directory: Path, tmp_path: Path
) -> None:
    _record(primary.urls, 1)
    counted = _ask(primary.urls)[0]
    with standby_of(primary, directory) as replica:
        settings = settings_over(replica.urls, tmp_path)
        with running_web_without_data(settings) as web:
            writes = replace(web.settings, database_url=primary.urls.web_url)
            token = replace(web, settings=writes).token("analyst")
            _until_replayed(primary, replica.urls)
            path = "/monitoring/indicators/appointments"
            answer = web.call("GET", path, token=token)
            assert answer.status_code == 200, answer.text
            body = answer.get_json()
            assert sum(row["value"] for row in body["rows"]) == counted
            _record(primary.urls, 3)
            _until_replayed(primary, replica.urls)
            assert _sums(replica.urls) == _sums(primary.urls)
            as_of = quote(body["as_of"])
            again = web.call("GET", f"{path}?as_of={as_of}", token=token)
            assert again.get_json()["rows"] == body["rows"]
            now = web.call("GET", path, token=token).get_json()["rows"]
            assert sum(row["value"] for row in now) == counted + 3
            _pages_are_read(web, primary, replica, counted + 3)
            refused = web.call("POST", "/quotes", {}, token=token)
            assert refused.status_code in (403, 503)
            ready = web.client.get("/health/ready")
            assert (ready.status_code, ready.get_json()["parts"]["postgresql"]) == (
                503,
                "read_only",
            )


def _pages_are_read(web: Web, primary: Cluster, replica: Cluster, counted: int) -> None:
    """An analyst who signed in at the primary reads figures and lists, and takes a file."""
    database = Database(primary.urls.worker_url, pool_size=1)
    with database.transaction(NETWORK_SCOPE) as session:
        command = MakeStaffAccount("page-analyst-replica", "Demo Analyst", "analyst", None)
        account = make_account(session, command, now=datetime.now(UTC), actor=SYSTEM)
        secret = start_session(session, now=datetime.now(UTC), staff_id=account.id)
    database.dispose()
    _until_replayed(primary, replica.urls)
    browser = web.client
    browser.set_cookie(cookie_name(web.app), secret)
    for path in ("", "offices", "service-levels", "changes", "indicators/", "entries/", "sessions"):
        answer = browser.get(f"/monitoring/{path}")
        assert answer.status_code == 200, (path, answer.text)
    page = browser.get("/monitoring/indicators/appointments?from=2026-12-07&to=2026-12-07").text
    assert re.search(rf">{counted}</t[dh]>", page), page
    file = browser.get("/monitoring/lines.csv?indicator=appointments")
    assert file.headers["X-Row-Count"] == str(counted)


def _until_replayed(primary: Cluster, replica: DatabaseUrls) -> None:
    """What the primary has written by now can be read at the replica."""
    with primary.superuser() as connection:
        (written,) = connection.execute("SELECT pg_current_wal_lsn()").fetchone() or ("",)
    deadline = time.monotonic() + 120
    with psycopg.connect(replica.web_url, autocommit=True) as connection:
        while True:
            row = connection.execute(
                "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [written]
            ).fetchone()
            if row == (True,):
                return
            assert time.monotonic() < deadline
            time.sleep(0.02)
