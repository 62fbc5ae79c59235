"""Write down before coming what the desk would ask: sealed, and verified there, not typed again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.appointments.lifecycle import list_members
from services.appointments.models import Appointment, Member, PreApplication
from services.appointments.pre_application_forms import fields_of
from services.appointments.queries import get_appointment
from services.appointments.rules import LIVE, Status
from services.citizens.models import Person
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound, WrongState

_PLACE = "pre_applications.answers"


@dataclass(frozen=True)
class Written:
    """What one person of an appointment wrote, or nothing yet. ``person`` counts from one."""

    person: int
    who: Person
    answers: Mapping[str, Any]
    changed_at: datetime | None = None
    verified_at: datetime | None = None


def write(
    session: Session,
    appointment: UUID,
    person: int,
    answers: Mapping[str, Any],
    *,
    now: datetime,
    vault: Vault,
) -> Written:
    """Keep the answers; those of before go, and what the desk verified has to be seen again.

    ``answers`` are checked already. Raises NotFound, also where its services ask for nothing;
    `WrongState` once the person is received or the appointment is over.
    """
    row, who = find_open(session, appointment, person, now=now)
    sealed = vault.unwrap(key_of(who), who.id).seal(json.dumps(answers), place=_PLACE, row=who.id)
    values = {"answers_sealed": sealed, "changed_at": now, "verified_at": None, "verified_by": None}
    session.execute(
        insert(PreApplication)
        .values(appointment_id=row.id, person_id=who.id, **values)
        .on_conflict_do_update(index_elements=["appointment_id", "person_id"], set_=values)
    )
    return Written(person, who, answers, now)


def find_open(
    session: Session, appointment: UUID, person: int, *, now: datetime
) -> tuple[Appointment, Person]:
    """The appointment and the person who may still change what they write. Raises NotFound, also
    where its services ask for nothing; `WrongState` once the person is received or it is over."""
    row = get_appointment(session, appointment)
    if row.status != Status.BOOKED or row.starts_at <= now:
        raise WrongState(state=row.status)
    return row, _person(session, row, person)


def read(session: Session, row: Appointment, person: int, vault: Vault) -> Written:
    """What that person wrote. Raises NotFound, also where its services ask for nothing."""
    who = _person(session, row, person)
    kept = session.get(PreApplication, (row.id, who.id), populate_existing=True)
    if kept is None or who.data_key is None:
        return Written(person, who, {})
    key = vault.unwrap(who.data_key, who.id)
    answers = json.loads(key.open(kept.answers_sealed, place=_PLACE, row=who.id))
    return Written(person, who, answers, kept.changed_at, kept.verified_at)


def read_all(session: Session, row: Appointment, vault: Vault) -> list[Written]:
    """What each person wrote, in order; nothing where the services ask for nothing."""
    if not fields_of(row.services):
        return []
    return [read(session, row, each.n, vault) for each in list_members(session, row)]


def verify(
    session: Session, appointment: UUID, person: int, *, now: datetime, actor: Actor
) -> None:
    """An officer compared it with the documents. Raises NotFound, `WrongState` without answers or
    once the appointment is over."""
    row = get_appointment(session, appointment)
    who = _person(session, row, person)
    kept = session.get(PreApplication, (row.id, who.id), with_for_update=True)
    if row.status not in LIVE or kept is None:
        raise WrongState(state=row.status)
    kept.verified_at, kept.verified_by = now, actor.account_id
    session.flush()
    subject = audit.Subject.of("appointment", row)
    audit.record(
        session, subject, action="appointment.verify_pre_application", now=now, actor=actor
    )


def _person(session: Session, row: Appointment, person: int) -> Person:
    who = session.scalars(
        select(Person)
        .join(Member, Member.person_id == Person.id)
        .where(Member.appointment_id == row.id, Member.n == person)
    ).one_or_none()
    if who is None or not fields_of(row.services):
        raise NotFound()
    return who


def key_of(who: Person) -> bytes:
    """Raises NotFound for somebody who is forgotten."""
    if who.data_key is None:
        raise NotFound()
    return who.data_key
