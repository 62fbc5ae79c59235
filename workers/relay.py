"""Puts what is due in the outbox into the queues, five times a second.

An RQ job that gets lost, with Redis or with a worker, is put again: what isn't done by then is due
again after ``again_seconds``. What waits for an agency is woken as soon as that may be called, and
no faster than it may be.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from services.agencies.entering import any_is_slow
from services.kernel.db import NETWORK_SCOPE, Database
from services.outbox import delivery
from workers import queues, rq_worker
from workers.gate import Gate
from workers.routes import ROUTES

PERIOD_SECONDS = 0.2
BATCH = 500

log = structlog.get_logger(__name__)


class Relay:
    """One pass is `tick`; what is missing is said once, until it is there again."""

    def __init__(self, database: Database, redis: Redis, *, again_seconds: float) -> None:
        self._database = database
        self._redis = redis
        self._again = again_seconds
        self.gate = Gate(database)
        self._missing = ""

    def tick(self) -> int:
        """Put what is due into the queues. Returns how many; 0 as well when a part is missing."""
        try:
            # Before the outbox is touched: without Redis nothing could be put there.
            waiting = rq_worker.count_jobs(self._redis)
            together = self._wake()
            count = sum(self._fill(name, waiting[name], together[name]) for name in queues.Queue)
        except RedisError:
            # After a failover the same address leads to another server: a connection to the one
            # that is a replica now would refuse for ever.
            self._redis.connection_pool.disconnect()
            return self._miss("redis")
        except SQLAlchemyError:
            return self._miss("database")
        self._miss("")
        return count

    def _wake(self) -> Mapping[queues.Queue, int]:
        """Let what waited for agencies be due; returns how many items a job may carry now."""
        with self._database.transaction(NETWORK_SCOPE) as session:
            for agency in delivery.list_awaited(session):
                openings = self.gate.count_openings(session, agency)
                delivery.wake(session, agency, most=openings)
            if any_is_slow(session):
                return queues.MOST_WHILE_SLOW
        return queues.MOST_TOGETHER

    def _fill(self, name: queues.Queue, waiting: int, together: int) -> int:
        """One queue has room or not by itself: a long one never keeps money from being put."""
        most = queues.MOST_WAITING_FOR_EACH_WORKER * self.gate.workers
        jobs = max(queues.MOST_WAITING, most) - waiting
        if jobs <= 0:
            return 0
        topics, but_not = _TOPICS[name]
        with self._database.transaction(NETWORK_SCOPE) as session:
            items = delivery.take_due(
                session,
                most=min(jobs * together, BATCH),
                again_seconds=self._again,
                topics=topics,
                but_not=but_not,
            )
        # After the commit: a job is never for something that was rolled back.
        if items:
            queue = rq_worker.open_queue(name, self._redis)
            ids = [item.id for item in items]
            # Whoever finds a job waiting has that.
            parts = max(1, (self.gate.workers or queues.PARTS) - waiting)
            rq_worker.enqueue_jobs(queue, ids, together=together, most=jobs, parts=parts)
        return len(items)

    def _miss(self, part: str) -> int:
        if part != self._missing:
            log.warning("relay_waits" if part else "relay_goes_on", part=part or self._missing)
            self._missing = part
        return 0


def _topics_of(name: queues.Queue) -> tuple[list[str] | None, list[str]]:
    """Housekeeping also takes what nobody knows: a topic of a newer version, whose handler says
    so in the log and puts it off."""
    if name is queues.Queue.HOUSEKEEPING:
        return None, [topic for topic, route in ROUTES.items() if route.queue is not name]
    return [topic for topic, route in ROUTES.items() if route.queue is name], []


_TOPICS = {name: _topics_of(name) for name in queues.Queue}
