"""`consular up` for real: it starts, says where, stops in order and keeps its data."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import psycopg
import pytest

from consular.embedded import free_port
from tests.servers import DatabaseUrls

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-c", "from consular.cli import main; main()"]


class Copy:
    """A copy of the program with a home and ports of its own."""

    def __init__(self, home: Path, **environ: str) -> None:
        self.home = home
        self.port = free_port()
        self.output = home.with_suffix(".output")
        self.environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "CONSULAR_HOME": str(home),
            "CONSULAR_PORT": str(self.port),
            "CONSULAR_SIMULATOR_PORT": str(free_port()),
            **environ,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start and return the seconds until it is ready."""
        began = time.monotonic()
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [*COMMAND, "up"],
                env=self.environ,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                start_new_session=True,
            )
        while "Ready after" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() - began < 60, self.said()
            time.sleep(0.02)
        return time.monotonic() - began

    def said(self) -> str:
        """Everything it printed so far."""
        return self.output.read_text()

    def end(self, number: signal.Signals = signal.SIGINT) -> float:
        """Send the signal; seconds until the process is gone."""
        assert self.process is not None
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(15)
        return time.monotonic() - began

    def runs(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        return self.process.returncode if self.process else None

    def is_ready(self) -> bool:
        """Whether the web says it can take orders."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def refused(self) -> str:
        """Run it where it can't start: what it said, after checks that hold for every refusal."""
        done = subprocess.run(
            [*COMMAND, "up"],
            env=self.environ,
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=60,
            check=False,
        )
        assert done.returncode == 1, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        return done.stderr

    def value(self, name: str) -> str:
        """A line of the instance's environment file."""
        lines = (self.home / "environment").read_text().splitlines()
        return next(line.partition("=")[2] for line in lines if line.startswith(f"{name}="))

    def processes(self) -> list[int]:
        """The process and everything that descends from it."""
        assert self.process is not None
        found = [self.process.pid]
        parents = {pid: _parent(pid) for pid in _all_processes()}
        for known in found:  # grows while it is read
            found += [pid for pid, parent in parents.items() if parent == known]
        return found


def _all_processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _parent(pid: int) -> int:
    """0 when it is gone, or dead and only waiting to be noticed."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[:2]
    except OSError:
        return 0
    return 0 if state == "Z" else int(parent)


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0 ")
    except OSError:
        return ""


def _wait_for(holds: Callable[[], bool], *, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _alive(pids: list[int], *, within: float) -> list[int]:
    """Those of ``pids`` that are still there after ``within`` seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and any(_parent(pid) for pid in pids):
        time.sleep(0.05)
    return [pid for pid in pids if _parent(pid)]


def _home() -> Path:
    """A place that PostgreSQL's account can reach too, unlike pytest's own."""
    top = Path(tempfile.mkdtemp(prefix="consular-launcher-"))
    top.chmod(0o711)
    return top / "home"


@pytest.fixture
def home() -> Iterator[Path]:
    home = _home()
    yield home
    shutil.rmtree(home.parent)


@pytest.fixture(scope="module")
def instance() -> Iterator[Copy]:
    """One instance for all: its first start loads the demonstration schedule."""
    copy = Copy(_home())
    yield copy
    if copy.runs():
        copy.end(signal.SIGTERM)
    shutil.rmtree(copy.home.parent)


@pytest.fixture
def running(instance: Copy) -> Copy:
    if not instance.runs():
        instance.start()
    return instance


@pytest.mark.slow
def test_its_secrets_are_for_its_owner_alone(running: Copy) -> None:
    for name in ("environment", "token-key.pem", "log"):
        assert (running.home / name).stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_a_second_copy_in_the_same_home_is_refused(running: Copy) -> None:
    said = Copy(running.home).refused()
    assert "already runs in" in said
    assert "another CONSULAR_HOME and CONSULAR_PORT" in said


@pytest.mark.slow
@pytest.mark.parametrize("name", ["relay", "schedule", "simulator", "web"])
def test_what_dies_is_started_again(running: Copy, name: str) -> None:
    (victim,) = (pid for pid in running.processes() if _title(pid) == f"consular: {name}")
    os.kill(victim, signal.SIGKILL)
    _wait_for(lambda: f"{name} ended (signal SIGKILL); starting it again" in running.said())
    _wait_for(running.is_ready)


@pytest.mark.slow
def test_interrupted_it_stops_in_time_and_starts_again_with_its_data(running: Copy) -> None:
    processes = running.processes()
    token_key = (running.home / "token-key.pem").read_text()
    with psycopg.connect(running.value("DATABASE_OWNER_URL")) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    assert running.end(signal.SIGINT) < 10
    assert running.code() == 0
    assert _alive(processes, within=0.5) == []

    busy = os.getloadavg()[0] / (os.cpu_count() or 1)  # others' work is not our slowness
    assert running.start() < 10 * max(1.0, busy)
    with psycopg.connect(running.value("DATABASE_OWNER_URL")) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert (running.home / "token-key.pem").read_text() == token_key


@pytest.mark.slow
def test_killed_it_leaves_no_process_and_no_lock_behind(running: Copy) -> None:
    processes = running.processes()
    assert len(processes) > 10  # web and its two, simulator, workers, relay, schedule, servers
    running.end(signal.SIGKILL)
    assert _alive(processes, within=10) == []

    running.start()
    assert running.is_ready()


@pytest.mark.slow
def test_given_servers_are_used_and_the_owner_only_migrates(
    home: Path, database: DatabaseUrls, redis_url: str
) -> None:
    copy = Copy(home, DATABASE_URL=database.owner_url, REDIS_URL=redis_url)
    copy.start()
    try:
        with psycopg.connect(database.owner_url) as connection:
            rows = connection.execute(
                "SELECT DISTINCT usename FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchall()
        assert rows == [(f"{database.name}_app",)]
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
        said = Copy(home, **{name: taken}).refused()
    assert f"Port {taken} ({name}) is in use" in said
    assert f"{name}=" in said


def test_a_port_that_is_no_number_is_refused(home: Path) -> None:
    assert "CONSULAR_PORT is 'http'" in Copy(home, CONSULAR_PORT="http").refused()


def test_a_data_directory_that_cannot_be_used_is_named(home: Path) -> None:
    home.write_text("a file where the directory should be")
    said = Copy(home / "below").refused()
    assert f"{home / 'below'} can't be used" in said
    assert "CONSULAR_HOME" in said


def test_production_is_not_started_with_it(home: Path) -> None:
    assert "CONSULAR_ENV is production" in Copy(home, CONSULAR_ENV="production").refused()
