"""Keeps the processes of a development instance alive, and ends them all when it ends.

The supervisor imports everything once and forks its children, which start in milliseconds and share
its memory. It opens no database connection and no thread of its own, so that a fork is always safe.
Children die with it, even when it is killed with SIGKILL (`consular.startup.die_with_parent`).
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO, NoReturn

from setproctitle import setproctitle

from consular.local.server_process import ServerProcess, tail
from consular.startup import CannotStart, die_with_parent

QUICK_SECONDS = 5.0  # a child that lives shorter died at once
QUICK_DEATHS = 5  # in a row while all starts: then something is wrong that restarting can't mend
LONGEST_PAUSE = 30.0  # between two attempts to start something again
GRACE_SECONDS = 4.0  # how long children may finish what they do
PLAIN_WORDS = 3  # exit code of a child whose log says in plain words what is wrong

Say = Callable[[str], None]


class StopRequested(BaseException):
    """SIGINT, SIGTERM or SIGHUP arrived: end in order."""


@dataclass
class Child:
    """One forked process: what it runs, where it writes, how it fared."""

    name: str
    run: Callable[[], Any]
    log: Path
    pid: int = 0
    started: float = 0.0
    due: float = 0.0
    quick_deaths: int = 0
    log_start: int = 0

    def last_words(self) -> str:
        """The output since the child was last started."""
        return tail(self.log, self.log_start)


class Supervisor:
    """Forks ``children`` and restarts whatever ends: them and the ``servers``.

    ``after_fork`` runs first in each child, to let go of what is the supervisor's alone. Until
    ``settled``, whatever can't be started ends all; afterwards it is tried again for ever: a disk
    that is full has room again one day.
    """

    def __init__(self, say: Say, after_fork: Callable[[], None]) -> None:
        self.servers: list[ServerProcess] = []
        self.children: list[Child] = []
        self.settled = False
        self._ports: dict[ServerProcess, int] = {}
        self._pauses: dict[ServerProcess, tuple[float, float]] = {}
        self._say = say
        self._after_fork = after_fork

    def start(self, child: Child) -> None:
        """Fork ``child``; :meth:`tick` looks after it from now on."""
        self._fork(child)
        self.children.append(child)

    def run_beside(self, child: Child) -> None:
        """Fork ``child`` and wait for its end. Raises CannotStart."""
        self._fork(child)
        _, status = os.waitpid(child.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == PLAIN_WORDS:
            problem, _, remedy = child.last_words().partition("\n")
            raise CannotStart(problem, remedy)
        if code != 0:
            words = child.last_words().splitlines()
            raise CannotStart(
                f"{child.name} failed: {words[-1] if words else f'exit code {code}'}",
                f"The whole story is in {child.log}.",
            )

    def tick(self) -> None:
        """Look after everything once. Raises CannotStart when something can't be started and
        not all has settled."""
        for server in self.servers:
            if not server.is_running() and time.monotonic() >= self._pauses.get(server, (0, 0))[1]:
                self._restart_server(server)
        for child in self.children:
            self._watch(child)

    def stop(self) -> None:
        """End the children, then the servers they use. A second signal makes it rude."""
        hurry: list[int] = []
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda got, _: hurry.append(got))
        running = [child for child in self.children if child.pid]
        _signal_all(running, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while running and time.monotonic() < deadline and not hurry:
            running = [child for child in running if _reap(child) is None]
            time.sleep(0.01)
        _signal_all(running, signal.SIGKILL)
        for child in running:
            os.waitpid(child.pid, 0)
        for server in reversed(self.servers):
            server.stop()

    def _fork(self, child: Child) -> None:
        child.log_start = child.log.stat().st_size if child.log.exists() else 0
        child.started = time.monotonic()
        _flush()
        parent = os.getpid()
        child.pid = os.fork()
        if child.pid == 0:
            _become(child, parent, self._after_fork)

    def _watch(self, child: Child) -> None:
        if child.pid == 0:
            if time.monotonic() >= child.due:
                self._fork(child)
            return
        code = _reap(child)
        if code is None:
            return
        child.pid = 0
        if time.monotonic() - child.started >= QUICK_SECONDS:
            child.quick_deaths = 0
        child.quick_deaths += 1
        if child.quick_deaths >= QUICK_DEATHS and not self.settled:
            raise _keeps_failing(child)
        delay = min(LONGEST_PAUSE, 0.25 * 2 ** min(child.quick_deaths - 1, 10))
        child.due = time.monotonic() + delay
        self._say(f"{child.name} ended ({_how(code)}); starting it again in {delay:g} s.")

    def _restart_server(self, server: ServerProcess) -> None:
        name = server.name
        port = self._ports.setdefault(server, server.port)
        self._say(f"{name} ended; starting it again.")
        try:
            server.start(port)
            if server.port != port:
                server.stop()
                raise CannotStart(
                    f"{name} ended, and meanwhile somebody else took its port {port}.",
                    "Start Consular again: it chooses another.",
                )
        except (CannotStart, OSError) as error:
            if not self.settled:
                raise
            self._pause(server, name, error)
        else:
            self._pauses.pop(server, None)

    def _pause(self, server: ServerProcess, name: str, error: CannotStart | OSError) -> None:
        delay = min(LONGEST_PAUSE, 2 * self._pauses.get(server, (0.5, 0))[0])
        self._pauses[server] = (delay, time.monotonic() + delay)
        why = error.remedy if isinstance(error, CannotStart) else str(error)
        self._say(f"{name} can't be started now. {why} Trying again in {delay:g} s.")


def raise_on_signals() -> None:
    """From now on SIGINT, SIGTERM and SIGHUP raise StopRequested. ``nohup`` is respected."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _request_stop)


def _request_stop(number: int, frame: FrameType | None) -> None:
    raise StopRequested


def _become(child: Child, parent: int, after_fork: Callable[[], None]) -> NoReturn:
    """The child's whole life; it never returns into the supervisor's code."""
    code = 1
    try:
        # Only the supervisor hears Ctrl-C: a session of its own keeps the terminal's signals off.
        os.setsid()
        die_with_parent(signal.SIGKILL, parent)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        after_fork()
        _write_to(child.log)
        setproctitle(f"consular: {child.name}")
        child.run()
        code = 0
    except CannotStart as error:
        print(f"{error.problem}\n{error.remedy}", file=sys.stderr)
        code = PLAIN_WORDS
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        with suppress(OSError):
            traceback.print_exc()
    finally:
        _flush()
        os._exit(code)


def _flush() -> None:
    """A full disk or a closed terminal is no reason to fail."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()


def _opened(log: Path) -> BinaryIO:
    """To append to; without room for another file, a child runs without a log."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        return log.open("ab")
    except OSError:
        return Path(os.devnull).open("ab")


def _write_to(log: Path) -> None:
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    with _opened(log) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def _signal_all(children: Sequence[Child], number: signal.Signals) -> None:
    for child in children:
        try:
            os.kill(child.pid, number)
        except ProcessLookupError:
            continue


def _reap(child: Child) -> int | None:
    """The child's exit code (negative: the signal that ended it), or None while it runs."""
    try:
        pid, status = os.waitpid(child.pid, os.WNOHANG)
    except ChildProcessError:
        return 0
    return os.waitstatus_to_exitcode(status) if pid else None


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _keeps_failing(child: Child) -> CannotStart:
    return CannotStart(
        f"{child.name} ended {QUICK_DEATHS} times in a row as soon as it was started. Its last "
        f"words:\n{child.last_words() or '(none)'}",
        f"The whole log is {child.log}.",
    )
