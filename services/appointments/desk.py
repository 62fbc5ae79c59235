"""The desk's steps: check in, call, back to waiting, not served, no show; see `completing` too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.appointments import returning, visiting
from services.appointments.errors import AlreadyCalled, DeskNotOpen
from services.appointments.freeing import free_later
from services.appointments.lifecycle import LIFECYCLE, move_members
from services.appointments.models import Appointment, Desk, Member, OpeningSession
from services.appointments.next_in_queue import tell_next
from services.appointments.returning import LATE_ARRIVAL
from services.appointments.rules import (
    LIVE,
    ON_THE_DAY,
    PRODUCTION_LIMITS,
    RETURNABLE,
    STEPS,
    BookingLimits,
    Status,
    Step,
)
from services.appointments.steps import who_may
from services.kernel import audit


@dataclass(frozen=True)
class TakeStep:
    """Move the people of an appointment on who may take the step, or ``only`` one of them, by
    their number. ``details`` are kept with the outcome. Who is not served, or is noted as absent,
    gets a pass to come back, unless ``may_return`` says no."""

    appointment: UUID
    step: Step
    desk: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    may_return: bool = True
    only: int | None = None


def take_step(
    session: Session, command: TakeStep, *, now: datetime, actor: audit.Actor
) -> Appointment:
    """Compare and swap on the status; calling again from the same desk changes nothing.

    Raises NotFound, `WrongState`, `TooEarly`, `DeskNotOpen`, `AlreadyCalled` by another desk.
    """
    appointment = LIFECYCLE.lock(session, command.appointment)
    moving = who_may(session, appointment, command.step, now=now, only=command.only)
    if command.step is Step.CALL:
        moving = _to_be_called(session, appointment, moving, command, now)
    if moving:
        _move(session, appointment, moving, command, now=now, actor=actor)
    return appointment


def _move(
    session: Session,
    appointment: Appointment,
    moving: Sequence[Member],
    command: TakeStep,
    *,
    now: datetime,
    actor: audit.Actor,
) -> None:
    for member in moving:
        if Status(member.status) in RETURNABLE:
            returning.use_pass(session, appointment, member, now=now)
    after = STEPS[command.step][1]
    if command.step in ON_THE_DAY:
        visiting.remember(session, appointment, moving, command.step, after, now=now)
    move_members(
        session,
        appointment,
        moving,
        after,
        now=now,
        actor=actor,
        action=f"appointment.{command.step}",
        columns_of=lambda member: _noted(member, member, appointment, command, now),
        **_noted(appointment, moving[0], appointment, command, now),
    )
    _follow_up(session, appointment, moving, after, command, now)
    visiting.note_visits(session, appointment, moving, command.step, now=now, actor=actor)
    if command.step in ON_THE_DAY:
        today = returning.today_at_office(session, appointment, now)
        tell_next(session, appointment.consulate_code, today, now=now)


def _follow_up(
    session: Session,
    appointment: Appointment,
    moved: Sequence[Member],
    after: Status,
    command: TakeStep,
    now: datetime,
) -> None:
    """What becomes of the claims of who is done, and of the appointment that is over."""
    if appointment.status not in LIVE:
        appointment.address_index = None
    if appointment.status == Status.CANCELLED:
        appointment.sequence += 1
    for member in moved:
        if after in RETURNABLE and command.may_return:
            returning.give_pass(session, appointment, member, now=now)
        elif after not in LIVE:
            returning.drop_claims(session, appointment, member)
    session.flush()


def _noted(
    row: Appointment | Member,
    member: Member,
    appointment: Appointment,
    command: TakeStep,
    now: datetime,
) -> dict[str, Any]:
    """Columns that change with the status, of a person or of the appointment: the desk, and what
    was noted."""
    details = dict(command.details)
    if member.status == Status.NO_SHOW:
        # Their place stays that of the appointment's own time.
        details[LATE_ARRIVAL] = {
            "start": appointment.starts_at.isoformat(),
            "absent_at": member.changed_at.isoformat(),
            "arrived_at": now.isoformat(),
        }
    waits = STEPS[command.step][1] is Status.CHECKED_IN
    return {
        "desk": None if waits else command.desk or row.desk,
        **({"outcome": {**(row.outcome or {}), **details}} if details else {}),
    }


def _to_be_called(
    session: Session,
    appointment: Appointment,
    members: Sequence[Member],
    command: TakeStep,
    now: datetime,
) -> list[Member]:
    """Who of them isn't at that desk yet. Raises `AlreadyCalled` when all are at another."""
    _check_desk(session, appointment, command.desk, now)
    waiting = [member for member in members if Status(member.status) is not Status.CALLED]
    for desk in [member.desk for member in members if member not in waiting]:
        if desk and desk != command.desk and not waiting:
            raise AlreadyCalled(desk)
    return waiting


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
            Desk.removed_at.is_(None),
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
    only: int | None = None,
) -> Appointment:
    """Give the places of all back, or of ``only`` one of them, after a delay drawn by lot. Raises
    NotFound, `WrongState`."""
    step = TakeStep(appointment_id, Step.CANCEL, only=only)
    appointment = LIFECYCLE.lock(session, appointment_id)
    leaving = who_may(session, appointment, Step.CANCEL, now=now, only=only)
    _move(session, appointment, leaving, step, now=now, actor=actor)
    free_later(session, appointment, leaving, limits=limits, now=now)
    return appointment
