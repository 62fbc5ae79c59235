"""Write down who has a ticket that was given without a name, once they say it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.appointments.lifecycle import LIFECYCLE, count_members, list_members, note_ages
from services.appointments.models import Appointment
from services.appointments.rules import LIVE, Status
from services.citizens.models import Person
from services.citizens.people import PersonData, make_person
from services.kernel import audit
from services.kernel.crypto import Vault
from services.kernel.errors import WrongState


@dataclass(frozen=True)
class NameTicket:
    """Whose ticket it is, as they say or as their document says."""

    appointment: UUID
    given_names: str
    first_surname: str
    second_surname: str | None = None
    birth_date: date | None = None


def is_nameless(appointment: Appointment, person: Person) -> bool:
    """Whether it is a ticket that waits for a name: nobody wrote one yet, and it isn't done."""
    if not appointment.walk_in or Status(appointment.status) not in LIVE:
        return False
    return not (person.given_names or person.first_surname or person.erased_at)


def may_correct(appointment: Appointment, person: Person) -> bool:
    """Whether how the name is written may be corrected: see `spelling`."""
    return (
        Status(appointment.status) in LIVE
        and person.erased_at is None
        and not is_nameless(appointment, person)
    )


def name_ticket(
    session: Session, command: NameTicket, *, now: datetime, actor: audit.Actor, vault: Vault
) -> Appointment:
    """The ticket is of a named row of people from then on. Raises NotFound, `WrongState` for one
    that has a name, or is done."""
    appointment = LIFECYCLE.lock(session, command.appointment)
    member = list_members(session, appointment)[0]
    if not is_nameless(appointment, session.get_one(Person, member.person_id)):
        raise WrongState(state=appointment.status)
    named = PersonData(
        command.given_names, command.first_surname, command.second_surname, command.birth_date
    )
    person = make_person(
        named, account=None, consulate=appointment.consulate_code, now=now, vault=vault
    )
    session.add(person)
    session.flush()
    count_members(session, appointment, [member], now=now, sign=-1)
    member.person_id = person.id
    note_ages(session, appointment, [member])
    count_members(session, appointment, [member], now=now)
    subject = audit.Subject.of("appointment", appointment)
    audit.record(session, subject, action="appointment.name_ticket", now=now, actor=actor)
    return appointment
