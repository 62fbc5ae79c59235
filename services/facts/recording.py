"""Record that something came to a status, or moved from one to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from services.facts.models import Fact
from services.kernel.transitions import Moved


class Dimensions(TypedDict, total=False):
    """By what a fact is counted, besides office, day and status: those that its kind has."""

    service_code: str
    program_code: str
    payout: str
    vote_mode: str


def record(
    session: Session,
    *,
    kind: str,
    subject_id: UUID,
    consulate: str | None,
    dimensions: Dimensions,
    day: date,
    status: str,
    now: datetime,
    quantity: int = 1,
) -> None:
    """A line of a subject that wasn't counted before; none of a quantity of 0."""
    if not quantity:
        return
    common = {"kind": kind, "subject_id": subject_id, "consulate_code": consulate, "day": day}
    line = {**dimensions, "status": status, "quantity": quantity}
    _write(session, common | {"occurred_at": now}, [line])


def record_party(
    session: Session,
    *,
    kind: str,
    subject_id: UUID,
    consulate: str,
    services: Sequence[str],
    day: date,
    status: str,
    subjects: int,
    people: int,
    now: datetime,
) -> None:
    """Lines of a subject for ``people``, each for all ``services``; negative ones leave it.

    The subject and its people count under the first service, services under each.
    """
    common = {"kind": kind, "subject_id": subject_id, "consulate_code": consulate, "day": day}
    lines = [
        {
            "service_code": service,
            "quantity": 0 if place else subjects,
            "people": 0 if place else people,
            "services": people,
        }
        for place, service in enumerate(services)
    ]
    _write(session, common | {"status": status, "occurred_at": now}, lines)


def _write(session: Session, common: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> None:
    """Each of ``lines`` with what all of them have in common."""
    session.execute(insert(Fact), [{**common, **line} for line in lines])


# Whatever stands at the status before, in whichever dimensions, goes on to the next.
_MOVE = text(
    """
    SELECT record_fact_v2(
        kind, subject_id, consulate_code, step.status, day, sign * quantity, sign * people,
        sign * services, :now, service_code, program_code, payout, vote_mode)
    FROM (
        SELECT kind, subject_id, consulate_code, service_code, program_code, payout, vote_mode, day,
            sum(quantity)::bigint AS quantity, sum(people)::bigint AS people,
            sum(services)::bigint AS services
        FROM facts WHERE subject_id = :subject AND status = :before
        GROUP BY kind, subject_id, consulate_code, service_code, program_code, payout, vote_mode,
            day
        HAVING sum(quantity) <> 0 OR sum(people) <> 0 OR sum(services) <> 0
    ) counted
    CROSS JOIN (VALUES (CAST(:before AS text), -1), (CAST(:after AS text), 1)) step (status, sign)
    """
)


def move(session: Session, moved: Moved) -> None:
    """Move all that was counted of a thing to its next status. A new one counts nothing yet."""
    if moved.before is None:
        return
    session.execute(
        _MOVE,
        {
            "subject": moved.thing.id,
            "before": moved.before,
            "after": moved.after,
            "now": moved.now,
        },
    )
