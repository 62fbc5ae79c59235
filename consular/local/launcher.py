"""``consular up``: a whole development instance in the foreground.

Order: data directory and lock, ports, PostgreSQL and Valkey, roles, migrations, reference data,
demonstration schedule, then all processes, then the addresses once the web says it is ready.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

from consular import migrations
from consular.connections import check_redis
from consular.health import add_up_processes
from consular.local.demo_schedule import extend_demo_schedule
from consular.local.given_servers import given_databases
from consular.local.instance import Instance, login_passwords, owner_password
from consular.local.ports import HOST, free_port, port_is_free
from consular.local.postgres import PostgresServer
from consular.local.roles import DatabaseUrls, create_database, provision
from consular.local.supervisor import Child, StopRequested, Supervisor, raise_on_signals
from consular.local.valkey import ValkeyServer
from consular.seed import load_reference
from consular.server import run_web
from consular.startup import CannotStart, die_with_parent
from integrations.registry import AGENCIES, calling_back
from integrations.simulator.app import serve as serve_simulator
from services.kernel.settings import Settings
from workers.main import run_books, run_relay, run_schedule, run_worker

DATABASE = "consular"
READY_SECONDS = 60.0
# One more than the two cores of the smallest machine: a worker waits for agencies and PostgreSQL.
WORKERS = 3


def up(environ: Mapping[str, str], *, with_parent: bool = False) -> None:
    """Run until SIGINT or SIGTERM, then stop everything and keep the data. Raises CannotStart.

    ``with_parent`` also stops when the process that started this one ends or is interrupted.
    """
    if environ.get("CONSULAR_ENV") == "production":
        raise CannotStart(
            "`consular up` runs a development instance, and CONSULAR_ENV is production.",
            "In production start the web, the workers, the relay and the schedule as deploy/ says.",
        )
    settings = Settings.load(environ)
    raise_on_signals()
    parent = os.getppid() if with_parent else 0
    if with_parent:
        die_with_parent(signal.SIGTERM, parent)
    launch = Launch(environ, settings.home)
    try:
        launch.start()
        launch.watch(parent)
    except StopRequested:
        say("\nStopping.")
    finally:
        launch.supervisor.stop()
    say(f"Stopped. The data are kept in {_short(settings.home)}.")


class Launch:
    """One run of ``up``."""

    def __init__(self, environ: Mapping[str, str], home: Path) -> None:
        self.environ = environ
        self.home = home
        self.logs = home / "log"
        self.instance = Instance(home)
        self.supervisor = Supervisor(say, self.instance.forget_lock)
        self.began = time.monotonic()

    def start(self) -> None:
        """Everything up to the addresses. Raises CannotStart."""
        self.instance.acquire()
        secrets = self.instance.keep_secrets()
        settings = Settings.load(self.environ)
        say(f"Consular, a development instance in {_short(self.home)}")
        _check_ports(settings)
        urls = self._servers(secrets)
        self.instance.write({**secrets, **_own_addresses(settings), **urls})
        # A DATABASE_URL that was given may be the owner's: the processes get the application's.
        settings = Settings.load({**self.environ, **urls})
        self._prepare(settings)
        self._fork_all(settings)
        self._wait_until_ready(settings)
        self.supervisor.settled = True
        say(f"\nReady after {time.monotonic() - self.began:.1f} s. Stop with Ctrl-C.\n")
        say(addresses(settings, self.environ))

    def watch(self, parent: int) -> None:
        """Until StopRequested or CannotStart."""
        while True:
            self.supervisor.tick()
            if parent and _was_interrupted(parent):
                raise StopRequested
            time.sleep(0.25)

    def _servers(self, secrets: Mapping[str, str]) -> dict[str, str]:
        return {**self._database(secrets), **self._redis()}

    def _database(self, secrets: Mapping[str, str]) -> dict[str, str]:
        if self.environ.get("DATABASE_URL"):
            passwords = login_passwords(secrets)
            with Step("PostgreSQL of DATABASE_URL"):
                urls = given_databases(self.environ, passwords)
        else:
            server = PostgresServer(self.home / "postgres", log=self.logs / "postgres.log")
            self.supervisor.servers.append(server)
            with Step("PostgreSQL"):
                server.start()
                urls = _own_urls(server, secrets)
            if (self.home / "postgres").is_symlink():
                say(f"    it runs as 'nobody', to whom {_short(self.home)} is closed:")
                say(f"    its data are in {server.directory}")
        return urls.as_settings()

    def _redis(self) -> dict[str, str]:
        url = self.environ.get("REDIS_URL")
        if url:
            with Step("Redis of REDIS_URL"):
                check_redis(url)
            return {"REDIS_URL": url}
        server = ValkeyServer(self.home / "valkey", log=self.logs / "valkey.log")
        self.supervisor.servers.append(server)
        with Step("Valkey"):
            server.start()
        return {"REDIS_URL": server.url}

    def _prepare(self, settings: Settings) -> None:
        """In children, so that the supervisor never holds a connection when it forks."""
        metrics = self.home / "metrics"
        shutil.rmtree(metrics, ignore_errors=True)
        metrics.mkdir(mode=0o700)
        add_up_processes(metrics)
        with Step("Migrations"):
            migrate = partial(migrations.upgrade, settings.database_owner_url)
            self._run_beside("The migrations", migrate)
        with Step("Offices, services and other reference data"):
            self._run_beside("Loading the reference data", partial(load_reference, settings))
        with Step("Demonstration schedule of the next 14 days"):
            extend = partial(extend_demo_schedule, settings)
            self._run_beside("Extending the demonstration schedule", extend)

    def _run_beside(self, name: str, run: Callable[[], Any]) -> None:
        self.supervisor.run_beside(Child(name, run, self.logs / "prepare.log"))

    def _fork_all(self, settings: Settings) -> None:
        # What was imported so far is never collected: the children's memory stays shared.
        gc.collect()
        gc.freeze()
        for name, run in (
            ("simulator", _simulate),
            ("web", run_web),
            *[(f"worker-{number}", run_worker) for number in range(1, WORKERS + 1)],
            ("relay", run_relay),
            ("schedule", run_schedule),
            ("books", run_books),
        ):
            self._fork(name, partial(run, settings))

    def _fork(self, name: str, run: Callable[[], Any]) -> None:
        self.supervisor.start(Child(name, run, self.logs / f"{name}.log"))

    def _wait_until_ready(self, settings: Settings) -> None:
        with Step(f"Web, simulator, {WORKERS} workers, relay, schedule and books"):
            began, pause = time.monotonic(), 0.02
            while (answer := readiness(settings)) != "ready" or not _listens(settings):
                if time.monotonic() > began + READY_SECONDS:
                    raise CannotStart(
                        f"Not everything is ready after {READY_SECONDS:.0f} s. The web: {answer}.",
                        f"The logs are in {self.logs}.",
                    )
                self.supervisor.tick()
                time.sleep(pause)
                pause = min(1.0, pause * 1.3)


class Step:
    """A line of progress: what is being done, then how long it took, or that it failed."""

    def __init__(self, what: str) -> None:
        self.what = what

    def __enter__(self) -> None:
        self._began = time.monotonic()
        say(f"  {self.what} … ", end="")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        took = time.monotonic() - self._began
        say(f"{took:.1f} s" if kind is None else "")


def say(line: str, end: str = "\n") -> None:
    """Print a line for whoever started the instance.

    A closed terminal or a full disk is no reason to fail. Nothing waits in a buffer, where it would
    fail again at the end.
    """
    with suppress(OSError, ValueError):
        os.write(sys.stdout.fileno(), f"{line}{end}".encode())


def _listens(settings: Settings) -> bool:
    """Whether the simulator can be asked."""
    try:
        with socket.create_connection((HOST, settings.simulator_port), timeout=5):
            return True
    except OSError:
        return False


def readiness(settings: Settings) -> str:
    """``ready``, or why not, as ``/health/ready`` says it."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    try:
        with urlopen(f"http://{_in_url(host)}:{settings.port}/health/ready", timeout=5):
            return "ready"
    except HTTPError as error:
        return f"it answers {error.code} {_summary(error.read(2000))}"
    except OSError as error:
        return f"it does not answer ({getattr(error, 'reason', error)})"


def addresses(settings: Settings, environ: Mapping[str, str]) -> str:
    """Where everything is and how to come in, for the terminal."""
    simulator = f"http://localhost:{settings.simulator_port}/_simulator"
    home = environ.get("CONSULAR_HOME")
    token = f"{f'CONSULAR_HOME={home} ' if home else ''}.venv/bin/consular token"
    base = settings.public_url
    return f"""\
  Portal        {base}/
  Desk          {base}/desk
  Monitoring    {base}/monitoring
  API           {base}/api/docs
  Messages      {simulator}/messages   (mail and text messages that were sent)
  Agencies      {simulator}/   (what the simulator did, and how to make it fail)

  Sign in as
  a citizen     {base}/login, with any e-mail address: the code arrives at Messages
  staff         {base}/login, "staff": officer, supervisor, agent, analyst or administrator
  a program     {token} --role citizen   (--help lists the other roles)

  Logs          {_short(settings.home / "log")}"""


def _own_urls(server: PostgresServer, secrets: Mapping[str, str]) -> DatabaseUrls:
    owner = create_database(server.url(), DATABASE, owner_password=owner_password(secrets))
    return provision(owner, **login_passwords(secrets))


def _own_addresses(settings: Settings) -> dict[str, str]:
    return {
        "CONSULAR_PORT": str(settings.port),
        "CONSULAR_SIMULATOR_PORT": str(settings.simulator_port),
        "CONSULAR_PUBLIC_URL": settings.public_url,
        "CONSULAR_MAIL_RELAY": f"smtp://{HOST}:{free_port(settings.simulator_port + 1)}",
    }


def _check_ports(settings: Settings) -> None:
    for name, host, port in (
        ("CONSULAR_PORT", settings.host, settings.port),
        ("CONSULAR_SIMULATOR_PORT", HOST, settings.simulator_port),
    ):
        if not _free_within(host, port, seconds=1.0):
            raise CannotStart(
                f"Port {port} ({name}) is in use by another program, or this account may not open "
                "it.",
                f"Stop that program, or choose another port: {name}={free_port()}",
            )


def _free_within(host: str, port: int, *, seconds: float) -> bool:
    """The port may still be held by the last breath of a copy that was just killed."""
    deadline = time.monotonic() + seconds
    while not port_is_free(host, port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _simulate(settings: Settings) -> None:
    secrets = {agency.code: agency.secret(settings) for agency in AGENCIES.values()}
    for agency in calling_back():
        signing = settings.signing_secrets(agency.callback_setting)
        secrets[f"{agency.code}.callbacks"] = signing[0]
    callbacks = f"http://{_in_url(settings.host)}:{settings.port}"
    data = settings.home / "simulator"
    mail_port = urlsplit(settings.require("CONSULAR_MAIL_RELAY")).port
    serve_simulator(HOST, settings.simulator_port, data, callbacks, secrets, mail_port=mail_port)


def _was_interrupted(parent: int) -> bool:
    """Whether ``make``, our parent, got a SIGINT that did not reach us.

    A terminal sends Ctrl-C to both; ``kill -INT`` to make alone makes it wait for us for ever. On
    that signal make gives up its handler, which /proc shows: SIGINT is no longer caught.
    """
    try:
        status = Path(f"/proc/{parent}/status").read_text()
    except OSError:
        return False
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    handled = int(fields.get("SigCgt", "0"), 16) | int(fields.get("SigIgn", "0"), 16)
    return fields.get("Name") == "make" and not handled & 1 << (signal.SIGINT - 1)


def _summary(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        return body.decode("utf-8", "replace")[:200]


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
