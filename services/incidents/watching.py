"""Jobs that were tried for too long: no retry goes on in silence.

What waits for an agency isn't tried; that the agency is out of reach is an incident of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.incidents.reporting import Report, id_of_job, recover, report
from services.incidents.rules import Kind, Subject

# An outbox item's times are the database's own.
_RETRYING = text(
    """
    SELECT topic, ref, max(attempts) AS attempts, min(coalesce(due_at, created_at)) AS since
    FROM outbox o WHERE done_at IS NULL AND waits_for IS NULL
      AND coalesce(due_at, created_at) < clock_timestamp() - interval '1 hour'
      AND NOT EXISTS (
        SELECT 1 FROM incidents i WHERE i.kind = 'job_retrying' AND i.resolved_at IS NULL
          AND i.detail ->> 'topic' = o.topic AND i.detail ->> 'ref' = o.ref::text)
    GROUP BY topic, ref ORDER BY since LIMIT :most
    """
)
_OVER = text(
    """
    SELECT i.id FROM incidents i WHERE i.kind = 'job_retrying' AND i.resolved_at IS NULL
      AND NOT EXISTS (
        SELECT 1 FROM outbox o WHERE o.ref = CAST(i.detail ->> 'ref' AS uuid)
          AND o.topic = i.detail ->> 'topic' AND o.done_at IS NULL)
    """
)
# A person who has just looked at it isn't called again for the same state.
_LOOKED_AT = text(
    """
    SELECT subject_id FROM incidents WHERE kind = :kind AND subject_id = ANY (:subjects)
      AND (resolved_at IS NULL OR (resolution <> 'recovered' AND resolved_at > :since))
    """
)
QUIET = timedelta(days=1)


def report_retrying(session: Session, *, now: datetime, most: int) -> int:
    """Open an incident for each job that has been due for an hour; returns how many are new."""
    reports = [
        Report(
            Kind.JOB_RETRYING,
            Subject.JOB,
            id_of_job(row.topic, row.ref),
            {"topic": row.topic, "ref": str(row.ref), "attempts": row.attempts},
        )
        for row in session.execute(_RETRYING, {"most": most})
    ]
    return report_states(session, reports, now=now)


def close_retried(session: Session, *, now: datetime) -> int:
    """Close those whose job has ended; returns how many."""
    return recover(session, session.scalars(_OVER), now=now)


def report_states(session: Session, reports: list[Report], *, now: datetime) -> int:
    """Open those about states that last, unless a person knows; returns how many are new."""
    if not reports:
        return 0
    known = known_states(session, reports[0].kind, [r.subject_id for r in reports], now)
    unknown = [incident for incident in reports if incident.subject_id not in known]
    for incident in unknown:
        report(session, incident, now=now)
    return len(unknown)


def known_states(session: Session, kind: Kind, subjects: list[UUID], now: datetime) -> set[UUID]:
    """The subjects with an open incident, or one that was closed within a day."""
    values = {"kind": kind, "subjects": subjects, "since": now - QUIET}
    return set(session.scalars(_LOOKED_AT, values))
