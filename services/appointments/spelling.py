"""An officer corrects how somebody's names are written, as their document says.

Places are bound to the person, typing errors are not. Who was named stays as a row of people; the
corrected names are another, of whom the places are from then on. The birth date stays, and the
names are like those of who was booked, however often they are corrected: a place isn't handed on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from services.appointments import returning
from services.appointments.errors import NotASpelling
from services.appointments.lifecycle import LIFECYCLE, list_members
from services.appointments.models import Appointment, Claim, Member, ResemblanceKey, Seat
from services.appointments.rules import LIVE, is_spelling_of
from services.citizens.models import Person
from services.citizens.people import make_person, open_person
from services.identity.homonyms import claim_keys
from services.kernel import audit
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound, WrongState
from services.outbox.delivery import enqueue


@dataclass(frozen=True)
class CorrectSpelling:
    """Names of the person ``n`` of an appointment, as in the document that the officer saw."""

    appointment: UUID
    n: int
    given_names: str
    first_surname: str
    second_surname: str | None = None


def correct_spelling(
    session: Session,
    command: CorrectSpelling,
    *,
    now: datetime,
    actor: audit.Actor,
    vault: Vault,
) -> Appointment:
    """Raises NotFound, `WrongState` once they are done, `NotASpelling`, `ClaimTaken` when somebody
    else holds a place under these names and birth date."""
    appointment = LIFECYCLE.lock(session, command.appointment)
    member = next((m for m in list_members(session, appointment) if m.n == command.n), None)
    if member is None:
        raise NotFound()
    if member.status not in LIVE:
        raise WrongState(state=member.status)
    person = session.get_one(Person, member.person_id)
    before = open_person(person, vault)
    booked = session.get(Person, member.booked_as or person.id) or person
    if not is_spelling_of(command, booked):
        raise NotASpelling(field="given_names")
    corrected = replace(
        before,
        given_names=command.given_names,
        first_surname=command.first_surname,
        second_surname=command.second_surname,
    )
    account = appointment.account_id
    held = set(claim_keys(session, vault, before, account))
    wanted = set(claim_keys(session, vault, corrected, account))
    after = make_person(
        corrected, account=account, consulate=appointment.consulate_code, now=now, vault=vault
    )
    session.add(after)
    session.flush()
    _replace(session, appointment, member, after.id)
    if not appointment.walk_in:  # a ticket holds no claim
        theirs = Claim.appointment_id == appointment.id, Claim.person_key.in_(held - wanted)
        session.execute(delete(Claim).where(*theirs))
        returning.take_claims(session, appointment, sorted(wanted - held), n=member.n)
    subject = audit.Subject.of("appointment", appointment)
    audit.record(session, subject, action="appointment.correct_spelling", now=now, actor=actor)
    enqueue(session, "appointments.compare_people", appointment.id)
    return appointment


def _replace(session: Session, appointment: Appointment, member: Member, after: UUID) -> None:
    """Everything of the appointment that says who comes says the corrected one."""
    before = member.person_id
    seats = Seat.appointment_id == appointment.id, Seat.person_id == before
    session.execute(update(Seat).where(*seats).values(person_id=after))
    keys = ResemblanceKey.appointment_id == appointment.id, ResemblanceKey.person_id == before
    session.execute(delete(ResemblanceKey).where(*keys))
    member.person_id, member.booked_as = after, member.booked_as or before
    session.flush()
