"""Correct the name of a recipient before they are paid: free, screened again, and audited.

What was ordered is never changed: a correction is a row of its own that names another person, and
the workers alone make it the name that the transfer is paid under. Where no order can have reached
the agency that is at once; afterwards it is a correction of the agency's under a key of its own,
and counts once the agency has taken it, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.citizens.models import Person
from services.citizens.people import PersonData, make_person, open_person
from services.kernel import audit
from services.kernel.audit import SYSTEM, Actor
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound, WrongState
from services.kernel.tables import append_numbered, list_numbered
from services.outbox.delivery import enqueue
from services.remittances.errors import AlreadyPaid, CorrectionPending, TooManyCorrections
from services.remittances.lifecycle import LIFECYCLE
from services.remittances.models import NameCorrection, Remittance
from services.remittances.payout import reached_agency
from services.remittances.rules import CORRECTABLE, MOST_CORRECTIONS, CorrectionState, Status
from services.remittances.screening import screen_again

TOPIC = "remittances.correct_name"
TOO_LATE = "too_late"


@dataclass(frozen=True)
class RecipientName:
    """The name as it stands on the recipient's identification."""

    given_names: str
    first_surname: str
    second_surname: str | None = None


@dataclass(frozen=True)
class CorrectionTask:
    """A correction that the agency is to take, under its key."""

    remittance: UUID
    number: int
    folio: str
    name: RecipientName = field(repr=False)

    @property
    def key(self) -> str:
        """By it the agency takes the correction once."""
        return f"{self.folio}N{self.number}"


def correct_name(
    session: Session,
    remittance_id: UUID,
    name: RecipientName,
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
) -> Remittance:
    """Ask for it; the workers carry it out. The same name again changes nothing.

    Raises NotFound, `AlreadyPaid`, `WrongState`, `CorrectionPending`, `TooManyCorrections`.
    """
    remittance = LIFECYCLE.lock(session, remittance_id)
    if remittance.account_id != actor.account_id:
        raise NotFound()
    _refuse_dues(remittance)
    _refuse_ended(Status(remittance.status))
    before = list_corrections(session, remittance_id)
    if any(each.state == CorrectionState.ASKED for each in before):
        raise CorrectionPending()
    if name == _name(remittance.payee):
        return remittance
    if len(before) >= MOST_CORRECTIONS:
        raise TooManyCorrections(most=MOST_CORRECTIONS)
    _add(session, remittance, name, now=now, vault=vault)
    subject = audit.Subject.of("remittance", remittance)
    audit.record(session, subject, action="remittance.correct_name", now=now, actor=actor)
    enqueue(session, TOPIC, remittance_id)
    return remittance


def list_corrections(session: Session, remittance: UUID) -> Sequence[NameCorrection]:
    """List the corrections of a remittance, the oldest first."""
    return list_numbered(session, NameCorrection, remittance_id=remittance)


def claim_correction(
    session: Session, remittance_id: UUID, *, now: datetime
) -> CorrectionTask | None:
    """What the agency is to take; None when nothing is left to ask of it.

    Where no order can have reached the agency, the name is corrected here.
    """
    remittance = LIFECYCLE.lock(session, remittance_id)
    asked = _find_asked(session, remittance_id)
    if asked is None:
        return None
    if reached_agency(session, remittance_id):
        # Also once it is paid: an answer to the same question may have been lost before.
        return CorrectionTask(
            remittance_id, asked.position, remittance.folio, _name(_person(session, asked))
        )
    if Status(remittance.status) in CORRECTABLE:
        _apply(session, remittance, asked, now=now)
    else:
        _settle(session, asked, CorrectionState.REFUSED, now, TOO_LATE)
    return None


def settle_correction(session: Session, task: CorrectionTask, *, now: datetime) -> None:
    """The agency pays to that name now: so do we say."""
    remittance = LIFECYCLE.lock(session, task.remittance)
    asked = _find_asked(session, task.remittance)
    if asked is not None and asked.position == task.number:
        _apply(session, remittance, asked, now=now)


def refuse_correction(
    session: Session, task: CorrectionTask, reason_code: str, *, now: datetime
) -> None:
    """The agency doesn't pay to that name; the one before stays."""
    LIFECYCLE.lock(session, task.remittance)
    asked = _find_asked(session, task.remittance)
    if asked is not None and asked.position == task.number:
        _settle(session, asked, CorrectionState.REFUSED, now, reason_code)


def _apply(
    session: Session, remittance: Remittance, asked: NameCorrection, *, now: datetime
) -> None:
    remittance.corrected = _person(session, asked)
    _settle(session, asked, CorrectionState.DONE, now)
    subject = audit.Subject.of("remittance", remittance)
    audit.record(session, subject, action="remittance.name_corrected", now=now, actor=SYSTEM)
    session.flush()
    screen_again(session, remittance.id, now=now, corrected=True)
    if Status(remittance.status) is Status.AVAILABLE and remittance.recipient.phone_sealed:
        enqueue(session, "remittances.tell_recipient", remittance.id)


def _refuse_dues(remittance: Remittance) -> None:
    """They are paid by their line, whose name is the enrollment's."""
    if remittance.enrollment_id is not None:
        raise WrongState(state=remittance.status)


def _refuse_ended(status: Status) -> None:
    if status is Status.PAID:
        raise AlreadyPaid()
    if status not in CORRECTABLE:
        raise WrongState(state=status)


def _add(
    session: Session, remittance: Remittance, name: RecipientName, *, now: datetime, vault: Vault
) -> None:
    phone = open_person(remittance.recipient, vault).phone
    named = PersonData(name.given_names, name.first_surname, name.second_surname, None, phone=phone)
    person = make_person(named, account=remittance.account_id, now=now, vault=vault)
    session.add(person)
    session.flush()
    append_numbered(
        session,
        NameCorrection,
        {
            "remittance_id": remittance.id,
            "person_id": person.id,
            "state": CorrectionState.ASKED,
            "asked_at": now,
        },
        owner="remittance_id",
    )


def _find_asked(session: Session, remittance: UUID) -> NameCorrection | None:
    return session.scalar(
        select(NameCorrection).where(
            NameCorrection.remittance_id == remittance,
            NameCorrection.state == CorrectionState.ASKED,
        )
    )


def _settle(
    session: Session,
    asked: NameCorrection,
    state: CorrectionState,
    now: datetime,
    reason_code: str | None = None,
) -> None:
    asked.state, asked.settled_at, asked.reason_code = state.value, now, reason_code
    session.flush()


def _person(session: Session, asked: NameCorrection) -> Person:
    return session.get_one(Person, asked.person_id)


def _name(person: Person) -> RecipientName:
    return RecipientName(person.given_names, person.first_surname, person.second_surname)
