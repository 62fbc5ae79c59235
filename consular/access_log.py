"""Record in the audit each time staff open a person's data; the person can list these entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from consular.auth import actor, now
from services.appointments.models import Appointment
from services.appointments.queries import get_appointment
from services.appointments.returning import beyond_today
from services.kernel import audit


def record_reading(session: Session, kind: str, thing: Any) -> None:
    """Record that staff read a person's appointment, enrollment or document; one's own is none."""
    _record(session, f"{kind}.read", kind, [thing])


def read_appointment(session: Session, id: UUID) -> Appointment:
    """One appointment; that staff read it is recorded. Raises NotFound."""
    row = get_appointment(session, id)
    record_reading(session, "appointment", row)
    return row


def record_list(session: Session, kind: str, things: Sequence[Any]) -> None:
    """Record a list that was looked at: an entry for each of the people in it."""
    _record(session, f"{kind}.list", kind, things)


def record_agenda(session: Session, appointments: Sequence[Any], *, searched: bool = False) -> None:
    """The same for appointments, but for today's agenda of one's own office: it is looked at all
    day long. Whoever was ``searched`` for by name or folio is named, whatever their day."""
    if actor().consulate and not searched:
        appointments = beyond_today(session, appointments, now=now())
    record_list(session, "appointment", appointments)


def _record(session: Session, action: str, kind: str, things: Sequence[Any]) -> None:
    asking = actor()
    if not asking.is_citizen:
        subjects = [audit.Subject.of(kind, each) for each in things]
        audit.record(session, *subjects, action=action, now=now(), actor=asking)
