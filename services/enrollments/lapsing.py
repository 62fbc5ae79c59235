"""Remind before a term lapses, and close what lapsed.

What an applicant was asked for and didn't give in time: the request is treated as one that was not
filed (LFPA 17-A). An agency that says nothing in its term has said no (LFPA 17). Cover that ended
has ended. Before that the agency is asked once more: see `workers.jobs.enrollments.lapse`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, literal, not_, or_, select, true
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.dml import ReturningInsert

from services.enrollments.lifecycle import LIFECYCLE
from services.enrollments.models import Enrollment, EnrollmentReminder
from services.enrollments.progress import first_time, resumed_by
from services.enrollments.queries import dues_are_paid, last_day
from services.enrollments.rules import (
    ASKED_LATE,
    CLOCK_RUNS,
    COVER_LAPSED,
    NO_ANSWER_IN_TERM,
    NOT_ANSWERED,
    WAITING,
    Status,
)
from services.enrollments.terms import (
    AGENCY_REMINDER,
    ANSWER_REMINDER,
    COVER_REMINDER,
    PAYMENT_REMINDER,
    RENEWAL,
    asked_in_time,
    home_day,
)
from services.incidents.reporting import Report, report
from services.incidents.rules import Kind, Subject
from services.kernel.audit import SYSTEM
from services.kernel.working_days import add_working_days
from services.outbox.delivery import enqueue, hurry
from services.outbox.models import OutboxItem

LAPSE = "enrollments.lapse"


class Reminder(StrEnum):
    """The kind of a reminder: to the applicant, or (of the agency's term) to the duty officer."""

    ANSWER = "answer"
    PAYMENT = "payment"
    COVER = "cover"
    AGENCY = "agency"


class _Rule(NamedTuple):
    """Which enrollments a reminder is of, by which day, and how many working days before it."""

    statuses: frozenset[Status]
    column: InstrumentedAttribute[Any]
    before: int


_RUNS: Mapping[Status, InstrumentedAttribute[Any]] = {
    Status.MORE_INFORMATION_REQUESTED: Enrollment.answer_by,
    Status.ACTIVE: Enrollment.covered_to,
    **dict.fromkeys(CLOCK_RUNS, Enrollment.resolve_by),
}
_REMINDERS = {
    Reminder.ANSWER: _Rule(
        frozenset({Status.MORE_INFORMATION_REQUESTED}), Enrollment.answer_by, ANSWER_REMINDER
    ),
    Reminder.PAYMENT: _Rule(
        frozenset({Status.PAYMENT_PENDING}), Enrollment.pay_by, PAYMENT_REMINDER
    ),
    Reminder.COVER: _Rule(frozenset({Status.ACTIVE}), Enrollment.covered_to, COVER_REMINDER),
    Reminder.AGENCY: _Rule(CLOCK_RUNS, Enrollment.resolve_by, AGENCY_REMINDER),
}


def remind(session: Session, *, now: datetime, limit: int) -> None:
    """Remind once of each last day that is near, and say once of a request that isn't decided at
    once that it was received; have the agency asked what there is to pay for what follows a cover.
    Needs the network's scope."""
    today = home_day(now)
    for enrollment, _day in session.execute(_note("received", _received(now), limit)).all():
        enqueue(session, "enrollments.received", enrollment)
    _begin_renewals(session, today, limit)
    for kind, rule in _REMINDERS.items():
        near = and_(
            Enrollment.status.in_(sorted(rule.statuses)),
            rule.column.between(today, add_working_days(today, rule.before)),
            # Should the transfer go back, there is still somebody to remind.
            not_(dues_are_paid()) if kind is Reminder.PAYMENT else true(),
        )
        noted = session.execute(_note(kind, near, limit, rule.column)).all()
        for enrollment, day in noted:
            _remind_of(session, kind, enrollment, day, now)


def list_lapsed(session: Session, *, now: datetime, limit: int) -> Sequence[UUID]:
    """Enrollments whose term has lapsed and that nobody is about to close."""
    today = home_day(now)
    closing = exists().where(
        OutboxItem.ref == Enrollment.id,
        OutboxItem.topic == LAPSE,
        # What was parked waits for a person.
        or_(OutboxItem.done_at.is_(None), OutboxItem.outcome == "parked"),
    )
    lapsed = or_(*(and_(Enrollment.status == status, day < today) for status, day in _RUNS.items()))
    return session.scalars(
        select(Enrollment.id).where(lapsed, ~closing).order_by(Enrollment.id).limit(limit)
    ).all()


def close_lapsed(session: Session, enrollment_id: UUID, *, now: datetime) -> bool:
    """Close it when its term has lapsed; False when it has not, or somebody acted meanwhile.

    Where the agency had asked too late to throw the request out, that is in review again instead.
    Raises NotFound.
    """
    enrollment = LIFECYCLE.lock(session, enrollment_id)
    if not is_lapsed(enrollment, now):
        return False
    status, reason = _END[Status(enrollment.status)]
    if enrollment.status == Status.MORE_INFORMATION_REQUESTED and not _may_dismiss(
        session, enrollment
    ):
        status, reason = Status.IN_REVIEW, ASKED_LATE
    LIFECYCLE.move(
        session,
        enrollment,
        status,
        now=now,
        actor=SYSTEM,
        reason_code=reason,
        resolve_by=resumed_by(enrollment, status, now),
    )
    return True


def is_lapsed(enrollment: Enrollment, now: datetime, *, for_working_days: int = 0) -> bool:
    """Whether the term that runs in its present status lapsed, so many working days ago."""
    day = last_day(enrollment) if enrollment.status in _RUNS else None
    return day is not None and add_working_days(day, for_working_days) < home_day(now)


_END = {
    Status.MORE_INFORMATION_REQUESTED: (Status.ENDED, NOT_ANSWERED),
    Status.ACTIVE: (Status.ENDED, COVER_LAPSED),
    **dict.fromkeys(CLOCK_RUNS, (Status.REJECTED, NO_ANSWER_IN_TERM)),
}


def _may_dismiss(session: Session, enrollment: Enrollment) -> bool:
    """Whether the law lets the request end because nobody answered."""
    sent_at = first_time(session, enrollment.id, Status.SENT_TO_AGENCY)
    if enrollment.resolve_by is None or sent_at is None:
        return True
    asked_on = home_day(enrollment.changed_at)
    return asked_in_time(asked_on, sent_on=home_day(sent_at), resolve_by=enrollment.resolve_by)


def _received(now: datetime) -> ColumnElement[bool]:
    """Filed a minute ago, and still to be decided; but not days ago, when it is no news."""
    return and_(
        Enrollment.status.in_(sorted(WAITING)),
        Enrollment.created_at.between(now - timedelta(days=1), now - timedelta(minutes=1)),
    )


def _begin_renewals(session: Session, today: date, limit: int) -> None:
    """Of covers that end soon: have the agency asked what there is to pay, and remind of that."""
    near = and_(
        Enrollment.status == Status.ACTIVE,
        Enrollment.covered_to.between(today, today + RENEWAL),
    )
    asked = _note("renewal", near, limit, Enrollment.covered_to)
    for enrollment, _day in session.execute(asked).all():
        hurry(session, "enrollments.refresh", enrollment)
    due = Enrollment.pay_by.between(today, add_working_days(today, PAYMENT_REMINDER))
    to_pay = and_(near, due, not_(dues_are_paid()))
    reminded = _note(Reminder.PAYMENT, to_pay, limit, Enrollment.pay_by)
    for enrollment, _day in session.execute(reminded).all():
        enqueue(session, "enrollments.deadline", enrollment)


def _note(
    kind: str,
    which: ColumnElement[bool],
    limit: int,
    day: InstrumentedAttribute[Any] = Enrollment.day,
) -> ReturningInsert[UUID, date]:
    """Note of those that they are told, unless it was noted; returns each with its day."""
    noted = exists().where(
        EnrollmentReminder.enrollment_id == Enrollment.id,
        EnrollmentReminder.kind == kind,
        EnrollmentReminder.last_day == day,
    )
    fresh = (
        select(Enrollment.id, literal(str(kind)), day)
        .where(which, ~noted)
        .order_by(day)
        .limit(limit)
    )
    return (
        postgresql.insert(EnrollmentReminder)
        .from_select(["enrollment_id", "kind", "last_day"], fresh)
        .on_conflict_do_nothing()
        .returning(EnrollmentReminder.enrollment_id, EnrollmentReminder.last_day)
    )


def _remind_of(
    session: Session, kind: Reminder, enrollment: UUID, day: date, now: datetime
) -> None:
    if kind is not Reminder.AGENCY:
        enqueue(session, "enrollments.deadline", enrollment)
        return
    detail = {"until": day.isoformat()}
    report(session, Report(Kind.TERM_ENDING, Subject.ENROLLMENT, enrollment, detail), now=now)
