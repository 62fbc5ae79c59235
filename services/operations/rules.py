"""Pure rules: what counts as dead, and how a job that was given up may end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum


class Process(StrEnum):
    """Kinds of processes without which nothing in the outbox is done."""

    RELAY = "relay"
    WORKER = "worker"
    SCHEDULE = "schedule"


# A kind of process of which none gave a sign of life for so long counts as dead.
DEAD_AFTER: Mapping[Process, timedelta] = {
    Process.RELAY: timedelta(seconds=30),
    Process.WORKER: timedelta(seconds=30),
    Process.SCHEDULE: timedelta(seconds=60),
}
BEAT_SECONDS = 5.0


class Decision(StrEnum):
    """What becomes of a parked job: it is tried once more, or it is left undone."""

    RELEASED = "released"
    ENDED = "ended"
