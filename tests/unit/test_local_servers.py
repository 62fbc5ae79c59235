"""The servers of a development instance start again after whatever end they had."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from consular.local import postgres
from consular.local.ports import HOST
from consular.local.postgres import PostgresServer
from consular.local.valkey import ValkeyServer
from consular.startup import CannotStart
from tests.factories.clusters import place


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with place() as directory:
        server = PostgresServer(
            directory / "postgres", log=directory / "postgres.log", durable=False
        )
        server.start()
        yield server
        server.stop()


def _answer(server: PostgresServer) -> object:
    with psycopg.connect(server.url()) as connection:
        return connection.execute("SELECT upper('ñandú')").fetchone()


def test_a_killed_one_starts_though_its_number_is_somebody_elses_now(
    server: PostgresServer,
) -> None:
    lock = server.data / "postmaster.pid"
    written = lock.read_text()
    assert server.process is not None
    server.process.send_signal(signal.SIGQUIT)
    server.process.wait(60)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        lock.write_text(written.replace(written.split("\n")[0], str(stranger.pid)))
        server.start()
        assert stranger.stdin is not None
        stranger.stdin.close()
    assert _answer(server) == ("ÑANDÚ",)


def test_a_second_one_on_the_same_data_is_refused(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LOCK_SECONDS", 0.1)
    second = PostgresServer(server.directory, log=server.log.with_name("second.log"))
    with pytest.raises(CannotStart) as refusal:
        second.start()
    assert server.process is not None
    assert f"its PostgreSQL is process {server.process.pid}" in refusal.value.problem
    assert _answer(server)


def test_data_of_another_version_are_left_alone(server: PostgresServer) -> None:
    server.stop()
    version = server.data / "PG_VERSION"
    written = version.read_text()
    version.write_text("12\n")
    try:
        with pytest.raises(CannotStart, match=r"made by PostgreSQL 12"):
            server.start()
    finally:
        version.write_text(written)
    server.start()
    assert _answer(server)


def test_a_port_that_is_taken_is_not_insisted_on(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as other:
        taken = other.getsockname()[1]
        server = ValkeyServer(tmp_path / "valkey", log=tmp_path / "valkey.log")
        server.start(taken)
    try:
        assert server.port != taken
        with redis.Redis.from_url(server.url) as client:
            assert client.ping()
    finally:
        server.stop()
    assert not server.is_running()


def test_nothing_of_our_environment_reaches_the_servers(server: PostgresServer) -> None:
    assert server.process is not None
    environment = Path(f"/proc/{server.process.pid}/environ")
    if not environment.exists():
        pytest.skip("There is no /proc here.")
    names = {line.partition("=")[0] for line in environment.read_text().split("\0") if line}
    assert names == {"PATH", "TZ", "LC_ALL"}
