"""Periodic work: due times on a grid of the database's clock, each started once."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.kernel.ids import new_id

_START = text(
    """
    INSERT INTO scheduled_runs (job, due_at, outbox_id)
    SELECT :job, to_timestamp(floor(extract(epoch FROM clock_timestamp()) / :every) * :every), :id
    ON CONFLICT DO NOTHING RETURNING job
    """
)
_START_DAILY = text(
    """
    INSERT INTO scheduled_runs (job, due_at, outbox_id)
    SELECT :job, (date_trunc('day', (clock_timestamp() AT TIME ZONE :zone) - at.hour) + at.hour)
        AT TIME ZONE :zone, :id
    FROM (SELECT make_interval(hours => :hour) AS hour) at
    ON CONFLICT DO NOTHING RETURNING job
    """
)


def start_if_due(session: Session, job: str, *, every_seconds: int) -> bool:
    """Whether this transaction is the one that starts the job for the present due time.

    Due times are the multiples of ``every_seconds`` since 1970; one that passed while nobody
    looked is started late, one of many that passed only once. Of several schedulers that ask at
    once the others wait for the first and are told no, or, when it rolls back, yes.
    """
    values = {"job": job, "every": every_seconds, "id": new_id()}
    return session.execute(_START, values).first() is not None


def start_if_due_daily(session: Session, job: str, *, hour: int, zone: str) -> bool:
    """`start_if_due` for a job that is due once a day, at that hour of the zone."""
    values = {"job": job, "hour": hour, "zone": zone, "id": new_id()}
    return session.execute(_START_DAILY, values).first() is not None
