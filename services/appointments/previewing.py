"""Which days a series would open, before it is made: what is closed and what clashes, by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.appointments.closures import list_closures
from services.appointments.models import Closure
from services.appointments.recurring import (
    HORIZON,
    CreateSeries,
    check_rule,
    days_of_rule,
    today_of,
)
from services.consulates.queries import Closure as Holiday

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Clash:
    """A session that holds a desk of that name at that time already."""

    day: date
    desk: str
    session: UUID
    opens: time
    closes: time


@dataclass(frozen=True)
class Preview:
    """``days`` would be opened. ``holidays`` are left out. ``closed``: opened, and without places
    until the closure is lifted. ``clashes``: on these days nothing can be opened."""

    days: tuple[date, ...]
    holidays: tuple[tuple[date, Holiday], ...]
    closed: tuple[tuple[date, Closure], ...]
    clashes: tuple[Clash, ...]


def preview_series(session: Session, command: CreateSeries, *, now: datetime) -> Preview:
    """The days up to the horizon. Raises `RuleNotUnderstood`."""
    check_rule(command.rrule, command.first_day)
    today = today_of(session, command.consulate, now)
    given = days_of_rule(
        session, command.consulate, command.rrule, command.first_day,
        start=today + _DAY, last=today + HORIZON, without=command.exdates,
    )  # fmt: skip
    clashes = list_clashes(session, command, given.days)
    taken = {clash.day for clash in clashes}
    days = tuple(day for day in given.days if day not in taken)
    return Preview(days, given.left_out, _closed(session, command.consulate, days), clashes)


def without_clashes(command: CreateSeries, preview: Preview) -> CreateSeries:
    """The same series, but for the days on which another session has one of its desks."""
    taken = {clash.day for clash in preview.clashes}
    return replace(command, exdates=tuple(sorted({*command.exdates, *taken})))


def list_clashes(
    session: Session, command: CreateSeries, days: Iterable[date]
) -> tuple[Clash, ...]:
    """Sessions that hold one of the command's desks at its hours, by day and desk."""
    rows = session.execute(
        _CLASHES,
        {
            "office": command.consulate,
            "days": list(days),
            "place": command.place.name.lower() if command.place else "",
            "names": [desk.name.lower() for desk in command.desks],
            "opens": command.opens,
            "closes": command.closes,
        },
    )
    return tuple(Clash(row.day, row.name, row.id, row.opens, row.closes) for row in rows)


_CLASHES = text(
    """
    SELECT s.day, d.name, s.id, s.opens, s.closes
    FROM desks d JOIN sessions s ON s.id = d.session_id
    WHERE s.consulate_code = :office AND s.day = ANY (:days) AND d.consulate_code = :office
        AND d.place = :place AND lower(d.name) = ANY (:names)
        AND d.held && tsrange(s.day + CAST(:opens AS time), s.day + CAST(:closes AS time))
    ORDER BY s.day, lower(d.name), s.id
    """
)


def _closed(
    session: Session, consulate: str, days: tuple[date, ...]
) -> tuple[tuple[date, Closure], ...]:
    if not days:
        return ()
    closures = list_closures(session, consulate=consulate, first=days[0], last=days[-1])
    return tuple(
        (day, closure)
        for day in days
        for closure in closures
        if closure.first_day <= day <= closure.last_day
    )
