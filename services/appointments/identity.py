"""At a window, somebody proves who they are while another account holds a place in their name.

The officer takes the place over for them, ends the other's claim, or tells two people of one name
and birth date apart: in any office of the network. Each needs a check of identity on the same day,
is in the audit, and is told to the other account as any cancellation is, without whose check it
was. Everything here needs the scope of the network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.appointments.desk import TakeStep, cancel, take_step
from services.appointments.errors import AccountOrCurpRequired, ClaimTaken, NobodyElse
from services.appointments.models import (
    Appointment,
    Claim,
    Homonym,
    IdentityCheck,
    ResemblanceKey,
    Seat,
)
from services.appointments.people import Attendee, holders_keys
from services.appointments.queries import list_attendees
from services.appointments.rules import BookingLimits, Status, Step
from services.citizens.accounts import sign_in
from services.citizens.models import Account, Person
from services.citizens.people import PersonData, make_person, open_person, person_keys
from services.facts.recording import record_party
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound
from services.kernel.ids import FolioKind, new_folio, new_id, parse_folio
from services.outbox.delivery import enqueue

# How long after the document was seen an officer of that office may act on it.
GOOD_FOR = timedelta(hours=12)


@dataclass(frozen=True)
class CheckIdentity:
    """``person`` as in the ``document`` that was seen. ``folio``: of the refused request, which
    names the person's account; else their e-mail or phone does, when they have one."""

    person: Attendee
    document: str
    folio: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True)
class Held:
    """A place that another account holds in the person's name. What it is and when, only the
    office itself is told."""

    service: str
    here: bool
    appointment: UUID | None
    folio: str | None
    starts_at: datetime | None


def check_identity(
    session: Session, command: CheckIdentity, *, now: datetime, actor: Actor, vault: Vault
) -> IdentityCheck:
    """Record that somebody's document was seen. Raises NotFound for a folio that isn't that
    person's, or was used."""
    keys = person_keys(command.person, vault)
    waiting = _waiting(session, command.folio, keys) if command.folio else None
    account = waiting.account_id if waiting else _account(session, command, now=now, vault=vault)
    named = replace(command.person, email=command.email, phone=command.phone)
    person = _add_person(session, named, account, actor.consulate, now=now, vault=vault)
    found = waiting or IdentityCheck(
        id=new_id(),
        folio=new_folio(FolioKind.IDENTITY_CHECK),
        account_id=account,
        created_at=now,
    )
    found.person_id, found.person_keys = person.id, keys
    found.consulate_code, found.document = actor.consulate, command.document
    found.checked_by, found.checked_at = actor.account_id, now
    session.add(found)
    session.flush()
    _note(session, found, "check", now=now, actor=actor)
    return found


def get_check(session: Session, check: UUID, *, now: datetime, actor: Actor) -> IdentityCheck:
    """Of the officer's office and day. Raises NotFound."""
    found = session.get(IdentityCheck, check)
    if found is None or found.checked_at is None or found.consulate_code != actor.consulate:
        raise NotFound()
    if found.checked_at < now - GOOD_FOR:
        raise NotFound()
    return found


def get_person(session: Session, check: IdentityCheck) -> Person:
    """As in the document that was seen."""
    return session.get_one(Person, check.person_id)


def list_held(session: Session, check: IdentityCheck) -> list[Held]:
    """What others hold in the person's name, by service."""
    found = session.execute(
        select(Claim.service_code, Appointment)
        .join(Appointment, Appointment.id == Claim.appointment_id)
        .where(*_by_others(session, check))
        .distinct()
        .order_by(Claim.service_code)
    ).all()
    return [
        _held(service, row, row.consulate_code == check.consulate_code) for service, row in found
    ]


def list_own(session: Session, check: IdentityCheck) -> list[Held]:
    """What the person holds themselves. The folio is theirs to be told, of any office."""
    if check.account_id is None:
        return []
    keys = holders_keys(session, check.person_keys, check.account_id)
    found = session.execute(
        select(Claim.service_code, Appointment)
        .join(Appointment, Appointment.id == Claim.appointment_id)
        .where(Claim.person_key.in_(keys), Claim.account_id == check.account_id)
        .distinct()
        .order_by(Claim.service_code)
    ).all()
    here = check.consulate_code
    return [
        replace(_held(service, row, row.consulate_code == here), folio=row.folio)
        for service, row in found
    ]


def take_over(
    session: Session, check: UUID, service: str, *, now: datetime, actor: Actor, vault: Vault
) -> Appointment:
    """The person gets the place that another account holds in their name, under a folio of its
    own. Raises NotFound, `NobodyElse`, `WrongState` once it has begun, `ClaimTaken`."""
    found = get_check(session, check, now=now, actor=actor)
    if found.account_id is None:
        found.account_id = _account_without_sign_in(session, now=now)
    first, *others = _set_apart(session, found, service, now=now, vault=vault)
    for other in others:
        cancel(session, other.id, now=now, actor=actor)
    # Its place isn't freed: it goes on to the person.
    take_step(session, TakeStep(first.id, Step.CANCEL), now=now, actor=actor)
    made = _rebook(session, found, first, now=now, vault=vault)
    enqueue(session, "appointments.confirmation", made.id)
    _note_appointment(session, made, "take_over", now=now, actor=actor)
    return made


def release(
    session: Session,
    check: UUID,
    service: str,
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
    limits: BookingLimits,
) -> None:
    """End what others hold in the person's name, who may then book. Raises NotFound,
    `NobodyElse`, `WrongState` once it has begun."""
    found = get_check(session, check, now=now, actor=actor)
    for apart in _set_apart(session, found, service, now=now, vault=vault):
        cancel(session, apart.id, now=now, actor=actor, limits=limits)
    _note(session, found, "release", now=now, actor=actor)


def tell_apart(session: Session, check: UUID, *, now: datetime, actor: Actor, vault: Vault) -> None:
    """From now on this person books under a key of their own, beside the other of the same name
    and birth date. Raises NotFound, `NobodyElse`, `AccountOrCurpRequired` to know them again by,
    `ClaimTaken` when the other gave the same CURP: then they are one person."""
    found = get_check(session, check, now=now, actor=actor)
    if not list_held(session, found):
        raise NobodyElse()
    name_key, *curp_keys = found.person_keys
    if found.account_id is None and not curp_keys:
        raise AccountOrCurpRequired(field="contact")
    if session.scalars(select(Claim).where(Claim.person_key.in_(curp_keys))).first():
        raise ClaimTaken()
    own = vault.blind_index("person.apart", str(found.id))
    session.execute(
        insert(Homonym)
        .values(
            own_key=own,
            person_key=name_key,
            account_id=found.account_id,
            curp_key=curp_keys[0] if curp_keys else None,
            identity_check_id=found.id,
            created_at=now,
        )
        .on_conflict_do_nothing()
    )
    _note(session, found, "tell_apart", now=now, actor=actor)


def _waiting(session: Session, folio: str, keys: Sequence[bytes]) -> IdentityCheck:
    found = session.scalars(
        select(IdentityCheck)
        .where(IdentityCheck.folio == parse_folio(folio), IdentityCheck.checked_at.is_(None))
        .with_for_update()
    ).first()
    if found is None or not set(keys) & set(found.person_keys):
        raise NotFound(field="folio")
    return found


def _account(
    session: Session, command: CheckIdentity, *, now: datetime, vault: Vault
) -> UUID | None:
    """That of whoever signs in with the contact, by a code that is sent there."""
    for channel, address in (("email", command.email), ("sms", command.phone)):
        if address:
            return sign_in(session, issuer=channel, subject=address, now=now, vault=vault)
    return None


def _account_without_sign_in(session: Session, *, now: datetime) -> UUID:
    """For who has neither e-mail nor phone: the office and the folio stand for them."""
    account = Account(id=new_id(), created_at=now)
    session.add(account)
    session.flush()
    return account.id


def _add_person(
    session: Session,
    named: PersonData,
    account: UUID | None,
    consulate: str | None,
    *,
    now: datetime,
    vault: Vault,
) -> Person:
    person = make_person(named, account=account, consulate=consulate, now=now, vault=vault)
    session.add(person)
    session.flush()
    return person


def _by_others(
    session: Session, check: IdentityCheck
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Claims under the person's keys that aren't their own account's."""
    keys = holders_keys(session, check.person_keys, check.account_id)
    theirs = Claim.account_id.is_distinct_from(check.account_id)
    return Claim.person_key.in_(keys), or_(theirs, Claim.account_id.is_(None))


def _held(service: str, found: Appointment, here: bool) -> Held:
    if not here:
        return Held(service, False, None, None, None)
    return Held(service, True, found.id, found.folio, found.starts_at)


def _set_apart(
    session: Session, check: IdentityCheck, service: str, *, now: datetime, vault: Vault
) -> list[Appointment]:
    """The others' appointments that name the person, each for that person alone: out of a party
    their seats are made an appointment of their own."""
    claimed = select(Claim.appointment_id).where(
        *_by_others(session, check), Claim.service_code == service
    )
    found = session.scalars(
        select(Appointment)
        .where(Appointment.id.in_(claimed))
        .order_by(Appointment.starts_at, Appointment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if not found:
        raise NobodyElse()
    return [_alone(session, each, check, now=now, vault=vault) for each in found]


def _alone(
    session: Session, found: Appointment, check: IdentityCheck, *, now: datetime, vault: Vault
) -> Appointment:
    person = _same_person(session, found, check, vault=vault)
    seats = session.scalars(select(Seat).where(Seat.appointment_id == found.id)).all()
    own = [seat for seat in seats if seat.person_id == person.id]
    if len(own) == len(seats) or found.status != Status.BOOKED:
        return found
    apart = _copy(found, own, account=found.account_id, now=now)
    session.add(apart)
    session.flush()
    mine = Seat.appointment_id == found.id, Seat.person_id == person.id
    session.execute(update(Seat).where(*mine).values(appointment_id=apart.id))
    keys = holders_keys(session, _keys_of(vault, person), found.account_id)
    claims = Claim.appointment_id == found.id, Claim.person_key.in_(keys)
    session.execute(update(Claim).where(*claims).values(appointment_id=apart.id))
    compared = ResemblanceKey.appointment_id == found.id, ResemblanceKey.person_id == person.id
    session.execute(delete(ResemblanceKey).where(*compared))
    found.people -= 1
    _count(session, found, now=now, subjects=0, people=-1)
    _count(session, apart, now=now)
    session.expire_all()
    return apart


def _same_person(
    session: Session, found: Appointment, check: IdentityCheck, *, vault: Vault
) -> Person:
    """Whom of the appointment the check is about."""
    keys = set(holders_keys(session, check.person_keys, check.account_id))
    people = list_attendees(session, [found.id])[found.id]
    return next(
        person
        for person in people
        if keys & set(holders_keys(session, _keys_of(vault, person), found.account_id))
    )


def _keys_of(vault: Vault, person: Person) -> list[bytes]:
    return person_keys(open_person(person, vault), vault)


def _copy(
    found: Appointment, seats: Sequence[Seat], *, account: UUID | None, now: datetime
) -> Appointment:
    """Another appointment, of these seats' services and times."""
    ordered = sorted(seats, key=lambda seat: (seat.starts_at, seat.service_code))
    return Appointment(
        id=new_id(),
        folio=new_folio(FolioKind.APPOINTMENT),
        consulate_code=found.consulate_code,
        account_id=account,
        services=list(dict.fromkeys(seat.service_code for seat in ordered)),
        day=found.day,
        starts_at=ordered[0].starts_at,
        ends_at=max(seat.ends_at for seat in ordered),
        status=Status.BOOKED,
        language=found.language,
        created_at=found.created_at,
        changed_at=now,
        people=1,
    )


def _rebook(
    session: Session, check: IdentityCheck, ended: Appointment, *, now: datetime, vault: Vault
) -> Appointment:
    """The places of ``ended``, for the person of the check."""
    seats = session.scalars(select(Seat).where(Seat.appointment_id == ended.id)).all()
    made = _copy(ended, seats, account=check.account_id, now=now)
    session.add(made)
    session.flush()
    known = open_person(session.get_one(Person, check.person_id), vault)
    person = _add_person(
        session, known, check.account_id, made.consulate_code, now=now, vault=vault
    )
    session.execute(
        insert(Seat),
        [
            {
                "appointment_id": made.id,
                "person_id": person.id,
                "service_code": seat.service_code,
                "slot_id": seat.slot_id,
                "starts_at": seat.starts_at,
                "ends_at": seat.ends_at,
            }
            for seat in seats
        ],
    )
    _claim(session, made, holders_keys(session, check.person_keys, check.account_id))
    _count(session, made, now=now)
    return made


def _claim(session: Session, made: Appointment, keys: Sequence[bytes]) -> None:
    rows = [
        {
            "person_key": key,
            "service_code": service,
            "account_id": made.account_id,
            "appointment_id": made.id,
        }
        for key in sorted(keys)
        for service in sorted(made.services)
    ]
    session.execute(insert(Claim).on_conflict_do_nothing(), rows)
    held = select(func.count()).where(Claim.appointment_id == made.id)
    if session.scalar(held) != len(rows):
        raise ClaimTaken()


def _count(
    session: Session, found: Appointment, *, now: datetime, subjects: int = 1, people: int = 1
) -> None:
    record_party(
        session,
        kind="appointment",
        subject_id=found.id,
        consulate=found.consulate_code,
        services=found.services,
        day=found.day,
        status=Status.BOOKED,
        subjects=subjects,
        people=people,
        now=now,
    )


def _note(
    session: Session, check: IdentityCheck, what: str, *, now: datetime, actor: Actor
) -> None:
    audit.record(
        session,
        actor=actor,
        action=f"identity.{what}",
        subject_kind="identity_check",
        subject_id=check.id,
        now=now,
        person_account_id=check.account_id,
    )


def _note_appointment(
    session: Session, made: Appointment, what: str, *, now: datetime, actor: Actor
) -> None:
    audit.record(
        session,
        actor=actor,
        action=f"identity.{what}",
        subject_kind="appointment",
        subject_id=made.id,
        now=now,
        person_account_id=made.account_id,
    )
