"""`consular up` for real: it starts, says where, stops in order and keeps its data."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.factories.instance import Instance, parent_of, reachable_home, running_instance
from tests.factories.pace import seconds
from tests.servers import DatabaseUrls


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0 ")
    except OSError:
        return ""


def _wait_for(holds: Callable[[], bool], *, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _alive(pids: list[int], *, within: float) -> list[int]:
    """Those of ``pids`` that are still there after ``within`` seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and any(parent_of(pid) for pid in pids):
        time.sleep(0.05)
    return [pid for pid in pids if parent_of(pid)]


@pytest.fixture
def home() -> Iterator[Path]:
    with reachable_home() as home:
        yield home


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    """One instance for all: its first start loads the demonstration schedule."""
    with running_instance() as instance:
        yield instance


@pytest.fixture
def running(instance: Instance) -> Instance:
    if not instance.runs():
        instance.start()
    return instance


@pytest.mark.slow
def test_its_secrets_are_for_its_owner_alone(running: Instance) -> None:
    for name in ("environment", "token-key.pem", "log"):
        assert (running.home / name).stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_requests_are_counted(running: Instance) -> None:
    assert running.is_ready()
    metrics = httpx.get(f"{running.url}/metrics").text
    assert 'consular_requests_total{method="GET",route="/health/ready"' in metrics


@pytest.mark.slow
def test_a_second_copy_in_the_same_home_is_refused(running: Instance) -> None:
    said = Instance(running.home).refused()
    assert "already runs in" in said
    assert "another CONSULAR_HOME and CONSULAR_PORT" in said


@pytest.mark.slow
@pytest.mark.parametrize("name", ["relay", "schedule", "books", "simulator", "web"])
def test_what_dies_is_started_again(running: Instance, name: str) -> None:
    (victim,) = (pid for pid in running.processes() if _title(pid) == f"consular: {name}")
    os.kill(victim, signal.SIGKILL)
    _wait_for(lambda: f"{name} ended (signal SIGKILL); starting it again" in running.said())
    _wait_for(running.is_ready)


@pytest.mark.slow
def test_interrupted_it_stops_in_time_and_starts_again_with_its_data(running: Instance) -> None:
    processes = running.processes()
    token_key = (running.home / "token-key.pem").read_text()
    with psycopg.connect(running.value("DATABASE_OWNER_URL")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    assert running.end(signal.SIGINT) < seconds(10)
    assert running.code() == 0
    assert _alive(processes, within=seconds(0.5)) == []

    assert running.start() < seconds(10)
    with psycopg.connect(running.value("DATABASE_OWNER_URL")) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert (running.home / "token-key.pem").read_text() == token_key


@pytest.mark.slow
def test_killed_it_leaves_no_process_and_no_lock_behind(running: Instance) -> None:
    processes = running.processes()
    assert len(processes) > 10  # web and its two, simulator, workers, relay, schedule, servers
    running.end(signal.SIGKILL)
    assert _alive(processes, within=seconds(10)) == []

    running.start()
    assert running.is_ready()


@pytest.mark.slow
def test_given_servers_are_used_and_the_owner_only_migrates(
    home: Path, database: DatabaseUrls, redis_url: str
) -> None:
    copy = Instance(home, DATABASE_URL=database.owner_url, REDIS_URL=redis_url)
    copy.start()
    try:
        with psycopg.connect(database.owner_url) as connection:
            rows = connection.execute(
                "SELECT DISTINCT usename FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchall()
        assert {name for (name,) in rows} == {f"{database.name}_portal", f"{database.name}_jobs"}
        assert not (home / "postgres").exists()
        assert not (home / "valkey").exists()
    finally:
        copy.end(signal.SIGTERM)


@pytest.mark.parametrize("name", ["CONSULAR_PORT", "CONSULAR_SIMULATOR_PORT"])
def test_a_port_in_use_is_named_with_another_to_use(home: Path, name: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        said = Instance(home, **{name: taken}).refused()
    assert f"Port {taken} ({name}) is in use" in said
    assert f"{name}=" in said


def test_a_port_that_is_no_number_is_refused(home: Path) -> None:
    assert "CONSULAR_PORT is 'http'" in Instance(home, CONSULAR_PORT="http").refused()


def test_a_data_directory_that_cannot_be_used_is_named(home: Path) -> None:
    home.write_text("a file where the directory should be")
    said = Instance(home / "below").refused()
    assert f"{home / 'below'} can't be used" in said
    assert "CONSULAR_HOME" in said


def test_production_is_not_started_with_it(home: Path) -> None:
    assert "CONSULAR_ENV is production" in Instance(home, CONSULAR_ENV="production").refused()
