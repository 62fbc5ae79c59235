"""What a worker asks of its database, and how it waits."""

from __future__ import annotations

import psycopg
import pytest

from services.kernel.db import Database
from services.kernel.logins import Duty, UnsafeDatabase
from services.kernel.settings import Settings
from tests.servers import Addresses, DatabaseUrls
from tests.workers.conftest import configured, process, until
from workers.runtime import retry_delay


def test_a_role_that_can_pass_by_row_security_is_refused(servers: Addresses) -> None:
    with pytest.raises(UnsafeDatabase, match="row-level security"):
        _look(servers.superuser_url)


def test_commits_that_could_be_lost_are_refused(servers: Addresses, database: DatabaseUrls) -> None:
    with psycopg.connect(servers.superuser_url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {database.name} SET synchronous_commit = off")
    with pytest.raises(UnsafeDatabase, match="synchronous_commit"):
        _look(database.app_url)


def test_the_applications_own_login_is_taken(database: DatabaseUrls) -> None:
    _look(database.app_url)


def test_delays_grow_double_at_random_and_have_an_end() -> None:
    delays = [[retry_delay(attempt) for _ in range(50)] for attempt in (1, 2, 3, 9, 10, 5000)]
    for waited, whole in zip(delays, (1, 2, 4, 256, 300, 300), strict=True):
        assert all(whole / 2 <= delay <= whole for delay in waited)
        assert len(set(waited)) > 1


def test_a_process_waits_for_its_database_and_its_redis(quick: Settings) -> None:
    nowhere = configured(quick, REDIS_URL="redis://127.0.0.1:9/0")
    with process("worker", nowhere) as worker, process("relay", nowhere) as relay:
        for started in (worker, relay):
            assert started.stdout is not None
            until(lambda out=started.stdout: b"waits" in out.readline())
            assert started.poll() is None


def _look(url: str) -> None:
    Database(url, duty=Duty.WORKER, pool_size=1).refuse_unfit()
