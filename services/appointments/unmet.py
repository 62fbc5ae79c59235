"""Unmet demand: searches for a free time that found none, by office, service and hour.

Counted as facts, of which none says who searched: whoever asks again within the hour is known by a
keyed hash among the attempts, which are forgotten after a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.appointments.rules import Unmet
from services.citizens.errors import TooManyAttempts
from services.citizens.limits import Budget, Rate, refuse_spent, spend
from services.facts.recording import Counted, record
from services.kernel.ids import new_id

KIND = "unmet_search"
_ONCE_AN_HOUR = Rate(1, timedelta(hours=1))


@dataclass(frozen=True)
class UnmetHour:
    """``searches`` of an hour of the day at the office that found no time for a service."""

    service: str
    hour: int
    searches: int


def note_unmet(
    session: Session, *, service: str, consulate: str | None, seeker: bytes, now: datetime
) -> bool:
    """Count one search; False when this seeker's was counted within the hour already.

    ``consulate`` is the office that was asked for or is nearest, None for the whole network;
    ``seeker`` a keyed hash of who asked for what and where.
    """
    once = [Budget(seeker, _ONCE_AN_HOUR)]
    try:
        refuse_spent(session, once, now=now)
        spend(session, once, now=now)
    except TooManyAttempts:
        return False
    counted = Counted(KIND, new_id(), _day(session, consulate, now), consulate)
    record(session, counted, Unmet.NO_PLACE, now=now, service_code=service)
    return True


_DAY = text(
    """
    SELECT (CAST(:now AS timestamptz) AT TIME ZONE coalesce(
        (SELECT time_zone FROM consulates WHERE code = :consulate), 'UTC'))::date
    """
)


def _day(session: Session, consulate: str | None, now: datetime) -> date:
    day: date = session.execute(_DAY, {"now": now, "consulate": consulate}).scalar_one()
    return day


_BY_HOUR = text(
    """
    SELECT f.service_code, extract(hour FROM f.occurred_at AT TIME ZONE c.time_zone)::int AS hour,
           sum(f.quantity)::int AS searches
    FROM facts f JOIN consulates c ON c.code = f.consulate_code
    WHERE f.kind = :kind AND f.consulate_code = :consulate AND f.day BETWEEN :first AND :last
    GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
    """
)


def list_unmet(session: Session, *, consulate: str, first: date, last: date) -> Sequence[UnmetHour]:
    """An office's unmet demand by service and hour of the day, the largest first."""
    rows = session.execute(
        _BY_HOUR, {"kind": KIND, "consulate": consulate, "first": first, "last": last}
    )
    return [UnmetHour(row.service_code, row.hour, row.searches) for row in rows]
