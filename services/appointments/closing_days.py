"""Close an office, or the whole network, for days or hours of them, and open it again.

A closure wins over every session. Its bookings are kept without a place, or called off: see
`calling_off`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from services.appointments.calling_off import call_off
from services.appointments.closures import lock_openings
from services.appointments.fitting import Fitted, fit_day
from services.appointments.models import Appointment, Closure, Member, OpeningSession, Seat
from services.appointments.opening_history import record_change
from services.appointments.rules import ClosureSource, Status
from services.citizens.models import Person
from services.kernel import audit
from services.kernel.errors import NotFound, WrongState
from services.kernel.ids import new_id
from services.kernel.tables import get_row


@dataclass(frozen=True)
class CloseDays:
    """``consulate`` None: the whole network. Without ``begins`` and ``ends``, whole days.
    ``cancels``: who is booked is cancelled; else they keep the booking, without a place."""

    consulate: str | None
    first_day: date
    last_day: date
    reason: str
    begins: time | None = None
    ends: time | None = None
    cancels: bool = False
    source: ClosureSource = ClosureSource.BY_HAND


@dataclass(frozen=True)
class Impact:
    """Whom a change concerns: appointments, their people by service, and those that nobody can
    be reached about."""

    appointments: tuple[UUID, ...] = ()
    people: int = 0
    by_service: dict[str, int] = field(default_factory=dict)
    without_contact: tuple[UUID, ...] = ()


def close_days(
    session: Session, command: CloseDays, *, now: datetime, actor: audit.Actor
) -> tuple[Closure, Impact]:
    """Close, and say whom it concerns. Raises NotFound for another's office."""
    if actor.role in audit.OFFICE_ROLES and actor.consulate != command.consulate:
        raise NotFound(field="consulate")
    lock_openings(session, command.consulate)
    closure = Closure(
        id=new_id(),
        consulate_code=command.consulate,
        first_day=command.first_day,
        last_day=command.last_day,
        begins=command.begins,
        ends=command.ends,
        reason=command.reason,
        source=command.source.value,
        cancels=command.cancels,
        created_by=actor.account_id,
        created_at=now,
    )
    session.add(closure)
    session.flush()
    fitted = _fit(session, closure, now, tell=not command.cancels)
    record_change(session, closure, "close", now=now, actor=actor, reason=command.reason)
    if command.cancels:
        call_off(session, closure.id, fitted.orphaned)
    return closure, impact_of(session, fitted.orphaned)


def reopen_days(
    session: Session, closure: UUID, *, reason: str | None, now: datetime, actor: audit.Actor
) -> tuple[Closure, Fitted]:
    """Lift a closure: its places are there again, and who kept a booking has theirs.

    Raises NotFound, also for another office's, `WrongState` when it was lifted before.
    """
    row = get_closure(session, closure, actor)
    lock_openings(session, row.consulate_code)
    session.refresh(row)
    if row.lifted_at is not None:
        raise WrongState(state="lifted")
    row.lifted_at, row.lifted_by = now, actor.account_id
    session.flush()
    record_change(session, row, "reopen", now=now, actor=actor, reason=reason)
    return row, _fit(session, row, now)


def get_closure(session: Session, closure: UUID, actor: audit.Actor) -> Closure:
    """One that the actor may change: of their office, or any for the network's roles.

    Raises NotFound.
    """
    row = get_row(session, Closure, closure)
    if actor.role in audit.OFFICE_ROLES and row.consulate_code != actor.consulate:
        raise NotFound()
    return row


def _fit(session: Session, closure: Closure, now: datetime, *, tell: bool = True) -> Fitted:
    """Every day with sessions that it touches, office by office."""
    query = (
        select(OpeningSession.consulate_code, OpeningSession.day)
        .where(OpeningSession.day.between(closure.first_day, closure.last_day))
        .distinct()
        .order_by(OpeningSession.consulate_code, OpeningSession.day)
    )
    if closure.consulate_code is not None:
        query = query.where(OpeningSession.consulate_code == closure.consulate_code)
    fitted = Fitted()
    for consulate, day in session.execute(query).all():
        fitted += fit_day(session, consulate, day, now=now, tell=tell)
    return fitted


def impact_of(session: Session, appointments: Sequence[UUID]) -> Impact:
    """What is to be known of these appointments before, or after, something happens to them."""
    if not appointments:
        return Impact()
    comes = exists().where(Member.person_id == Seat.person_id, Member.status != Status.CANCELLED)
    people: Counter[str] = Counter()
    for service, count in session.execute(
        select(Seat.service_code, func.count())
        .where(Seat.appointment_id.in_(appointments), comes)
        .group_by(Seat.service_code)
        .order_by(Seat.service_code)
    ):
        people[service] = count
    heads = session.scalar(
        select(func.count(Seat.person_id.distinct())).where(
            Seat.appointment_id.in_(appointments), comes
        )
    )
    silent = session.scalars(
        select(Appointment.id)
        .where(Appointment.id.in_(appointments), ~_reachable())
        .order_by(Appointment.starts_at, Appointment.id)
    ).all()
    return Impact(tuple(appointments), int(heads or 0), dict(people), tuple(silent))


def _reachable() -> ColumnElement[bool]:
    """Somebody of the appointment, or the account's holder, gave an e-mail or a telephone."""
    reached = or_(Person.email_sealed.is_not(None), Person.phone_sealed.is_not(None))
    comes = exists().where(
        Seat.appointment_id == Appointment.id, Person.id == Seat.person_id, reached
    )
    holder = exists().where(Person.account_id == Appointment.account_id, Person.holder, reached)
    return or_(comes, holder)
