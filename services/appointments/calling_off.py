"""The office cancels bookings that it can't serve: a raid, a storm, a session that isn't held.

They are listed in the transaction that closes; a job cancels them one by one, and each person hears
of it by the message of their own cancellation. What couldn't be cancelled is listed with why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, insert, select, update
from sqlalchemy.orm import Session

from services.appointments.desk import TakeStep, take_step
from services.appointments.models import Appointment, BookingCalledOff, Closure
from services.appointments.opening_history import list_changes
from services.appointments.rules import Status, Step
from services.kernel.audit import SYSTEM
from services.outbox.delivery import enqueue

# What the outcome of such an appointment says.
REASON = "called_off"


def call_off(session: Session, subject: UUID, appointments: Sequence[UUID]) -> None:
    """List the bookings to cancel because of a closure or a session, and ask for it."""
    if not appointments:
        return
    rows = [{"subject_id": subject, "appointment_id": each} for each in appointments]
    session.execute(insert(BookingCalledOff), rows)
    enqueue(session, "appointments.call_off", subject)


def cancel_called_off(session: Session, subject: UUID, appointment: UUID, *, now: datetime) -> None:
    """Cancel one of the bookings listed, unless the closure was lifted meanwhile.

    Raises as `take_step`: then `note_failure`, so that it doesn't keep the others.
    """
    closure = session.get(Closure, subject)
    if closure is not None and closure.lifted_at is not None:
        return
    details = {REASON: _reason(session, subject, closure)}
    take_step(session, TakeStep(appointment, Step.CANCEL, details=details), now=now, actor=SYSTEM)


def _reason(session: Session, subject: UUID, closure: Closure | None) -> str:
    """As it was said when the closure, or the session, was given up."""
    if closure is not None:
        return closure.reason
    latest = list_changes(session, subject, most=1)
    return (latest[0].reason if latest else None) or ""


def note_failure(session: Session, subject: UUID, appointment: UUID, code: str) -> None:
    """Why one of the bookings listed couldn't be cancelled. One that is cancelled, by the person or
    by a worker that took over, didn't fail."""
    cancelled = exists().where(
        Appointment.id == appointment, Appointment.status == Status.CANCELLED
    )
    session.execute(
        update(BookingCalledOff)
        .where(
            BookingCalledOff.subject_id == subject,
            BookingCalledOff.appointment_id == appointment,
            ~cancelled,
        )
        .values(failure=code)
        .execution_options(synchronize_session=False)
    )


def list_left(session: Session, subject: UUID) -> list[UUID]:
    """Those that are still to be cancelled, by their start; none once the closure is lifted."""
    closure = session.get(Closure, subject)
    if closure is not None and closure.lifted_at is not None:
        return []
    return list(
        session.scalars(
            select(Appointment.id)
            .join(BookingCalledOff, BookingCalledOff.appointment_id == Appointment.id)
            .where(
                BookingCalledOff.subject_id == subject,
                BookingCalledOff.failure.is_(None),
                Appointment.status == Status.BOOKED,
            )
            .order_by(Appointment.starts_at, Appointment.id)
        )
    )


@dataclass(frozen=True)
class Progress:
    """Of bookings that are called off: all of them, those cancelled, those still to be, and those
    that couldn't be with the code of why."""

    listed: tuple[UUID, ...]
    cancelled: tuple[UUID, ...]
    left: tuple[UUID, ...]
    failed: dict[UUID, str]


def progress_of(session: Session, subject: UUID) -> Progress:
    """How far it is."""
    rows = session.execute(
        select(Appointment.id, Appointment.status, BookingCalledOff.failure)
        .join(BookingCalledOff, BookingCalledOff.appointment_id == Appointment.id)
        .where(BookingCalledOff.subject_id == subject)
        .order_by(Appointment.starts_at, Appointment.id)
    ).all()
    return Progress(
        listed=tuple(row.id for row in rows),
        cancelled=tuple(row.id for row in rows if row.status == Status.CANCELLED),
        left=tuple(row.id for row in rows if row.status == Status.BOOKED and not row.failure),
        failed={row.id: row.failure for row in rows if row.failure},
    )
