"""No commit is taken for acknowledged that isn't, and nobody waits for one without end.

With its synchronous standby away PostgreSQL holds every COMMIT, and no time-out of its own ends
that. Whoever cancels the wait gets a success with a mere warning: the commit stands on one machine
and is lost with it. So the wait is bounded here, and that warning means: nobody knows.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
from psycopg.errors import Diagnostic
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

# Whoever asked is answered within ten seconds, also behind others that wait.
PATIENCE_SECONDS = 2.5
# A statement that commits by itself has its work to do first.
STATEMENT_PATIENCE_SECONDS = 3.5
# While it is known that commits hang, the next one finds out sooner.
SHORT_PATIENCE_SECONDS = 0.3
KNOWN_SECONDS = 10.0
GRACE_SECONDS = 1.5  # for the server to act on a cancellation, before its connection is cut
PERIOD_SECONDS = 0.1

# Not the message, which is in the server's language.
_WAIT = "SyncRepWaitForLSN"


class OutcomeUnknown(SQLAlchemyError):
    """The transaction may or may not last: ask again, with the same idempotency key."""


class NothingDone(SQLAlchemyError):
    """The statement was cancelled before it committed: it may be sent again."""


@dataclass(eq=False)
class _Waiting:
    connection: psycopg.Connection[Any]
    deadline: float
    cancelled: bool = False
    cut: bool = False


class Commits:
    """The commits of one process's connections that wait to be acknowledged."""

    def __init__(self) -> None:
        self._waiting: set[_Waiting] = set()
        self._doubtful: set[int] = set()
        self._hang_until = 0.0
        self._process = 0
        self._stop = threading.Event()

    @property
    def hang(self) -> bool:
        """Whether a commit of this process wasn't acknowledged a moment ago."""
        return time.monotonic() < self._hang_until

    def listen(self, connection: psycopg.Connection[Any]) -> None:
        """Listen for the warnings of a new connection."""
        connection.add_notice_handler(partial(self._on_notice, id(connection)))

    @contextmanager
    def acknowledged(
        self, connection: psycopg.Connection[Any], patience: float = PATIENCE_SECONDS
    ) -> Iterator[None]:
        """Around a COMMIT, or a statement that commits by itself; ``patience`` is in seconds.

        Raises `OutcomeUnknown`, also when the connection was cut because nobody answered on it, and
        `NothingDone` for a statement that was still at work when its time was up.
        """
        patience = SHORT_PATIENCE_SECONDS if self.hang else patience
        waiting = _Waiting(connection, time.monotonic() + patience)
        self._watch()
        self._doubtful.discard(id(connection))
        self._waiting.add(waiting)
        try:
            yield
        except (psycopg.OperationalError, DBAPIError) as error:
            if waiting.cut:
                raise OutcomeUnknown("nobody answered to the commit") from error
            if waiting.cancelled:
                raise NothingDone("it waited behind commits that hang") from error
            raise
        finally:
            self._waiting.discard(waiting)
        if id(connection) in self._doubtful:
            self._doubtful.discard(id(connection))
            raise OutcomeUnknown("the standby did not confirm the commit")

    def stop(self) -> None:
        """End the watching thread; the next commit starts another."""
        self._stop.set()
        self._process = 0

    def _on_notice(self, connection: int, notice: Diagnostic) -> None:
        if notice.source_function == _WAIT:
            self._doubtful.add(connection)
            self._hang_until = time.monotonic() + KNOWN_SECONDS

    def _watch(self) -> None:
        """One thread a process, begun after its fork."""
        if self._process == os.getpid():
            return
        self._process = os.getpid()
        self._stop = threading.Event()
        threading.Thread(target=self._run, args=[self._stop], name="commits", daemon=True).start()

    def _run(self, stop: threading.Event) -> None:
        while not stop.wait(PERIOD_SECONDS):
            now = time.monotonic()
            for waiting in list(self._waiting):
                if now > waiting.deadline:
                    self._give_up(waiting, now)

    def _give_up(self, waiting: _Waiting, now: float) -> None:
        end = _cancel
        if waiting.cancelled:
            end, waiting.cut = _cut, True
            self._hang_until = now + KNOWN_SECONDS
        waiting.cancelled = True
        waiting.deadline = now + GRACE_SECONDS
        # Each takes its own time when the server doesn't answer.
        threading.Thread(target=end, args=[waiting.connection], daemon=True).start()


def _cancel(connection: psycopg.Connection[Any]) -> None:
    with suppress(psycopg.Error, OSError):
        connection.cancel_safe(timeout=GRACE_SECONDS)


def _cut(connection: psycopg.Connection[Any]) -> None:
    """Whoever waits on it is told that the connection is lost."""
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as end:
        end.shutdown(socket.SHUT_RDWR)
