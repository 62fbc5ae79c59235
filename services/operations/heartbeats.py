"""Signs of life: give one, and see which kinds of processes are dead. By the database's clock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.operations.rules import DEAD_AFTER, Process

_BEAT = text(
    """
    INSERT INTO heartbeats (process, instance) VALUES (:process, :instance)
    ON CONFLICT (process, instance) DO UPDATE SET beat_at = clock_timestamp()
    """
)
_ALIVE = text(
    """
    SELECT process, max(beat_at) AS last_beat, count(*) FILTER (
        WHERE beat_at > clock_timestamp()
            - make_interval(secs => CAST(CAST(:after AS jsonb) ->> process AS double precision))
    ) AS alive
    FROM heartbeats GROUP BY process
    """
)


@dataclass(frozen=True)
class Liveness:
    """How many processes of a kind are alive; ``last_beat`` is None when there never was one."""

    alive: int
    last_beat: datetime | None


def beat(session: Session, process: Process, instance: UUID) -> None:
    """This process is alive."""
    session.execute(_BEAT, {"process": process, "instance": instance})


_STOP = text("DELETE FROM heartbeats WHERE process = :process AND instance = :instance")


def stop(session: Session, process: Process, instance: UUID) -> None:
    """This process ends by itself."""
    session.execute(_STOP, {"process": process, "instance": instance})


def list_alive(session: Session) -> Mapping[Process, Liveness]:
    """Every kind of process, dead or alive."""
    after = json.dumps({kind.value: limit.total_seconds() for kind, limit in DEAD_AFTER.items()})
    rows = {row.process: row for row in session.execute(_ALIVE, {"after": after})}
    return {
        kind: Liveness(rows[kind].alive, rows[kind].last_beat)
        if kind in rows
        else Liveness(0, None)
        for kind in Process
    }
