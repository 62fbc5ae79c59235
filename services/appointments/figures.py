"""How an office did over some days: who was served, how long people waited, how full it was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median

from sqlalchemy import Integer, and_, cast, func, select
from sqlalchemy.orm import Session

from services.appointments.models import Appointment, Member, Seat, Visit
from services.appointments.rules import Status
from services.facts.models import Fact


@dataclass(frozen=True)
class Served:
    """``people`` of one service, hour of the day at the office, window and status. A person with
    two services is counted under each."""

    service: str
    hour: int
    desk: str | None
    status: str
    people: int


@dataclass(frozen=True)
class Wait:
    """Of one appointment: its time, when the first of its people came, and when the first was
    called."""

    hour: int
    due: datetime
    arrived: datetime
    called: datetime

    @property
    def minutes(self) -> float:
        """From the arrival until the call; the way to the window isn't part of it."""
        return (self.called - self.arrived).total_seconds() / 60

    @property
    def minutes_late(self) -> float:
        """Of that, what lies after the appointment's own time: who comes early waits for it."""
        return max(0.0, (self.called - max(self.arrived, self.due)).total_seconds() / 60)


@dataclass(frozen=True)
class Tally:
    """One line of a table: how many people, by what became of them."""

    key: str
    by_status: Counter[str]

    @property
    def expected(self) -> int:
        """All but the canceled."""
        return self.by_status.total() - self.by_status[Status.CANCELLED]


def list_served(
    session: Session, *, consulate: str, zone: str, first: date, last: date
) -> list[Served]:
    """Everybody of the days' appointments, counted by service, hour, window and status."""
    hour = cast(func.extract("hour", func.timezone(zone, Appointment.starts_at)), Integer)
    keys = (Seat.service_code, hour, Member.desk, Member.status)
    rows = session.execute(
        select(*keys, func.count())
        .join(Member, Member.person_id == Seat.person_id)
        .join(Appointment, Appointment.id == Seat.appointment_id)
        .where(Appointment.consulate_code == consulate, Appointment.day.between(first, last))
        .group_by(*keys)
    )
    return [Served(*row) for row in rows]


def list_waits(
    session: Session, *, consulate: str, zone: str, first: date, last: date
) -> list[Wait]:
    """Of everybody who was called on the days: from their first arrival to the last call."""
    arrived = func.min(Fact.occurred_at).filter(Fact.status == Status.CHECKED_IN)
    called = func.min(Fact.occurred_at).filter(Fact.status == Status.CALLED)
    hour = cast(func.extract("hour", func.timezone(zone, Appointment.starts_at)), Integer)
    rows = session.execute(
        select(hour, Appointment.starts_at, arrived, called)
        .join(Fact, Fact.subject_id == Appointment.id)
        .where(
            Appointment.consulate_code == consulate,
            Appointment.day.between(first, last),
            Fact.people > 0,
        )
        .group_by(Appointment.id, hour, Appointment.starts_at)
        .having(arrived.is_not(None), called > arrived)
    )
    return [Wait(*row) for row in rows]


def list_ways(
    session: Session, *, consulate: str, first: date, last: date
) -> tuple[list[float], list[float]]:
    """Minutes of the way from the call to the window, where an officer noted that somebody came;
    and of what followed until they were served, from there or else from the call."""
    rows = session.execute(
        select(Visit.called_at, Visit.at_desk_at, Member.status, Member.changed_at)
        .join(Member, and_(Member.appointment_id == Visit.appointment_id, Member.n == Visit.n))
        .where(
            Visit.consulate_code == consulate,
            Visit.day.between(first, last),
            Visit.called_at.is_not(None),
        )
    ).all()
    walked = [_minutes(row.called_at, row.at_desk_at) for row in rows if row.at_desk_at]
    served = [
        _minutes(row.at_desk_at or row.called_at, row.changed_at)
        for row in rows
        if row.status == Status.COMPLETED
    ]
    return walked, served


def _minutes(begin: datetime, end: datetime) -> float:
    return (end - begin).total_seconds() / 60


def tally(served: Iterable[Served], key: Callable[[Served], str]) -> list[Tally]:
    """The lines of a table by ``key``, in its order."""
    lines: dict[str, Counter[str]] = {}
    for each in served:
        lines.setdefault(key(each), Counter())[each.status] += each.people
    return [Tally(name, lines[name]) for name in sorted(lines)]


def middle_and_most(minutes: Sequence[float]) -> tuple[int, int] | None:
    """Half waited no longer than the first, nine of ten no longer than the second, in whole
    minutes; None of nobody."""
    if not minutes:
        return None
    ordered = sorted(minutes)
    return round(median(ordered)), round(ordered[max(0, -(-9 * len(ordered) // 10) - 1)])
