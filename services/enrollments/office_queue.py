"""An office's queue of requests: what waits, for whom, and which terms are about to end.

Row security decides which requests the transaction sees.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from services.citizens.models import Person
from services.enrollments.models import AssistedRequest, Enrollment
from services.enrollments.queries import dues_are_paid
from services.enrollments.rules import (
    CLOCK_RUNS,
    DECIDED,
    UNDECIDED,
    WAITING,
    Status,
    WaitsFor,
    waits_for,
)
from services.kernel.tables import Page

_THEIRS = UNDECIDED - WAITING
_UNREACHABLE = Person.email_sealed.is_(None) & Person.phone_sealed.is_(None)
_PAID = and_(Enrollment.status == Status.PAYMENT_PENDING, dues_are_paid())


@dataclass(frozen=True)
class QueueFilter:
    """``lapsing_by``: only those whose term ends until that day; ``asked_by``: only those that this
    member of staff asked for; ``over``: only those that are, or aren't; None for both."""

    waits: WaitsFor | None = None
    status: Status | None = None
    program: str | None = None
    lapsing_by: date | None = None
    asked_by: UUID | None = None
    over: bool | None = None


class QueueLine(NamedTuple):
    """A request and its person; ``paid``: it waits for a payment that a transfer makes."""

    enrollment: Enrollment
    person: Person
    paid: bool

    @property
    def reachable(self) -> bool:
        """Whether there is somewhere to write to the person."""
        return bool(self.person.email_sealed or self.person.phone_sealed)

    @property
    def waits(self) -> WaitsFor:
        """For whom the request waits."""
        status = Status(self.enrollment.status)
        return waits_for(status, reachable=self.reachable, paid=self.paid)


class StatusCount(NamedTuple):
    """How many requests of a program are in a status, how many of them a transfer pays, and of how
    many others nobody can be written to."""

    program: str
    status: Status
    requests: int
    paid: int
    unreachable: int


def list_queue(
    session: Session,
    wanted: QueueFilter,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> Page[QueueLine, tuple[datetime, UUID]]:
    """List requests, the oldest first."""
    query = (
        select(Enrollment, Person, _PAID)
        .join(Person, Person.id == Enrollment.person_id)
        .where(*_conditions(wanted))
        .order_by(Enrollment.created_at, Enrollment.id)
    )
    if after:
        query = query.where(tuple_(Enrollment.created_at, Enrollment.id) > after)
    rows = session.execute(query.limit(limit + 1)).all()
    lines = [QueueLine(*row) for row in rows[:limit]]
    last = lines[-1].enrollment if len(rows) > limit else None
    return Page(lines, (last.created_at, last.id) if last else None)


def count_queue(session: Session, *, asked_by: UUID | None = None) -> Sequence[StatusCount]:
    """Count requests by program and status."""
    query = (
        select(
            Enrollment.program,
            Enrollment.status,
            func.count(),
            func.count().filter(_PAID),
            func.count().filter(~_PAID, _UNREACHABLE),
        )
        .join(Person, Person.id == Enrollment.person_id)
        .where(*_conditions(QueueFilter(asked_by=asked_by)))
        .group_by(Enrollment.program, Enrollment.status)
    )
    return [
        StatusCount(program, Status(status), *numbers)
        for program, status, *numbers in session.execute(query)
    ]


def _conditions(wanted: QueueFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.status:
        yield Enrollment.status == wanted.status
    if wanted.program:
        yield Enrollment.program == wanted.program
    if wanted.waits:
        yield _waits(wanted.waits)
    if wanted.over is not None:
        yield _in(DECIDED if wanted.over else UNDECIDED)
    if wanted.lapsing_by:
        yield _lapses(wanted.lapsing_by)
    if wanted.asked_by:
        requested = select(AssistedRequest.enrollment_id).where(
            AssistedRequest.asked_by == wanted.asked_by
        )
        yield Enrollment.id.in_(requested)


def _waits(waits: WaitsFor) -> ColumnElement[bool]:
    """`rules.waits_for` as a condition on rows."""
    return {
        WaitsFor.NOBODY: _in(DECIDED),
        WaitsFor.AGENCY: or_(_in(WAITING), _PAID),
        WaitsFor.PERSON: and_(_in(_THEIRS), ~_UNREACHABLE, ~_PAID),
        WaitsFor.OFFICE: and_(_in(_THEIRS), _UNREACHABLE, ~_PAID),
    }[waits]


def _lapses(day: date) -> ColumnElement[bool]:
    """`queries.last_day` as a condition on rows that aren't over; nobody is to pay what a transfer
    pays."""
    return or_(
        and_(_in({Status.MORE_INFORMATION_REQUESTED}), Enrollment.answer_by <= day),
        and_(_in({Status.PAYMENT_PENDING}), Enrollment.pay_by <= day, ~_PAID),
        and_(_in(CLOCK_RUNS), Enrollment.resolve_by <= day),
    )


def _in(statuses: frozenset[Status] | set[Status]) -> ColumnElement[bool]:
    return Enrollment.status.in_(sorted(statuses))
