"""Record that something came to a status, or moved from one to another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from services.facts.models import Fact


def record(
    session: Session,
    *,
    kind: str,
    subject_id: UUID,
    consulate: str | None,
    program: str,
    day: date,
    before: str | None,
    after: str,
    now: datetime,
) -> None:
    """Two lines, or one when the subject is new (``before`` is None)."""
    steps = [(after, 1)] if before is None else [(before, -1), (after, 1)]
    session.execute(
        insert(Fact),
        [
            {
                "kind": kind,
                "subject_id": subject_id,
                "consulate_code": consulate,
                "program": program,
                "status": status,
                "day": day,
                "quantity": quantity,
                "occurred_at": now,
            }
            for status, quantity in steps
        ],
    )


def record_party(
    session: Session,
    *,
    kind: str,
    subject_id: UUID,
    consulate: str,
    programs: Sequence[str],
    day: date,
    status: str,
    subjects: int,
    people: int,
    now: datetime,
) -> None:
    """Lines of a subject for ``people``, each for all ``programs``; negative ones leave it.

    The subject and its people count under the first program, services under each.
    """
    session.execute(
        insert(Fact),
        [
            {
                "kind": kind,
                "subject_id": subject_id,
                "consulate_code": consulate,
                "program": program,
                "status": status,
                "day": day,
                "quantity": 0 if place else subjects,
                "people": 0 if place else people,
                "services": people,
                "occurred_at": now,
            }
            for place, program in enumerate(programs)
        ],
    )


# Whatever stands at the status before, under whichever programs, goes on to the next.
_MOVE = text(
    """
    INSERT INTO facts (
        kind, subject_id, consulate_code, program, status, day, quantity, people, services,
        occurred_at)
    SELECT kind, subject_id, consulate_code, program, step.status, day, sign * quantity,
        sign * people, sign * services, :now
    FROM (
        SELECT kind, subject_id, consulate_code, program, day, sum(quantity) AS quantity,
            sum(people) AS people, sum(services) AS services
        FROM facts WHERE subject_id = :subject AND kind = :kind AND status = :before
        GROUP BY kind, subject_id, consulate_code, program, day
        HAVING sum(quantity) <> 0 OR sum(people) <> 0 OR sum(services) <> 0
    ) counted
    CROSS JOIN (VALUES (CAST(:before AS text), -1), (CAST(:after AS text), 1)) step (status, sign)
    """
)


def move(
    session: Session, *, kind: str, subject_id: UUID, before: str, after: str, now: datetime
) -> None:
    """Move all that was counted of a subject from one status to another."""
    session.execute(
        _MOVE,
        {"kind": kind, "subject": subject_id, "before": before, "after": after, "now": now},
    )
