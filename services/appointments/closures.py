"""When an office is closed whatever its sessions say: holidays, and what was decided by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from services.appointments.hours import ALL_DAY, Span
from services.appointments.models import Closure
from services.consulates.queries import closed_days

_NETWORK_HOURS = "opening hours"
_DAY = timedelta(days=1)


def lock_openings(session: Session, consulate: str | None) -> None:
    """Changes of an office's opening hours follow one another, until the transaction ends; with
    None, those of every office. Bookings don't wait."""
    network = func.hashtextextended(_NETWORK_HOURS, 0)
    if consulate is None:
        session.execute(select(func.pg_advisory_xact_lock(network)))
        return
    session.execute(select(func.pg_advisory_xact_lock_shared(network)))
    office = func.hashtextextended(f"{_NETWORK_HOURS} {consulate}", 0)
    session.execute(select(func.pg_advisory_xact_lock(office)))


def list_closures(
    session: Session, *, consulate: str, first: date, last: date
) -> Sequence[Closure]:
    """Closures in force that fall into these days, the office's own and the network's."""
    return session.scalars(
        select(Closure)
        .where(
            or_(Closure.consulate_code == consulate, Closure.consulate_code.is_(None)),
            Closure.last_day >= first,
            Closure.first_day <= last,
            Closure.lifted_at.is_(None),
        )
        .order_by(Closure.first_day, Closure.created_at, Closure.id)
    ).all()


def closed_hours(
    session: Session, consulate: str, first: date, last: date
) -> dict[date, list[Span]]:
    """Day -> the hours in which the office is closed; `ALL_DAY` on holidays."""
    closed: dict[date, list[Span]] = defaultdict(list)
    for day in closed_days(session, consulate, first, last):
        closed[day].append(ALL_DAY)
    for closure in list_closures(session, consulate=consulate, first=first, last=last):
        span = (closure.begins, closure.ends) if closure.begins and closure.ends else ALL_DAY
        day = max(first, closure.first_day)
        while day <= min(last, closure.last_day):
            closed[day].append(span)
            day += _DAY
    return dict(closed)
