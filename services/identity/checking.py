"""At a window, somebody proves who they are while another account holds something in their name.

An officer records what document was seen; on the same day they may then act on it
(`services.processes.identity_checks`). Needs the scope of the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.citizens.accounts import sign_in
from services.citizens.models import Account, Person
from services.citizens.people import PersonData, make_person, person_keys
from services.identity.models import IdentityCheck
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound
from services.kernel.ids import FolioKind, new_folio, new_id, parse_folio

# How long after the document was seen an officer of that office may act on it.
GOOD_FOR = timedelta(hours=12)


class Subject(StrEnum):
    """What somebody may hold in a person's name."""

    APPOINTMENT = "appointment"
    ENROLLMENT = "enrollment"


@dataclass(frozen=True)
class CheckIdentity:
    """``person`` as in the ``document`` that was seen. ``folio``: of the refused request, which
    names the person's account; else their e-mail or phone does, when they have one."""

    person: PersonData
    document: str
    folio: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True)
class Held:
    """Something that an account holds in the person's name: an appointment for a ``service``, or
    an enrollment in that program. Its id, folio and time are told to its own office only.
    ``at_agency``: an agency has the request, which nobody can call back."""

    kind: Subject
    service: str
    here: bool = False
    id: UUID | None = None
    folio: str | None = None
    starts_at: datetime | None = None
    at_agency: bool = False

    @property
    def appointment(self) -> UUID | None:
        """The id of the appointment, where it is one."""
        return self.id if self.kind is Subject.APPOINTMENT else None

    @property
    def enrollment(self) -> UUID | None:
        """The id of the enrollment, where it is one."""
        return self.id if self.kind is Subject.ENROLLMENT else None


def check_identity(
    session: Session, command: CheckIdentity, *, now: datetime, actor: Actor, vault: Vault
) -> IdentityCheck:
    """Record that somebody's document was seen. Raises NotFound for a folio that isn't that
    person's, or was used."""
    keys = person_keys(command.person, vault)
    waiting = _waiting(session, command.folio, keys) if command.folio else None
    account = waiting.account_id if waiting else _account(session, command, now=now, vault=vault)
    named = replace(command.person, email=command.email, phone=command.phone)
    person = make_person(named, account=account, consulate=actor.consulate, now=now, vault=vault)
    session.add(person)
    session.flush()
    check = waiting or IdentityCheck(
        id=new_id(),
        folio=new_folio(FolioKind.IDENTITY_CHECK),
        account_id=account,
        created_at=now,
    )
    check.person_id, check.person_keys = person.id, keys
    check.consulate_code, check.document = actor.consulate, command.document
    check.checked_by, check.checked_at = actor.account_id, now
    session.add(check)
    session.flush()
    note_check(session, check, "check", now=now, actor=actor)
    return check


def get_check(session: Session, check_id: UUID, *, now: datetime, actor: Actor) -> IdentityCheck:
    """Return a check of the officer's office and day, or what the account proved itself. Raises
    NotFound."""
    check = session.get(IdentityCheck, check_id)
    if check is None or check.checked_at is None or check.consulate_code != actor.consulate:
        raise NotFound()
    if check.consulate_code is None and check.account_id != actor.account_id:
        raise NotFound()
    if check.checked_at < now - GOOD_FOR:
        raise NotFound()
    return check


def get_account_of(session: Session, check: UUID) -> UUID | None:
    """The account that the check is about."""
    return session.scalar(select(IdentityCheck.account_id).where(IdentityCheck.id == check))


def get_person(session: Session, check: IdentityCheck) -> Person:
    """Return the person as in the document that was seen."""
    return session.get_one(Person, check.person_id)


def give_account(session: Session, check: IdentityCheck, *, now: datetime) -> None:
    """An account without a sign-in for who has neither e-mail nor phone: the office and the folio
    stand for them."""
    if check.account_id is None:
        account = Account(id=new_id(), created_at=now)
        session.add(account)
        session.flush()
        check.account_id = account.id


def ask_for_check(
    session: Session,
    account: UUID,
    keys: Sequence[bytes],
    *,
    now: datetime,
    corrects: bool = False,
) -> str:
    """The folio to show at a window with a document; the same for the same people until then."""
    waiting = session.scalars(
        select(IdentityCheck.folio).where(
            IdentityCheck.account_id == account,
            IdentityCheck.person_keys == list(keys),
            IdentityCheck.checked_at.is_(None),
            IdentityCheck.corrects.is_(corrects),
        )
    ).first()
    if waiting:
        return waiting
    folio = new_folio(FolioKind.IDENTITY_CHECK)
    session.add(
        IdentityCheck(
            id=new_id(),
            folio=folio,
            account_id=account,
            person_keys=list(keys),
            created_at=now,
            corrects=corrects,
        )
    )
    session.flush()
    return folio


def note_check(
    session: Session, check: IdentityCheck, what: str, *, now: datetime, actor: Actor
) -> None:
    """Audit what was done on account of the check; the person reads it."""
    subject = audit.Subject("identity_check", check.id, check.account_id)
    audit.record(session, subject, action=f"identity.{what}", now=now, actor=actor)


def _waiting(session: Session, folio: str, keys: Sequence[bytes]) -> IdentityCheck:
    check = session.scalars(
        select(IdentityCheck)
        .where(IdentityCheck.folio == parse_folio(folio), IdentityCheck.checked_at.is_(None))
        .with_for_update()
    ).first()
    if check is None or not set(keys) & set(check.person_keys):
        raise NotFound(field="folio")
    return check


def _account(
    session: Session, command: CheckIdentity, *, now: datetime, vault: Vault
) -> UUID | None:
    """The account of whoever signs in with the contact, by a code that is sent there."""
    for channel, address in (("email", command.email), ("sms", command.phone)):
        if address:
            return sign_in(session, issuer=channel, subject=address, now=now, vault=vault)
    return None
