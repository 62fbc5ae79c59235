"""Which steps appointments may take now, for the use case, the API and the pages alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.appointments.errors import TooEarly
from services.appointments.models import Appointment
from services.appointments.returning import list_passes, today_at_offices
from services.appointments.rules import Refusal, Situation, Status, Step, actions, refusal
from services.kernel.errors import WrongState


def list_actions(
    session: Session, appointments: Sequence[Appointment], *, now: datetime
) -> dict[UUID, list[Step]]:
    """The steps that each appointment may take now, by its id."""
    at = _situations(session, appointments, now=now)
    return {id: actions(situation) for id, situation in at.items()}


def check_step(session: Session, appointment: Appointment, step: Step, *, now: datetime) -> None:
    """Raises `TooEarly` or `WrongState` when the appointment can't take the step now."""
    refused = refusal(step, _situations(session, [appointment], now=now)[appointment.id])
    if refused is Refusal.TOO_EARLY:
        raise TooEarly()
    if refused is not None:
        raise WrongState(state=appointment.status)


def _situations(
    session: Session, appointments: Sequence[Appointment], *, now: datetime
) -> dict[UUID, Situation]:
    passes = list_passes(session, appointments, now=now)
    today = today_at_offices(session, appointments, now)
    return {
        appointment.id: Situation(
            status=Status(appointment.status),
            day=appointment.day,
            starts_at=appointment.starts_at,
            now=now,
            today=today[appointment.consulate_code],
            may_return=appointment.id in passes,
        )
        for appointment in appointments
    }
