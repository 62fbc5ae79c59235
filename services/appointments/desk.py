"""The desk's steps: check in, call, back to waiting, not served, no show; see `completing` too."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments import returning
from services.appointments.errors import AlreadyCalled, DeskNotOpen
from services.appointments.freeing import free_later
from services.appointments.lifecycle import LIFECYCLE
from services.appointments.models import Appointment, Desk, OpeningSession
from services.appointments.returning import LATE_ARRIVAL
from services.appointments.rules import (
    LIVE,
    PRODUCTION_LIMITS,
    RETURNABLE,
    STEPS,
    BookingLimits,
    Status,
    Step,
)
from services.appointments.steps import check_step
from services.kernel import audit


@dataclass(frozen=True)
class TakeStep:
    """Move one appointment on. ``details`` are kept with the outcome. Who is not served, or is
    noted as absent, gets a pass to come back, unless ``may_return`` says no."""

    appointment: UUID
    step: Step
    desk: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    may_return: bool = True


def take_step(
    session: Session, command: TakeStep, *, now: datetime, actor: audit.Actor
) -> Appointment:
    """Compare and swap on the status; calling again from the same desk changes nothing.

    Raises NotFound, `WrongState`, `TooEarly`, `DeskNotOpen`, `AlreadyCalled` by another desk.
    """
    appointment = LIFECYCLE.lock(session, command.appointment)
    before = Status(appointment.status)
    check_step(session, appointment, command.step, now=now)
    if command.step is Step.CALL:
        _check_desk(session, appointment, command.desk, now)
        if before is Status.CALLED and appointment.desk:
            if appointment.desk != command.desk:
                raise AlreadyCalled(appointment.desk)
            return appointment
    if before in RETURNABLE:
        returning.use_pass(session, appointment, now=now)
    after, action = STEPS[command.step][1], f"appointment.{command.step}"
    columns = _columns(appointment, command, after, now)
    LIFECYCLE.move(session, appointment, after, now=now, actor=actor, action=action, **columns)
    if after in RETURNABLE and command.may_return:
        returning.give_pass(session, appointment, now=now)
    elif after not in LIVE:
        returning.drop_claims(session, appointment.id)
    return appointment


def _columns(
    appointment: Appointment, command: TakeStep, after: Status, now: datetime
) -> dict[str, Any]:
    """What changes with the status: its desk, what was noted, and the address that booked it."""
    details = dict(command.details)
    if appointment.status == Status.NO_SHOW:
        # Their place stays that of the appointment's own time.
        details[LATE_ARRIVAL] = {
            "start": appointment.starts_at.isoformat(),
            "absent_at": appointment.changed_at.isoformat(),
            "arrived_at": now.isoformat(),
        }
    waits = after is Status.CHECKED_IN
    return {
        "desk": None if waits else command.desk or appointment.desk,
        **({"address_index": None} if after not in LIVE else {}),
        **({"sequence": appointment.sequence + 1} if after is Status.CANCELLED else {}),
        **({"outcome": {**(appointment.outcome or {}), **details}} if details else {}),
    }


def _check_desk(
    session: Session, appointment: Appointment, desk: str | None, now: datetime
) -> None:
    """A window of the appointment's day, or of today: people come back."""
    days = (appointment.day, returning.today_at_office(session, appointment, now))
    window = (
        select(Desk.id)
        .join(OpeningSession, OpeningSession.id == Desk.session_id)
        .where(
            OpeningSession.consulate_code == appointment.consulate_code,
            OpeningSession.day.in_(days),
            Desk.name == desk,
        )
    )
    if session.execute(window.limit(1)).first() is None:
        raise DeskNotOpen(field="desk")


def cancel(
    session: Session,
    appointment_id: UUID,
    *,
    now: datetime,
    actor: audit.Actor,
    limits: BookingLimits = PRODUCTION_LIMITS,
) -> Appointment:
    """Give the places back, after a delay drawn by lot. Raises NotFound, `WrongState`."""
    appointment = take_step(session, TakeStep(appointment_id, Step.CANCEL), now=now, actor=actor)
    free_later(session, appointment, limits=limits, now=now)
    return appointment
