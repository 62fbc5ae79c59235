"""How long services take at an office, from a day on; a supervisor decides it.

Nothing is published: a service that nobody has set a duration for takes a slot, whatever its
length. Bookings keep the time that they were promised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.appointments.models import OpeningSession, ServiceDuration, Slot
from services.appointments.rules import slots_of_services
from services.appointments.service_rules import decide, list_decided
from services.consulates.queries import get_service
from services.kernel import audit
from services.kernel.ids import new_id


def expected_minutes(
    session: Session, consulate: str, start: datetime, services: Sequence[str]
) -> int | None:
    """How long the services take one person who starts then; None where there is no such start."""
    opening = session.execute(
        select(OpeningSession.slot_minutes, OpeningSession.service_slots)
        .join(Slot, Slot.session_id == OpeningSession.id)
        .where(Slot.consulate_code == consulate, Slot.starts_at == start)
        .order_by(Slot.place_id.nulls_first())
        .limit(1)
    ).first()
    if opening is None:
        return None
    slots = sum(opening.service_slots.get(code, 1) for code in services)
    return int(slots * opening.slot_minutes)


@dataclass(frozen=True)
class SetDuration:
    """``minutes`` None: a slot again. In force at the actor's office from a day on."""

    service: str
    minutes: int | None
    valid_from: date


@dataclass(frozen=True)
class Durations:
    """An office's durations, by service and day."""

    rows: Sequence[ServiceDuration]

    def on(self, day: date) -> dict[str, int]:
        """Service -> minutes in force on ``day``."""
        in_force = {row.service_code: row.minutes for row in self.rows if row.valid_from <= day}
        return {code: minutes for code, minutes in in_force.items() if minutes}


def durations_of(session: Session, consulate: str) -> Durations:
    """All that were set at an office, the earliest first."""
    return Durations(list_decided(session, ServiceDuration, consulate))


_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('durations ' || :office, 0))")


def set_duration(
    session: Session, command: SetDuration, *, now: datetime, actor: audit.Actor
) -> Sequence[ServiceDuration]:
    """Set it, for new bookings in sessions that are open already too; those that said minutes of
    their own keep them. Returns all durations of the office. Raises NotFound for the service.
    """
    office = actor.consulate or ""
    get_service(session, command.service)
    session.execute(_LOCK, {"office": office})
    decide(
        session,
        ServiceDuration,
        command.service,
        command.valid_from,
        minutes=command.minutes,
        now=now,
        actor=actor,
    )
    durations = durations_of(session, office)
    _change_sessions(session, office, command, durations)
    subject = audit.Subject("service_duration", new_id(), consulate=office)
    audit.record(session, subject, action="duration.set", now=now, actor=actor)
    return durations.rows


def _change_sessions(
    session: Session, office: str, command: SetDuration, durations: Durations
) -> None:
    openings = session.scalars(
        select(OpeningSession)
        .where(
            OpeningSession.consulate_code == office,
            OpeningSession.day >= command.valid_from,
            OpeningSession.closed_at.is_(None),
        )
        .order_by(OpeningSession.id)
        .with_for_update(key_share=True)
    )
    for opening in openings:
        minutes = {**durations.on(opening.day), **opening.service_minutes}
        opening.service_slots = slots_of_services(minutes, opening.slot_minutes)
    session.flush()
