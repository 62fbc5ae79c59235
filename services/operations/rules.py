"""Pure rules: what counts as dead, and how a job that was given up may end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum


class Process(StrEnum):
    """Kinds of processes besides the web: without the first three nothing in the outbox is done,
    without the last what is altered in the ledger isn't noticed within minutes."""

    RELAY = "relay"
    WORKER = "worker"
    SCHEDULE = "schedule"
    BOOKS = "books"


# A kind of process of which none gave a sign of life for so long counts as dead.
DEAD_AFTER: Mapping[Process, timedelta] = {
    Process.RELAY: timedelta(seconds=30),
    Process.WORKER: timedelta(seconds=30),
    Process.SCHEDULE: timedelta(seconds=60),
    Process.BOOKS: timedelta(seconds=60),
}
BEAT_SECONDS = 5.0


class Liveness(StrEnum):
    """How a kind of process stands. ``starting``: none is alive, but the others only just began."""

    ALIVE = "alive"
    STARTING = "starting"
    DEAD = "dead"


def judge(process: Process, alive: int, watched: timedelta | None) -> Liveness:
    """How ``process`` stands, of which so many are alive.

    ``watched``: for how long the oldest living process of any kind has been there to see it; None
    when none is alive at all.
    """
    if alive:
        return Liveness.ALIVE
    just_begun = watched is not None and watched < DEAD_AFTER[process]
    return Liveness.STARTING if just_begun else Liveness.DEAD


class Decision(StrEnum):
    """What becomes of a parked job: it is tried once more, or it is left undone."""

    RELEASED = "released"
    ENDED = "ended"


def area_of(topic: str) -> str:
    """What work of a topic is about: how its name begins, but callbacks of all agencies are one."""
    area, _dot, what = topic.partition(".")
    return what if what == "callback" else area
