"""PostgreSQL as operators run it: a cluster of one's own, a standby of it, PgBouncer before it."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from consular import migrations
from consular.local.accounts import identity, server_account
from consular.local.ports import HOST, free_port
from consular.local.postgres import PostgresServer
from consular.local.roles import create_database, provision
from tests.servers import DatabaseUrls, temporary_directory

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
START_SECONDS = 120.0


@dataclass(frozen=True)
class Cluster:
    """A server of its own with one migrated database in it."""

    server: PostgresServer
    urls: DatabaseUrls

    def superuser(self, database: str | None = None) -> psycopg.Connection:
        """Autocommit, in the migrated database."""
        return psycopg.connect(self.server.url(database or self.urls.name), autocommit=True)

    def set(self, name: str, value: str) -> None:
        """For the whole cluster, at once."""
        with self.superuser() as connection:
            change = sql.SQL("ALTER SYSTEM SET {} = {}")
            connection.execute(change.format(sql.Identifier(name), sql.Literal(value)))
            connection.execute("SELECT pg_reload_conf()")

    def until(self, question: LiteralString) -> None:
        """Wait until the answer to a question in SQL is true."""
        deadline = time.monotonic() + START_SECONDS
        with self.superuser() as connection:
            while connection.execute(question).fetchone() != (True,):
                assert time.monotonic() < deadline, question
                time.sleep(0.02)


@dataclass(frozen=True)
class Replica(Cluster):
    """A standby and the addresses of the same database in it."""

    server: PostgresServer

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Its processes stand still where they are, with their connections open."""
        with self.superuser() as connection:
            rows = connection.execute("SELECT pid FROM pg_stat_wal_receiver").fetchall()
        assert self.server.process is not None
        processes = [self.server.process.pid, *(pid for (pid,) in rows)]
        try:
            for pid in processes:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in processes:
                os.kill(pid, signal.SIGCONT)


@contextmanager
def place() -> Iterator[Path]:
    """A directory that the server's account can enter; gone in the end."""
    directory = temporary_directory("consular-cluster-")
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def cluster(directory: Path) -> Iterator[Cluster]:
    """Started, provisioned and migrated."""
    server = PostgresServer(directory / "primary", log=directory / "primary.log")
    server.start()
    try:
        yield Cluster(server, provisioned(server))
    finally:
        server.stop()


def provisioned(server: PostgresServer, *, migrated: bool = True) -> DatabaseUrls:
    """The database ``consular`` with its owner and logins."""
    name = "consular"
    owner = create_database(server.url(), name, owner_password=secrets.token_hex(8))
    urls = provision(owner, web_password=secrets.token_hex(8), worker_password=secrets.token_hex(8))
    if migrated:
        migrations.upgrade(owner)
    return DatabaseUrls(name, owner, urls.web, urls.worker)


@contextmanager
def standby_of(primary: Cluster, directory: Path) -> Iterator[Replica]:
    """A replica that follows ``primary``."""
    server = PostgresServer(directory / "standby", log=directory / "standby.log")
    server.directory.mkdir(mode=0o700)
    source = ("-c", "fast", "-d", primary.server.url())
    run(primary, "pg_basebackup", "-D", str(server.data), "-R", *source)
    shutil.copy(primary.server.directory / "password", server.directory / "password")
    server.start()
    try:
        old, new = f":{primary.server.port}/", f":{server.port}/"
        urls = primary.urls
        _until_it_answers(urls.web_url.replace(old, new))
        its_own = (url.replace(old, new) for url in (urls.owner_url, urls.web_url, urls.worker_url))
        yield Replica(server, DatabaseUrls(urls.name, *its_own))
    finally:
        server.stop()


def run(beside: Cluster, program: str, *arguments: str) -> str:
    """One of PostgreSQL's own programs, as the account that its servers run as, from where that
    account can run them."""
    account = server_account()
    if program == "pg_basebackup" and account:
        target = Path(arguments[arguments.index("-D") + 1]).parent
        shutil.chown(target, account.uid, account.gid)
    assert beside.server.binaries is not None
    command = [str(beside.server.binaries / program), *arguments]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd="/",
        check=False,
        timeout=120,
        **identity(account),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def pgbouncer(urls: DatabaseUrls, *, pool_size: int = 5) -> Iterator[DatabaseUrls]:
    """In transaction mode, as Debian ships it; the addresses that lead through it."""
    if PGBOUNCER is None:
        pytest.skip("There is no PgBouncer on this machine (apt-get install pgbouncer).")
    with place() as directory:
        port = free_port()
        config = directory / "pgbouncer.ini"
        config.write_text(_config(urls, directory, port, pool_size))
        users = directory / "users.txt"
        users.write_text("".join(f'"{n}" "{p}"\n' for n, p in _passwords(urls).items()))
        for path in (config, users):
            path.chmod(0o644)
        process = subprocess.Popen(
            [PGBOUNCER, "-q", *(["-u", "nobody"] if server_account() else []), str(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            old = urls.web_url.rpartition("@")[2]
            through = f"{HOST}:{port}/{urls.name}"
            web, worker = (url.replace(old, through) for url in (urls.web_url, urls.worker_url))
            _until_it_answers(web)
            yield DatabaseUrls(urls.name, urls.owner_url, web, worker)
        finally:
            process.terminate()
            process.wait()


def _config(urls: DatabaseUrls, directory: Path, port: int, pool_size: int) -> str:
    server_port = urls.web_url.rpartition(":")[2].partition("/")[0]
    return (
        f"[databases]\n{urls.name} = host={HOST} port={server_port}\n"
        f"[pgbouncer]\nlisten_addr = {HOST}\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = scram-sha-256\nauth_file = {directory / 'users.txt'}\n"
        f"pool_mode = transaction\ndefault_pool_size = {pool_size}\nmax_client_conn = 200\n"
    )


def _passwords(urls: DatabaseUrls) -> Mapping[str, str]:
    logins = (
        url.split("//")[1].split("@")[0].split(":") for url in (urls.web_url, urls.worker_url)
    )
    return {name: password for name, password in logins}


def _until_it_answers(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
