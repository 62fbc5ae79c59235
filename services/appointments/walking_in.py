"""Give a ticket to somebody who comes without an appointment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.appointments.errors import DayFull, ServiceNotOffered, TicketTaken
from services.appointments.lifecycle import LIFECYCLE, count_members, list_members
from services.appointments.maximums import count_walk_in
from services.appointments.models import Appointment, Member, Visit
from services.appointments.returning import today_at_office
from services.appointments.rules import Status
from services.citizens.models import Person
from services.citizens.people import PersonData, make_person
from services.consulates.queries import list_services
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.db import violated_constraint
from services.kernel.ids import FolioKind, new_folio, new_id

_TAKEN = ("pk_appointments", "uq_appointments_folio")


@dataclass(frozen=True)
class GiveTicket:
    """For whom and what; the name may be empty, and then the folio says who it is. ``id`` and
    ``folio`` of a ticket that was handed out already (`blank_tickets`)."""

    consulate: str
    service: str
    given_names: str = ""
    first_surname: str = ""
    priority: bool = False
    language: str = "es"
    id: UUID | None = None
    folio: str | None = None


def blank_tickets(count: int) -> list[tuple[UUID, str]]:
    """Ids and folios to be given out without the network. They are drawn as those of any ticket,
    so none is like another's; the database has the last word when they are used."""
    return [(new_id(), new_folio(FolioKind.APPOINTMENT)) for _ in range(count)]


def give_ticket(
    session: Session, command: GiveTicket, *, now: datetime, actor: Actor, vault: Vault
) -> Appointment:
    """Somebody waits from now on, after those whose time is before. They hold no seat and no claim:
    nobody's appointment is touched. Raises `ServiceNotOffered`, `DayFull`, `TicketTaken`."""
    service = next((row for row in list_services(session) if row.code == command.service), None)
    if service is None:
        raise ServiceNotOffered()
    named = PersonData(command.given_names, command.first_surname, None, None)
    person = make_person(named, account=None, consulate=command.consulate, now=now, vault=vault)
    ticket = Appointment(
        id=command.id or new_id(),
        folio=command.folio or new_folio(FolioKind.APPOINTMENT),
        consulate_code=command.consulate,
        services=[command.service],
        starts_at=now,
        ends_at=now + timedelta(minutes=service.minutes),
        status=Status.CHECKED_IN,
        language=command.language,
        created_at=now,
        changed_at=now,
        people=1,
        walk_in=True,
    )
    ticket.day = today_at_office(session, ticket, now)
    # Whoever got theirs without the network has been let in.
    let_in = command.id is not None
    if not count_walk_in(session, ticket.consulate_code, ticket.day, command.service, let_in):
        raise DayFull()
    _receive(session, ticket, person, priority=command.priority)
    count_members(session, ticket, list_members(session, ticket), now=now)
    LIFECYCLE.record(session, ticket, now=now, actor=actor, action="appointment.walk_in")
    return ticket


def _receive(session: Session, ticket: Appointment, person: Person, *, priority: bool) -> None:
    """Write down who waits, and from when on."""
    session.add_all([person, ticket])
    try:
        session.flush()
    except IntegrityError as error:
        if violated_constraint(error) in _TAKEN:
            raise TicketTaken() from error
        raise
    session.add(
        Member(
            appointment_id=ticket.id,
            n=1,
            person_id=person.id,
            folio=ticket.folio,
            status=Status.CHECKED_IN,
            changed_at=ticket.starts_at,
        )
    )
    session.flush()
    session.add(
        Visit(
            appointment_id=ticket.id,
            n=1,
            consulate_code=ticket.consulate_code,
            day=ticket.day,
            due_at=ticket.starts_at,
            arrived_at=ticket.starts_at,
            priority=priority,
            services=ticket.services,
        )
    )
