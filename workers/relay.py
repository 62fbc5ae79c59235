"""Rings the queues for what is due in the outbox, five times a second.

A ring that gets lost, with Redis or with a worker, is repeated: what isn't done by then is due
again after ``again_seconds``. So this is the sweeper as well.
"""

from __future__ import annotations

import structlog
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from services.kernel.db import EVERYTHING, Database
from services.outbox import delivery
from workers import bell, queues
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
        self._missing = ""

    def tick(self) -> int:
        """Ring what is due. Returns how many; 0 as well when a part is missing."""
        try:
            # Before the outbox is touched: without Redis nothing would be rung.
            waiting = bell.waiting(self._redis)
            count = sum(self._ring(name, waiting[name]) for name in queues.Queue)
        except RedisError:
            # After a failover the same address leads to another server: a connection to the one
            # that is a replica now would refuse for ever.
            self._redis.connection_pool.disconnect()
            return self._miss("redis")
        except SQLAlchemyError:
            return self._miss("database")
        self._miss("")
        return count

    def _ring(self, name: queues.Queue, waiting: int) -> int:
        """One queue has room or not by itself: a long one never keeps money from being rung."""
        room = min(queues.MOST_WAITING - waiting, BATCH)
        if room <= 0:
            return 0
        topics, but_not = _TOPICS[name]
        with self._database.transaction(EVERYTHING) as session:
            rings = delivery.ring(
                session, most=room, again_seconds=self._again, topics=topics, but_not=but_not
            )
        # After the commit: a ring is never for something that was rolled back.
        if rings:
            bell.ring(bell.open_queue(name, self._redis), [due.id for due in rings])
        return len(rings)

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
