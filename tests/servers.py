"""The real PostgreSQL and Valkey that one run of the tests shares.

Under pytest-xdist the controller starts them and hands their addresses to its workers; without it
the first test that needs a server starts them.
"""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from consular import migrations
from consular.local.postgres import PostgresServer
from consular.local.roles import OWNER, create_database, provision
from consular.local.valkey import ValkeyServer
from consular.seed import load_rows, one_transaction
from integrations.registry import new_secrets as new_agency_secrets
from services.kernel.clock import system_clock
from services.kernel.db import Database
from services.kernel.settings import Settings
from services.remittances.listing import load_demonstration

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "consular_template"
# The same with reference data, which every test of API and pages needs: to load them took each of
# them longer than a copy of them does.
REFERENCE = "consular_reference"
# Its two checkpoints cost nothing without fsync, and copying files beats logging pages (measured:
# 32 to 60 ms against 53 to 183 ms).
_CLONE = "CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY"
_MEMORY_NEEDED = 4 * 2**30
_LOADED = "_loaded"
_SCRAM_ITERATIONS_SINCE = 160_000


@dataclass(frozen=True)
class DatabaseUrls:
    """A database of one's own: migrated, empty, and free to commit to."""

    name: str
    owner_url: str
    web_url: str
    worker_url: str

    @property
    def app_url(self) -> str:
        """The login that may do all that the application does: the workers'."""
        return self.worker_url

    def environ(self, redis_url: str) -> dict[str, str]:
        """The settings that name it, and this Valkey."""
        return {
            "DATABASE_URL": self.web_url,
            "WORKER_DATABASE_URL": self.worker_url,
            "DATABASE_OWNER_URL": self.owner_url,
            "REDIS_URL": redis_url,
        }


@dataclass(frozen=True)
class Addresses:
    """Where the servers of this run listen: plain strings that travel between processes."""

    superuser_url: str
    owner_url: str
    web_url: str
    worker_url: str
    redis_url: str

    def travel(self) -> dict[str, str]:
        """The addresses as xdist's controller sends them to its workers."""
        return asdict(self)

    @classmethod
    def arrive(cls, sent: Mapping[str, str]) -> Addresses:
        """The other end of :meth:`travel`."""
        return cls(**sent)

    def named(self, database: str) -> DatabaseUrls:
        """The URLs of ``database`` in this cluster; it need not exist."""
        return DatabaseUrls(
            name=database,
            owner_url=_with_database(self.owner_url, database),
            web_url=_with_database(self.web_url, database),
            worker_url=_with_database(self.worker_url, database),
        )

    def redis(self, number: int) -> str:
        """The URL of Valkey's database ``number`` (0 to 63)."""
        return f"{self.redis_url.rpartition('/')[0]}/{number}"

    @contextmanager
    def fresh_database(self, template: str = TEMPLATE) -> Iterator[DatabaseUrls]:
        """A copy of ``template`` that is dropped in the end, whoever is still connected."""
        urls = self.named(f"test_{secrets.token_hex(8)}{_LOADED if template == REFERENCE else ''}")
        self._execute(_CLONE, urls.name, template, OWNER)
        try:
            yield urls
        finally:
            self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", urls.name)

    def load_reference(self) -> None:
        """Make the template `REFERENCE`."""
        self._execute(_CLONE, REFERENCE, TEMPLATE, OWNER)
        owner_url = self.named(REFERENCE).owner_url
        with one_transaction(owner_url) as session:
            load_rows(session)
            load_demonstration(session, now=system_clock())
        _vacuum(_with_database(self.superuser_url, REFERENCE))

    def _execute(self, statement: LiteralString, *names: str) -> None:
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def connected(url: str, **options: Any) -> Iterator[Database]:
    """Connections by that URL as `Database` makes them, closed in the end."""
    database = Database(url, **options)
    try:
        yield database
    finally:
        database.dispose()


def temporary_directory(prefix: str, *, durable: bool = False) -> Path:
    """A new directory for a server's data: in memory where the machine lends some, unless it has to
    be ``durable``. A database of their own for most tests is some three hundred files each: on a
    disk's file system they took two fifths of the processors' time.
    """
    memory = Path("/dev/shm")  # noqa: S108 - shared memory, with a random name below it
    lent = not durable and os.access(memory, os.W_OK)
    if lent and shutil.disk_usage(memory).free > _MEMORY_NEEDED:
        return Path(tempfile.mkdtemp(prefix=prefix, dir=memory))
    return Path(tempfile.mkdtemp(prefix=prefix))


class Servers:
    """Starts both servers under a temporary directory and takes everything away again.

    ``durable`` keeps fsync on, for the tests that stop PostgreSQL the hard way.
    CONSULAR_TEST_POSTGRES names the ``bin`` of another PostgreSQL than the one that pip installed.
    """

    def __init__(self, *, durable: bool = False) -> None:
        # Not pytest's tmp_path: that is closed to the account that PostgreSQL runs as.
        self.directory = temporary_directory("consular-tests-", durable=durable)
        self.directory.chmod(0o711)
        logs = self.directory / "log"
        chosen = os.environ.get("CONSULAR_TEST_POSTGRES")
        self.postgres = PostgresServer(
            self.directory / "postgres",
            log=logs / "postgres.log",
            durable=durable,
            binaries=Path(chosen) if chosen else None,
        )
        self.valkey = ValkeyServer(self.directory / "valkey", log=logs / "valkey.log")

    def start(self) -> Addresses:
        """Start, provision and migrate the template that `Addresses.fresh_database` copies."""
        try:
            self.postgres.start()
            self.valkey.start()
            return self._provision()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End both servers and delete their directory."""
        self.valkey.stop()
        self.postgres.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _provision(self) -> Addresses:
        superuser_url = self.postgres.url()
        _hash_once(superuser_url)
        owner_url = create_database(superuser_url, TEMPLATE, owner_password=_password())
        urls = provision(owner_url, web_password=_password(), worker_password=_password())
        migrations.upgrade(owner_url)
        _vacuum(self.postgres.url(TEMPLATE))
        addresses = Addresses(
            superuser_url=superuser_url,
            owner_url=owner_url,
            web_url=urls.web,
            worker_url=urls.worker,
            redis_url=self.valkey.url,
        )
        addresses.load_reference()
        return addresses


def settings_over(
    urls: DatabaseUrls, home: Path | str, redis_url: str = "redis://127.0.0.1:1", **more: str
) -> Settings:
    """Settings of the environment ``test`` over these servers, with keys of their own."""
    values = {"CONSULAR_ENV": "test", "CONSULAR_HOME": str(home), **urls.environ(redis_url)}
    return Settings.load({**values, **random_keys(), **more})


def moved(settings: Settings, urls: DatabaseUrls) -> Settings:
    """The same settings over another database."""
    return replace(
        settings,
        database_url=urls.web_url,
        worker_database_url=urls.worker_url,
        database_owner_url=urls.owner_url,
        values={**settings.values, **urls.environ(settings.redis_url)},
    )


@contextmanager
def durable_servers() -> Iterator[Addresses]:
    """Both servers with fsync on, for one measurement alone."""
    servers = Servers(durable=True)
    try:
        yield servers.start()
    finally:
        servers.stop()


def has_reference(url: str) -> bool:
    """Whether the database was copied from the one with reference data."""
    return url.endswith(_LOADED)


def _hash_once(superuser_url: str) -> None:
    """Logins made from now on: nobody guesses their passwords, and the usual 4,096 rounds at each
    connection, of which a test makes half a dozen, took it ten milliseconds."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        if connection.info.server_version >= _SCRAM_ITERATIONS_SINCE:
            connection.execute("ALTER SYSTEM SET scram_iterations = 1")
            connection.execute("SELECT pg_reload_conf()")


def _vacuum(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (FREEZE, ANALYZE)")


def random_keys() -> dict[str, str]:
    """Random values for the keys and secrets that Settings asks for; new ones at each call."""
    return {
        "CONSULAR_MASTER_KEY": _key(),
        "CONSULAR_INDEX_KEY": _key(),
        "CONSULAR_SIGNING_KEY": _key(),
        **new_agency_secrets(),
    }


def find_chromium() -> str | None:
    """The system's Chromium or Chrome, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _password() -> str:
    return secrets.token_hex(16)


def _with_database(url: str, database: str) -> str:
    make_conninfo(url)  # raises when it is no address
    return f"{url.rpartition('/')[0]}/{database}"
