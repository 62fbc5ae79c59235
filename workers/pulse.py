"""A process's signs of life, from a thread beside its work; it keeps the slot of a call as well."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import new_id
from services.operations import heartbeats
from services.operations.rules import BEAT_SECONDS, Process
from workers.gate import RENEW_SECONDS, Gate

# So often it is looked after what waits behind an item that lasts.
LOOK_SECONDS = 0.25

log = structlog.get_logger(__name__)


class Pulse:
    """``gate`` hears at each beat how many workers are alive; ``beside`` is done at each look."""

    def __init__(
        self,
        process: Process,
        database: Database,
        gate: Gate,
        beside: Callable[[], None] = lambda: None,
    ) -> None:
        self._process = process
        self._database = database
        self._gate = gate
        self._beside = beside
        self._instance = new_id()
        self._stop = threading.Event()
        self._renewal = 0.0
        self._next = 0.0

    def start(self) -> None:
        """Beat from a thread, until this process ends."""
        threading.Thread(target=self._run, name="pulse", daemon=True).start()

    def stop(self) -> None:
        """Beat no more, and be known to have ended."""
        self._stop.set()
        try:
            with self._database.transaction(NETWORK_SCOPE) as session:
                heartbeats.stop(session, self._process, self._instance)
        except SQLAlchemyError:
            log.warning("process_waits", part="database")

    def tick(self) -> None:
        """Look beside; each second, renew the slot of a call under way; every few seconds, give a
        sign of life."""
        self._beside()
        if time.monotonic() >= self._renewal:
            self._renewal = time.monotonic() + RENEW_SECONDS
            self._gate.renew()
        if time.monotonic() < self._next:
            return
        with self._database.transaction(NETWORK_SCOPE) as session:
            heartbeats.beat(session, self._process, self._instance)
            self._gate.workers = heartbeats.list_alive(session)[Process.WORKER].alive
        self._next = time.monotonic() + BEAT_SECONDS

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS if self._next else 0):
            try:
                self.tick()
            except Exception as error:  # the thread goes on whatever happens
                self._next = self._next or time.monotonic()
                log.warning("pulse_failed", error=type(error).__name__)
