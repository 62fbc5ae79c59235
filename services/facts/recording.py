"""Record that something came to a status, or moved from one to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypedDict, Unpack
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


@dataclass(frozen=True)
class Counted:
    """What a fact is about: one of a ``kind``, at an office or none, on a day of its own."""

    kind: str
    id: UUID
    day: date
    consulate: str | None = None


def record(
    session: Session,
    counted: Counted,
    status: str,
    *,
    now: datetime,
    quantity: int = 1,
    **dimensions: Unpack[Dimensions],
) -> None:
    """A line of something new that has ``status``; none of a quantity of 0."""
    if quantity:
        _write(session, counted, status, [{**dimensions, "quantity": quantity}], now)


def record_party(
    session: Session,
    counted: Counted,
    status: str,
    services: Sequence[str],
    *,
    subjects: int,
    people: int,
    now: datetime,
) -> None:
    """Lines of a subject for ``people``, each for all ``services``; negative ones leave it.

    The subject and its people count under the first service, services under each.
    """
    lines = [
        {
            "service_code": service,
            "quantity": 0 if place else subjects,
            "people": 0 if place else people,
            "services": people,
        }
        for place, service in enumerate(services)
        if people or (subjects and not place)
    ]
    if lines:
        _write(session, counted, status, lines, now)


def _write(
    session: Session,
    counted: Counted,
    status: str,
    lines: Sequence[Mapping[str, Any]],
    now: datetime,
) -> None:
    """Each of ``lines`` with what all of them have in common."""
    common = {
        "kind": counted.kind,
        "subject_id": counted.id,
        "consulate_code": counted.consulate,
        "day": counted.day,
        "status": status,
        "occurred_at": now,
    }
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
