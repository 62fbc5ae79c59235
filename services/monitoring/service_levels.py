"""How the service does for whoever waits: requests past their term, answers that nobody knows, time
until an answer and until a call to the window, by office and program. As of now, in the reader's
scope: an office sees its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Float, Select, and_, cast, func, select
from sqlalchemy.orm import Session

from services.appointments.models import Member, Visit
from services.appointments.rules import Status as AppointmentStatus
from services.enrollments.models import Enrollment, EnrollmentEvent
from services.enrollments.rules import ANSWERED, HOME_ZONE, OVER, UNDECIDED
from services.enrollments.rules import Status as EnrollmentStatus
from services.operations.queries import QueueState, list_queues
from services.remittances.models import Remittance
from services.remittances.rules import OPEN
from services.remittances.rules import Status as RemittanceStatus

# Of requests that were made, and of visits, so many days back.
ANSWERS = timedelta(days=90)
VISITS = timedelta(days=28)
# The half, and nearly all: nine of ten.
HALF, NEARLY_ALL = 0.5, 0.9


@dataclass(frozen=True)
class RequestsLevel:
    """Enrollments of a program asked for at an office, or at none.

    Open ones now: ``late`` are past the agency's last day, of ``unconfirmed`` nobody knows whether
    they arrived. Of the ones made lately: how many were ``answered``, of those with a term how many
    within it, and after how many days half and nearly all of them were.
    """

    consulate: str | None
    program: str
    open: int = 0
    late: int = 0
    unconfirmed: int = 0
    oldest: datetime | None = None
    answered: int = 0
    with_term: int = 0
    in_term: int = 0
    half_days: float | None = None
    nearly_all_days: float | None = None


@dataclass(frozen=True)
class VisitsLevel:
    """People at an office: how many wait now and since when; and how many minutes after their time,
    or after they came, half and nearly all of those of late were called."""

    consulate: str
    waiting: int
    since: datetime | None
    called: int
    half_minutes: float | None
    nearly_all_minutes: float | None


@dataclass(frozen=True)
class RemittancesLevel:
    """Open transfers by how they are paid out; ``late``: the answer was due before now."""

    payout: str
    open: int
    late: int
    unconfirmed: int
    oldest: datetime | None


@dataclass(frozen=True)
class ServiceLevels:
    """All of it. Transfers and queues are the network's: an office sees none."""

    requests: Sequence[RequestsLevel]
    visits: Sequence[VisitsLevel]
    remittances: Sequence[RemittancesLevel]
    queues: Sequence[QueueState]

    @property
    def oldest(self) -> datetime | None:
        """Since when the oldest open request waits."""
        return min((each.oldest for each in self.requests if each.oldest), default=None)


def service_levels(
    session: Session, *, now: datetime, consulate: str | None = None, whole_network: bool = False
) -> ServiceLevels:
    """Of one office, or of every one in the scope; with the network's queues or without."""
    return ServiceLevels(
        requests=_requests(session, now, consulate),
        visits=_visits(session, now, consulate),
        remittances=_remittances(session, now) if whole_network else (),
        queues=list_queues(session) if whole_network else (),
    )


def _requests(session: Session, now: datetime, consulate: str | None) -> list[RequestsLevel]:
    levels = {
        (row.consulate_code, row.program): RequestsLevel(*row)
        for row in session.execute(_at(_open(now), Enrollment.consulate_code, consulate))
    }
    for row in session.execute(_at(_answered(now), Enrollment.consulate_code, consulate)):
        key = (row.consulate_code, row.program)
        level = levels.get(key, RequestsLevel(*key))
        levels[key] = replace(level, **dict(zip(_ANSWERED, row[2:], strict=True)))
    return sorted(levels.values(), key=lambda each: (each.consulate or "", each.program))


def _by_program(*columns: Any) -> Select[Any]:
    key = (Enrollment.consulate_code, Enrollment.program)
    return select(*key, *columns).group_by(*key)


def _open(now: datetime) -> Any:
    today = now.astimezone(ZoneInfo(HOME_ZONE)).date()
    count = func.count()
    return _by_program(
        count,
        count.filter(Enrollment.resolve_by < today),
        count.filter(Enrollment.status == EnrollmentStatus.UNKNOWN),
        func.min(Enrollment.created_at),
    ).where(Enrollment.status.in_(UNDECIDED))


_ANSWERED = ("answered", "with_term", "in_term", "half_days", "nearly_all_days")


def _answered(now: datetime) -> Any:
    days = _amount(EnrollmentEvent.at - Enrollment.created_at, timedelta(days=1))
    answer_day = func.date(func.timezone(HOME_ZONE, EnrollmentEvent.at))
    count = func.count()
    event_of_answer = and_(
        EnrollmentEvent.enrollment_id == Enrollment.id,
        EnrollmentEvent.status.in_(ANSWERED - (OVER - {EnrollmentStatus.REJECTED})),
        # A cover that was renewed was answered before.
        EnrollmentEvent.covered_to.is_(None),
    )
    levels = _by_program(
        count,
        count.filter(Enrollment.resolve_by.is_not(None)),
        count.filter(answer_day <= Enrollment.resolve_by),
        *_half_and_nearly_all(days),
    )
    return levels.join(EnrollmentEvent, event_of_answer).where(
        Enrollment.created_at > now - ANSWERS
    )


def _visits(session: Session, now: datetime, consulate: str | None) -> list[VisitsLevel]:
    late = Visit.called_at - func.greatest(Visit.due_at, Visit.arrived_at)
    minutes = func.greatest(_amount(late, timedelta(minutes=1)), 0.0)
    waits = and_(Member.status == AppointmentStatus.CHECKED_IN, Visit.parked_at.is_(None))
    statement = (
        select(
            Visit.consulate_code,
            func.count().filter(waits),
            func.min(Visit.arrived_at).filter(waits),
            func.count(Visit.called_at),
            *_half_and_nearly_all(minutes, Visit.called_at.is_not(None)),
        )
        .join(Member, and_(Member.appointment_id == Visit.appointment_id, Member.n == Visit.n))
        .where(Visit.day > (now - VISITS).date())
        .group_by(Visit.consulate_code)
        .order_by(Visit.consulate_code)
    )
    rows = session.execute(_at(statement, Visit.consulate_code, consulate))
    return [VisitsLevel(*row) for row in rows]


def _remittances(session: Session, now: datetime) -> list[RemittancesLevel]:
    count = func.count()
    rows = session.execute(
        select(
            Remittance.payout,
            count,
            count.filter(Remittance.answer_due_at < now),
            count.filter(Remittance.status == RemittanceStatus.UNKNOWN),
            func.min(Remittance.registered_at),
        )
        .where(Remittance.status.in_(OPEN))
        .group_by(Remittance.payout)
        .order_by(Remittance.payout)
    )
    return [RemittancesLevel(*row) for row in rows]


def _at(statement: Select[Any], column: Any, consulate: str | None) -> Select[Any]:
    return statement.where(column == consulate) if consulate else statement


def _amount(interval: Any, unit: timedelta) -> Any:
    return cast(func.extract("epoch", interval), Float) / unit.total_seconds()


def _half_and_nearly_all(values: Any, which: Any = None) -> tuple[Any, Any]:
    shares = (func.percentile_cont(each).within_group(values) for each in (HALF, NEARLY_ALL))
    half, nearly_all = (each.filter(which) if which is not None else each for each in shares)
    return half, nearly_all
