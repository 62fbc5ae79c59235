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
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from psycopg.conninfo import make_conninfo

from consular import embedded
from integrations.registry import new_secrets as new_agency_secrets

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "consular_template"


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
        urls = self.named(f"test_{secrets.token_hex(8)}")
        embedded.clone_database(self.superuser_url, template=template, name=urls.name)
        try:
            yield urls
        finally:
            embedded.drop_database(self.superuser_url, urls.name)


class Servers:
    """Starts both servers under a temporary directory and takes everything away again.

    ``durable`` keeps fsync on, for the tests that stop PostgreSQL the hard way.
    CONSULAR_TEST_POSTGRES names the ``bin`` of another PostgreSQL than the one that pip installed.
    """

    def __init__(self, *, durable: bool = False) -> None:
        # Not pytest's tmp_path: that is closed to the account that PostgreSQL runs as.
        self.directory = Path(tempfile.mkdtemp(prefix="consular-tests-"))
        self.directory.chmod(0o711)
        logs = self.directory / "log"
        chosen = os.environ.get("CONSULAR_TEST_POSTGRES")
        self.postgres = embedded.PostgresServer(
            self.directory / "postgres",
            log=logs / "postgres.log",
            durable=durable,
            binaries=Path(chosen) if chosen else None,
        )
        self.valkey = embedded.ValkeyServer(self.directory / "valkey", log=logs / "valkey.log")

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
        port, owner_password = self.postgres.port, _password()
        embedded.create_owner_and_database(
            self.postgres.url(), password=owner_password, database=TEMPLATE
        )
        owner_url = embedded.database_url(embedded.OWNER, owner_password, port, TEMPLATE)
        passwords = _password(), _password()
        logins = embedded.provision(
            owner_url, web_password=passwords[0], worker_password=passwords[1]
        )
        web_url, worker_url = (
            embedded.database_url(login, password, port, TEMPLATE)
            for login, password in zip(logins, passwords, strict=True)
        )
        migrate(owner_url)
        with psycopg.connect(self.postgres.url(TEMPLATE), autocommit=True) as connection:
            connection.execute("VACUUM (FREEZE, ANALYZE)")
        return Addresses(
            superuser_url=self.postgres.url(),
            owner_url=owner_url,
            web_url=web_url,
            worker_url=worker_url,
            redis_url=self.valkey.url,
        )


def migrate(owner_url: str, revision: str = "head") -> None:
    """Bring the database to ``revision`` with the migrations of this tree."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", owner_url)
    command.upgrade(config, revision)


def random_keys() -> dict[str, str]:
    """Random values for the keys and secrets that Settings asks for; new ones at each call."""
    return {
        "CONSULAR_MASTER_KEY": _key(),
        "CONSULAR_INDEX_KEY": _key(),
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
