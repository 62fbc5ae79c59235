"""What an office plans for each day of a period, and what stands against it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.appointments.closures import list_closures
from services.appointments.models import Appointment, Closure, Desk, OpeningSession
from services.appointments.queries import Places, count_places, list_sessions
from services.appointments.rules import LIVE
from services.consulates.queries import Closure as Holiday
from services.consulates.queries import closed_days


@dataclass(frozen=True)
class PlannedSession:
    """A session with its desks and places."""

    row: OpeningSession
    desks: Sequence[Desk]
    places: Places


@dataclass(frozen=True)
class PlannedDay:
    """A day of an office. ``closures`` are in force, the network's too; ``orphans``: bookings that
    the day's hours have no place for."""

    day: date
    sessions: Sequence[PlannedSession]
    closures: Sequence[Closure]
    holiday: Holiday | None
    orphans: int

    @property
    def planned(self) -> int:
        """Places at all desks and times of the day."""
        return sum(each.places.total for each in self.sessions)

    @property
    def taken(self) -> int:
        """How many of them are booked, served or missed."""
        return sum(each.places.taken for each in self.sessions)


def list_planned_sessions(
    session: Session, *, consulate: str, first: date, last: date
) -> list[PlannedSession]:
    """Sessions of an office by day and opening, those that aren't held too."""
    rows = list_sessions(session, consulate=consulate, first=first, last=last).items
    places = count_places(session, [row.id for row, _desks in rows])
    return [PlannedSession(row, desks, places[row.id]) for row, desks in rows]


def list_planned_days(
    session: Session, *, consulate: str, first: date, last: date
) -> list[PlannedDay]:
    """Every day from ``first`` to ``last``, both included."""
    sessions = list_planned_sessions(session, consulate=consulate, first=first, last=last)
    closures = list_closures(session, consulate=consulate, first=first, last=last)
    holidays = closed_days(session, consulate, first, last)
    orphans = _count_orphans(session, consulate, first, last)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [
        PlannedDay(
            day,
            [each for each in sessions if each.row.day == day],
            [each for each in closures if each.first_day <= day <= each.last_day],
            holidays.get(day),
            orphans.get(day, 0),
        )
        for day in days
    ]


def list_sessions_of(session: Session, series: UUID, *, first: date) -> Sequence[OpeningSession]:
    """Sessions of a series from a day on, those that aren't held too."""
    return session.scalars(
        select(OpeningSession)
        .where(OpeningSession.series_id == series, OpeningSession.day >= first)
        .order_by(OpeningSession.day)
    ).all()


def find_days(session: Session, ids: Collection[UUID]) -> dict[UUID, tuple[date, date]]:
    """The first and the last day of those of the ids that are sessions or closures."""
    sessions = select(OpeningSession.id, OpeningSession.day, OpeningSession.day)
    closures = select(Closure.id, Closure.first_day, Closure.last_day)
    days = [
        *session.execute(sessions.where(OpeningSession.id.in_(ids))),
        *session.execute(closures.where(Closure.id.in_(ids))),
    ]
    return {id: (first, last) for id, first, last in days}


def list_orphans(session: Session, *, consulate: str, day: date) -> Sequence[Appointment]:
    """Bookings that the day's hours have no place for, by their start."""
    return session.scalars(
        select(Appointment)
        .where(
            Appointment.consulate_code == consulate,
            Appointment.day == day,
            Appointment.orphaned_at.is_not(None),
            Appointment.status.in_(sorted(LIVE)),
        )
        .order_by(Appointment.starts_at, Appointment.id)
    ).all()


def _count_orphans(session: Session, consulate: str, first: date, last: date) -> dict[date, int]:
    rows = session.execute(
        select(Appointment.day, func.count())
        .where(
            Appointment.consulate_code == consulate,
            Appointment.day.between(first, last),
            Appointment.orphaned_at.is_not(None),
            Appointment.status.in_(sorted(LIVE)),
        )
        .group_by(Appointment.day)
    )
    return {day: int(count) for day, count in rows}
