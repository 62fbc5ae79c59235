"""The four processes of the workers. Each stops within two seconds of SIGTERM or SIGINT."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq.exceptions import StopRequested
from sqlalchemy.exc import SQLAlchemyError

from services.kernel.clock import database_clock
from services.kernel.crypto import Vault
from services.kernel.db import Database
from services.kernel.settings import Settings
from services.operations.rules import Process
from workers import books, logs, relay, schedule
from workers.agencies import build_notices
from workers.alarm import Alarm
from workers.books import Books
from workers.gate import Gate
from workers.jobs.run import hand_back, use
from workers.pulse import Pulse
from workers.relay import Relay
from workers.rq_worker import OutboxWorker, Watchdog
from workers.runtime import build_context, open_database
from workers.schedule import Schedule

GRACE_SECONDS = 10.0
STOP_SECONDS = 1.5
LONGEST_WAIT_SECONDS = 2.0
STUCK = 70  # EX_SOFTWARE
# Whatever a library leaks, it doesn't leak for ever: the supervisor starts a fresh process.
JOBS_BEFORE_RESTART = 50_000

T = TypeVar("T")
log = structlog.get_logger(__name__)


class Stopping:
    """Whether this process was asked to stop, and what to interrupt when it is."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.interrupt: Callable[[], None] = lambda: None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, number: int, _: FrameType | None) -> None:
        again = self.asked.is_set()
        self.asked.set()
        if again:
            return
        # A job in hand may go on for longer. Its lease brings it back to somebody else.
        deadline = threading.Timer(STOP_SECONDS, os._exit, (0,))
        deadline.daemon = True
        deadline.start()
        self.interrupt()

    def wait(self, seconds: float) -> bool:
        """Sleep, unless asked to stop: then True."""
        return self.asked.wait(seconds)


def run_worker(settings: Settings) -> None:
    """Do what is in the queues; returns when asked to stop or after very many jobs.

    Raises `UnsafeDatabase` and `SettingsError` at the start.
    """
    stopping = _begin("worker")
    work = _build_when_ready(stopping, lambda: build_context(settings))
    if work is None:
        return
    watchdog = Watchdog(work.lease_seconds + GRACE_SECONDS, lambda: os._exit(STUCK))
    use(work, watchdog.progress)
    watchdog.start()
    pulse = Pulse(Process.WORKER, work.database, work.gate, hand_back)
    pulse.start()
    _listen(stopping, settings.redis_url, watchdog)
    watchdog.stop()
    pulse.stop()
    work.database.dispose()


def run_relay(settings: Settings) -> None:
    """Run the relay: enqueue due outbox items."""
    stopping = _begin("relay")
    database = _build_when_ready(stopping, lambda: open_database(settings, pool_size=2))
    if database is None:
        return
    redis = open_redis(settings.redis_url)
    again = settings.number("CONSULAR_RING_SECONDS", 15)
    turn = Relay(database, redis, again_seconds=again)
    pulse = Pulse(Process.RELAY, database, turn.gate)
    pulse.start()
    _alarm(settings, database).start()
    while not stopping.asked.is_set():
        # A full batch means that there is more.
        if turn.tick() < relay.BATCH:
            stopping.wait(relay.PERIOD_SECONDS)
    pulse.stop()
    database.dispose()
    redis.close()


def run_schedule(settings: Settings) -> None:
    """Run the schedule: start periodic jobs when due."""
    stopping = _begin("schedule")
    database = _build_when_ready(stopping, lambda: open_database(settings, pool_size=2))
    if database is None:
        return
    turn = Schedule(database, database_clock, schedule.collecting(settings))
    pulse = Pulse(Process.SCHEDULE, database, Gate(database))
    pulse.start()
    _alarm(settings, database).start()
    while not stopping.asked.is_set():
        turn.tick()
        stopping.wait(schedule.PERIOD_SECONDS)
    pulse.stop()
    database.dispose()


def run_books(settings: Settings) -> None:
    """Hold the ledger against its second book, now and every few minutes."""
    stopping = _begin("books")
    # A comparison may last, and the signs of life go on.
    database = _build_when_ready(stopping, lambda: open_database(settings, pool_size=2))
    if database is None:
        return
    turn = Books(database, database_clock, Vault(settings.master_keys(), settings.index_key()))
    pulse = Pulse(Process.BOOKS, database, Gate(database))
    pulse.start()
    while not stopping.asked.is_set():
        turn.tick()
        stopping.wait(books.PERIOD_SECONDS)
    pulse.stop()
    database.dispose()


def _alarm(settings: Settings, database: Database) -> Alarm:
    """What watches the other processes; without an address nobody is written to."""
    usual = "guardia@consular.invalid" if settings.development else ""
    address = settings.values.get("CONSULAR_DUTY_EMAIL", usual)
    notices = build_notices(settings, Gate(database)) if address else None
    return Alarm(database, notices, address=address, site=settings.public_url)


def open_redis(url: str) -> Redis:
    """A connection that fails soon and at once, so that the caller decides about waiting."""
    return Redis.from_url(
        url, socket_connect_timeout=2, socket_timeout=5, retry=Retry(NoBackoff(), 0)
    )


def _begin(process: str) -> Stopping:
    logs.configure()
    stopping = Stopping()
    log.info("process_started", process=process, pid=os.getpid())
    return stopping


def _build_when_ready(stopping: Stopping, build: Callable[[], T]) -> T | None:
    """What ``build`` gives as soon as the database answers; None when asked to stop before."""
    delay = 0.2
    while not stopping.asked.is_set():
        try:
            return build()
        except SQLAlchemyError:
            log.warning("process_waits", part="database", delay_seconds=delay)
            stopping.wait(delay)
            delay = min(delay * 2, LONGEST_WAIT_SECONDS)
    return None


def _listen(stopping: Stopping, redis_url: str, watchdog: Watchdog) -> None:
    """Serve the queues; when Redis is lost, wait and begin again."""
    delay = 0.2
    while not stopping.asked.is_set():
        try:
            with open_redis(redis_url) as redis:
                worker = OutboxWorker(redis, watchdog.busy)
                delay = 0.2
                stopping.interrupt = worker.stop
                if worker.listen(JOBS_BEFORE_RESTART):
                    break
        except StopRequested:
            break
        except RedisError:
            log.warning("process_waits", part="redis", delay_seconds=delay)
        finally:
            stopping.interrupt = lambda: None
        stopping.wait(delay)
        delay = min(delay * 2, LONGEST_WAIT_SECONDS)
