"""A server of this machine as a child process: it logs to a file and ends with its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from importlib.util import find_spec
from pathlib import Path

from consular.local.accounts import ENVIRONMENT, Account, identity
from consular.local.ports import free_port
from consular.startup import CannotStart, die_with_parent

STOP_SECONDS = 3.0  # that each signal to stop is given
LAST_BYTES = 16_384
PORTS_TO_TRY = 5


class ServerProcess(ABC):
    """One server with its data in ``directory``; subclasses say how it is started and asked."""

    name: str
    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM,)
    start_seconds = 20.0

    def __init__(self, directory: Path, *, log: Path) -> None:
        self.directory = directory
        self.log = log
        self.port = 0
        self.account: Account | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    def prepare(self) -> tuple[int, ...]:
        """Make the directory; returns files that the server is to hold open. Raises CannotStart."""
        self.directory.mkdir(parents=True, exist_ok=True)
        return ()

    @abstractmethod
    def command(self) -> list[str]:
        """The program with its arguments, for `port`."""

    def standard_input(self) -> str:
        """The text that the server reads at first: what no process list may show."""
        return ""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server takes requests now."""

    def remedy(self, words: str) -> str:
        """What to do when it ended with these last words."""
        return f"The whole log is {self.log}."

    def start(self, preferred_port: int | None = None) -> None:
        """Start and wait until it answers. Raises CannotStart."""
        held = self.prepare()
        try:
            self._start(preferred_port, held)
        finally:
            for descriptor in held:
                os.close(descriptor)

    def _start(self, preferred_port: int | None, held: tuple[int, ...]) -> None:
        for attempt in range(PORTS_TO_TRY):
            self.port = free_port(preferred_port if attempt == 0 else None)
            self.process = self._spawn(held)
            if self._answers_in_time():
                return
            self.stop()
            if "Address already in use" not in self.last_words():
                break
        words = self.last_words() or "it said nothing"
        raise CannotStart(f"{self.name} did not start:\n{words}", self.remedy(words))

    def _spawn(self, held: tuple[int, ...]) -> subprocess.Popen[bytes]:
        """In a session of its own: Ctrl-C is for whoever supervises it."""
        parent, orphaned = os.getpid(), self.stop_signals[0]
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - our own programs
                self.command(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                env=ENVIRONMENT,
                start_new_session=True,
                pass_fds=held,
                preexec_fn=lambda: die_with_parent(orphaned, parent),  # noqa: PLW1509 - no threads yet
                **identity(self.account),
            )
        if process.stdin is not None:
            process.stdin.write(self.standard_input().encode())
            process.stdin.close()
        return process

    def _answers_in_time(self) -> bool:
        deadline = time.monotonic() + self.start_seconds
        while self.is_running() and time.monotonic() < deadline:
            if self.answers():
                return True
            time.sleep(0.02)
        return False

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
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        self.process = None


def tail(path: Path, offset: int = 0, lines: int = 12) -> str:
    """The last lines written to ``path`` after byte ``offset``; empty when there are none."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(offset, end - LAST_BYTES) if offset <= end else 0)
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def installed(package: str) -> Path:
    """Where pip put ``package``, which is not imported. Raises CannotStart."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise CannotStart(
            f"The package {package} is not installed.", "Run make run, or pip install it."
        )
    return Path(spec.origin).parent
