"""RQ, cut down to one function: `workers.jobs.run.run_outbox` of some outbox ids.

RQ calls whatever dotted name stands in Redis, for the job and for its callbacks, and webhooks
besides. Here a job may be `RUN` with a few outbox ids, and nothing else; whoever can write to
Redis can make us look at the outbox, no more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from math import ceil
from typing import Any
from uuid import UUID

import structlog
from redis import Redis
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty
from rq.worker import DequeueStrategy, WorkerStatus

from workers import queues
from workers.jobs.run import run_outbox

log = structlog.get_logger(__name__)

# What the relay puts into the queues: this dotted name, and a few outbox ids.
RUN = f"{run_outbox.__module__}.{run_outbox.__qualname__}"
# Also bounds how long an idle worker waits on a connection that died unnoticed.
WORKER_TTL_SECONDS = 30


class ForeignJob(Exception):
    """A job that is not one of ours."""


class NoTimeLimit(BaseDeathPenalty):
    """No time limit by signal: it could strike in the middle of a commit. See `Watchdog`."""

    def setup_death_penalty(self) -> None:
        """Set no alarm."""

    def cancel_death_penalty(self) -> None:
        """Cancel no alarm: there is none."""


class OutboxJob(Job):
    """A job that can only be `run_outbox` of some ids."""

    @property
    def func(self) -> Callable[..., Any]:
        """The one function. Raises `Refused` for any other."""
        if self.func_name != RUN or self.instance is not None:
            raise ForeignJob()
        return run_outbox

    @property
    def success_callback(self) -> None:
        """None, whatever Redis says."""
        return None

    failure_callback = success_callback
    stopped_callback = success_callback

    def send_webhooks(self, *_: Any, **__: Any) -> None:
        """None are sent, whatever Redis says."""

    def is_ours(self) -> bool:
        """Whether function and argument are those of `enqueue_jobs`."""
        try:
            ids = [UUID(outbox_id) for outbox_id in self.args]
            few = 1 <= len(ids) <= max(queues.MOST_TOGETHER.values())
            return self.func is run_outbox and not self.kwargs and few
        except Exception:
            # Anything can stand in Redis, and any of it may fail to be read.
            return False


class OutboxQueue(Queue):
    """A queue of such jobs."""

    job_class = OutboxJob
    death_penalty_class = NoTimeLimit


class OutboxWorker(SimpleWorker):
    """Runs them in this process. Signals are the caller's: see `stop`."""

    job_class = OutboxJob
    queue_class = OutboxQueue
    death_penalty_class = NoTimeLimit
    log_result_lifespan = False
    max_connection_wait_time = 2.0

    def __init__(self, connection: Redis, on_busy: Callable[[bool], None]) -> None:
        """``on_busy`` hears when a job begins (True) and ends (False)."""
        self._on_busy = on_busy
        self._done = 0
        super().__init__(
            [str(queue) for queue in queues.Queue],
            connection=connection,
            serializer=JSONSerializer,
            log_job_description=False,
            worker_ttl=WORKER_TTL_SECONDS,
        )

    def _install_signal_handlers(self) -> None:
        """Leave them alone: the process has its own."""

    def listen(self, most: int) -> bool:
        """Serve the queues in turn until `stop`, or until Redis is lost.

        True once ``most`` jobs were done: time for a fresh process.
        """
        self.work(dequeue_strategy=DequeueStrategy.ROUND_ROBIN, logging_level=None, max_jobs=most)
        return self._done >= most

    def stop(self) -> None:
        """For a signal handler: end after the job in hand; raises StopRequested without one."""
        self._stop_requested = True
        if self.get_state() != WorkerStatus.BUSY:
            raise StopRequested()

    def subscribe(self) -> None:
        """Listen to no commands of RQ's through Redis."""

    def unsubscribe(self) -> None:
        """There is nothing to leave."""

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Run one of ours; a job of any other kind is thrown away without being called."""
        if not (isinstance(job, OutboxJob) and job.is_ours()):
            log.error("job_refused", queue=queue.name)
            job.delete()
            return
        self._on_busy(True)
        try:
            super().execute_job(job, queue)
        finally:
            self._done += 1
            self._on_busy(False)


def open_queue(name: str, connection: Redis) -> Queue:
    """The queue of that name."""
    return OutboxQueue(name, connection=connection, serializer=JSONSerializer)


def enqueue_jobs(
    queue: Queue,
    items: Sequence[UUID],
    *,
    together: int = 1,
    most: int | None = None,
    parts: int = queues.PARTS,
) -> None:
    """Put the outbox ids into the queue, up to ``together`` of them in one job, in no more than
    ``most`` jobs if that can be, and in ``parts`` at least. Raises RedisError.

    A few that are due go one by one: each worker takes one.
    """
    least = ceil(len(items) / most) if most else 1
    size = max(1, min(together, max(least, len(items) // parts)))
    queue.enqueue_many(
        Queue.prepare_data(
            RUN,
            args=[str(item) for item in items[first : first + size]],
            timeout=-1,
            result_ttl=0,
            failure_ttl=queues.FAILURE_TTL_SECONDS,
            description="outbox",
        )
        for first in range(0, len(items), size)
    )


def count_jobs(connection: Redis) -> dict[queues.Queue, int]:
    """How many jobs each queue holds. Raises RedisError."""
    with connection.pipeline(transaction=False) as pipeline:
        for name in queues.Queue:
            pipeline.llen(open_queue(name, connection).key)
        return dict(zip(queues.Queue, pipeline.execute(), strict=True))


class Watchdog:
    """Ends the process when a job is stuck: its lease has passed on, and so must the worker.

    ``end`` is called from a thread of its own once a job has run ``after_seconds``.
    """

    def __init__(self, after_seconds: float, end: Callable[[], None]) -> None:
        self._after = after_seconds
        self._end = end
        self._busy_since: float | None = None
        self._stop = threading.Event()

    def busy(self, begins: bool) -> None:
        """Note that a job begins or ends."""
        self._busy_since = time.monotonic() if begins else None

    def progress(self) -> None:
        """Note that one of a job's items is done, and the next begins."""
        self.busy(True)

    def start(self) -> None:
        """Watch from a thread."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Stop watching."""
        self._stop.set()

    def _watch(self) -> None:
        while not self._stop.wait(min(1.0, self._after / 4)):
            since = self._busy_since
            if since is not None and time.monotonic() - since > self._after:
                log.error("job_stuck", duration_ms=round((time.monotonic() - since) * 1000))
                self._end()
