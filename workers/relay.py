"""Rings the queues for what is due in the outbox, five times a second.

A ring that gets lost, with Redis or with a worker, is repeated: what isn't done by then is due
again after ``again_seconds``. So this is the sweeper as well.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import structlog
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from services.kernel.db import EVERYTHING, Database
from services.outbox import delivery
from services.outbox.delivery import Ring
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
            room = queues.MOST_WAITING - bell.waiting(self._redis)
            count = self._ring(min(room, BATCH)) if room > 0 else 0
        except RedisError:
            return self._miss("redis")
        except SQLAlchemyError:
            return self._miss("database")
        self._miss("")
        return count

    def _ring(self, most: int) -> int:
        with self._database.transaction(EVERYTHING) as session:
            rings = delivery.ring(session, most=most, again_seconds=self._again)
        # After the commit: a ring is never for something that was rolled back.
        for name, items in _by_queue(rings).items():
            bell.ring(bell.open_queue(name, self._redis), items)
        return len(rings)

    def _miss(self, part: str) -> int:
        if part != self._missing:
            log.warning("relay_waits" if part else "relay_goes_on", part=part or self._missing)
            self._missing = part
        return 0


def _by_queue(rings: Sequence[Ring]) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = defaultdict(list)
    for due in rings:
        route = ROUTES.get(due.topic)
        # A topic from a newer version: its handler says so in the log and puts it off.
        found[route.queue if route else queues.Queue.HOUSEKEEPING].append(due.id)
    return found
