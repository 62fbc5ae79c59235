"""Record that something came to a status, or moved from one to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypedDict, Unpack
from uuid import UUID

from sqlalchemy.orm import Session

from services.kernel.db import text
from services.kernel.transitions import Moved
from services.kernel.writes import Write


class Dimensions(TypedDict, total=False):
    """By what a fact is counted, besides office, day and status: those that its kind has."""

    service_code: str
    program_code: str
    payout: str
    vote_mode: str
    state_of_origin: str
    sex: str
    age_band: str
    election: str


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
    people: Mapping[str | None, int],
    now: datetime,
    lead: str | None = None,
) -> None:
    """Lines of a subject for ``people``, each for all ``services``; negative ones leave it.

    ``people``: how many in each band of ages; None: it isn't known. ``lead``: its first person's.

    The subject and its people count under the first service, services under each; the subject
    under the band of its first person. The database has the same for a booking (`record_party`).
    """
    lines = [
        {
            "service_code": service,
            "age_band": band,
            "quantity": subjects if band == lead and not place else 0,
            "people": 0 if place else people.get(band, 0),
            "services": people.get(band, 0),
        }
        for place, service in enumerate(services)
        for band in sorted({*people, lead}, key=str)
        if people.get(band) or (subjects and band == lead and not place)
    ]
    if lines:
        _write(session, counted, status, lines, now)


_INTO = """
    INSERT INTO facts (
        kind, subject_id, consulate_code, status, day, quantity, people, services, occurred_at,
        service_code, program_code, payout, vote_mode, state_of_origin, sex, age_band,
        election)
"""
_LINE = f"""
    {_INTO}
    VALUES (:kind, :subject, :consulate, :status, :day, :quantity, :people, :services, :now,
        :service_code, :program_code, :payout, :vote_mode, :state_of_origin, :sex, :age_band,
        :election)
"""
_LINES = text(_LINE)
_NOTHING = {"people": 0, "services": 0}
_NO_DIMENSION: dict[str, Any] = dict.fromkeys(Dimensions.__annotations__)


def record_selected(session: Session, select: str, values: Mapping[str, Any]) -> None:
    """As many lines as ``select`` gives, with the columns of a line in their order."""
    session.execute(text(f"{_INTO} {select}"), values)


def _write(
    session: Session,
    counted: Counted,
    status: str,
    lines: Sequence[Mapping[str, Any]],
    now: datetime,
) -> None:
    """Each of ``lines`` with what all of them have in common."""
    session.execute(_LINES, [_line(counted, status, now, line) for line in lines])


def _line(counted: Counted, status: str, now: datetime, line: Mapping[str, Any]) -> dict[str, Any]:
    common = {
        "kind": counted.kind,
        "subject": counted.id,
        "consulate": counted.consulate,
        "day": counted.day,
        "status": status,
        "now": now,
    }
    return {**common, **_NOTHING, **_NO_DIMENSION, **line}


def line(
    counted: Counted, status: str, *, now: datetime, **dimensions: Unpack[Dimensions]
) -> Write:
    """The line of something new, as `record` writes it, to be written with something else."""
    return Write(_LINE, _line(counted, status, now, {**dimensions, "quantity": 1}))


_DIMENSIONS = ", ".join(Dimensions.__annotations__)
# Whatever stands at the status before, in whichever dimensions, goes on to the next.
_MOVE = f"""
    {_INTO}
    SELECT kind, subject_id, consulate_code, step.status, day, sign * quantity, sign * people,
        sign * services, CAST(:now AS timestamptz), {_DIMENSIONS}
    FROM (
        SELECT kind, subject_id, consulate_code, {_DIMENSIONS}, day,
            sum(quantity)::bigint AS quantity, sum(people)::bigint AS people,
            sum(services)::bigint AS services
        FROM facts WHERE subject_id = :subject AND status = :before
        GROUP BY kind, subject_id, consulate_code, {_DIMENSIONS}, day
        HAVING sum(quantity) <> 0 OR sum(people) <> 0 OR sum(services) <> 0
    ) counted
    CROSS JOIN (VALUES (CAST(:before AS text), -1), (CAST(:after AS text), 1)) step (status, sign)
"""  # noqa: S608 - our own text


def move(_session: Session, moved: Moved) -> Write | None:
    """Move all that was counted of a thing to its next status. A new one counts nothing yet."""
    if moved.before is None:
        return None
    values = {"before": moved.before, "after": moved.after, "now": moved.now}
    return Write(_MOVE, {"subject": moved.thing.id, **values})
