"""Signs of life: give one, and see which kinds of processes are dead. By the database's clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.operations.rules import DEAD_AFTER, Liveness, Process, judge

_BEAT = text(
    """
    INSERT INTO heartbeats (process, instance) VALUES (:process, :instance)
    ON CONFLICT (process, instance) DO UPDATE SET beat_at = clock_timestamp()
    """
)
_STOP = text("DELETE FROM heartbeats WHERE process = :process AND instance = :instance")
_SEEN = text(
    "SELECT process, started_at, beat_at, clock_timestamp() - beat_at AS silence,"
    " clock_timestamp() - started_at AS age FROM heartbeats"
    # A later version may have kinds of its own.
    " WHERE process = ANY (:kinds)"
)


@dataclass(frozen=True)
class Standing:
    """How a kind of process stands: how many are alive, and when the last one gave a sign."""

    liveness: Liveness
    alive: int
    last_beat: datetime | None


def beat(session: Session, process: Process, instance: UUID) -> None:
    """Write down that this process is alive."""
    session.execute(_BEAT, {"process": process, "instance": instance})


def stop(session: Session, process: Process, instance: UUID) -> None:
    """Write down that this process ends by itself."""
    session.execute(_STOP, {"process": process, "instance": instance})


def list_alive(session: Session) -> Mapping[Process, Standing]:
    """Every kind of process, dead or alive."""
    rows = session.execute(_SEEN, {"kinds": [kind.value for kind in Process]}).all()
    alive = [row for row in rows if row.silence < DEAD_AFTER[Process(row.process)]]
    watched: timedelta | None = max((row.age for row in alive), default=None)
    standings = {}
    for process in Process:
        count = sum(row.process == process for row in alive)
        beats = [row.beat_at for row in rows if row.process == process]
        liveness = judge(process, count, watched)
        standings[process] = Standing(liveness, count, max(beats, default=None))
    return standings
