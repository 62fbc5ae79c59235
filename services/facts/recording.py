"""Record that something moved from one status to another."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert
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
