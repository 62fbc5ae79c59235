"""Find somebody's appointments by name and birth date, for staff who are asked without a folio."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from services.appointments.models import Appointment, ResemblanceKey, Seat
from services.appointments.people import Attendee
from services.appointments.resembling import resemblance_keys
from services.citizens.models import Person
from services.citizens.people import name_keys
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.crypto import Vault

MOST = 20
# Older ones help nobody on the telephone.
LOOKED_BACK = timedelta(days=90)


def find_by_person(
    session: Session, person: Attendee, *, now: datetime, actor: Actor, vault: Vault
) -> Sequence[Appointment]:
    """Appointments that somebody of that name and birth date comes to, the next first; of live ones
    also where the name is written a little otherwise. Each search is an entry of the audit."""
    audit.record(
        session,
        audit.Subject("appointment", None),
        action="appointment.search",
        now=now,
        actor=actor,
    )
    query = (
        select(Appointment)
        .where(_comes(person, vault), Appointment.ends_at > now - LOOKED_BACK)
        .order_by(Appointment.starts_at.desc(), Appointment.id)
        .limit(MOST)
    )
    return session.scalars(query).all()


def _comes(person: Attendee, vault: Vault) -> ColumnElement[bool]:
    """By keyed hashes alone, so that nobody's names are compared."""
    same = exists().where(
        Seat.appointment_id == Appointment.id,
        Person.id == Seat.person_id,
        Person.name_index.in_(name_keys(person, vault)),
    )
    alike = exists().where(
        ResemblanceKey.appointment_id == Appointment.id,
        ResemblanceKey.key.in_(list(resemblance_keys(vault, person))),
    )
    return or_(same, alike)
