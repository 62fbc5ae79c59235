"""Give a person the appointment that another account holds in their name, or end that one.

After a check of identity at a window (`services.processes.identity_checks`), in any office of the
network. The other account is told as of any cancellation, without whose check it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.appointments import returning
from services.appointments.desk import TakeStep, cancel, take_step
from services.appointments.errors import ClaimTaken
from services.appointments.freeing import lock_places_of
from services.appointments.lifecycle import count_members, list_members, note_ages
from services.appointments.models import Appointment, Claim, Member, ResemblanceKey, Seat
from services.appointments.queries import list_attendees
from services.appointments.rules import BookingLimits, Status, Step, is_untouched
from services.citizens.models import Person
from services.citizens.people import make_person, open_person
from services.identity.checking import Held, Subject, get_person
from services.identity.errors import NobodyElse
from services.identity.homonyms import claim_keys, holders_keys
from services.identity.models import IdentityCheck
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.ids import FolioKind, new_folio, new_id
from services.outbox.delivery import enqueue


def list_held(session: Session, check: IdentityCheck) -> list[Held]:
    """What others hold in the person's name, by service."""
    rows = session.execute(
        select(Claim.service_code, Appointment)
        .join(Appointment, Appointment.id == Claim.appointment_id)
        .where(*_by_others(session, check))
        .distinct()
        .order_by(Claim.service_code)
    ).all()
    return [
        _held(service, row, row.consulate_code == check.consulate_code) for service, row in rows
    ]


def list_own(session: Session, check: IdentityCheck) -> list[Held]:
    """What the person holds themselves. The folio is theirs to be told, of any office."""
    if check.account_id is None:
        return []
    keys = holders_keys(session, check.person_keys, check.account_id)
    rows = session.execute(
        select(Claim.service_code, Appointment)
        .join(Appointment, Appointment.id == Claim.appointment_id)
        .where(Claim.person_key.in_(keys), Claim.account_id == check.account_id)
        .distinct()
        .order_by(Claim.service_code)
    ).all()
    here = check.consulate_code
    return [
        replace(_held(service, row, row.consulate_code == here), folio=row.folio)
        for service, row in rows
    ]


def take_over(
    session: Session,
    check: IdentityCheck,
    service: str,
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
) -> Appointment:
    """The person gets the place that another account holds in their name, under a folio of its
    own. Raises `NobodyElse`, `WrongState` once it has begun, `ClaimTaken`."""
    first, *others = _set_apart(session, check, service, now=now, vault=vault)
    for other in others:
        cancel(session, other.id, now=now, actor=actor)
    # Its place isn't freed: it goes on to the person.
    take_step(session, TakeStep(first.id, Step.CANCEL), now=now, actor=actor)
    booked = _rebook(session, check, first, now=now, vault=vault)
    enqueue(session, "appointments.confirmation", booked.id)
    return booked


def release(
    session: Session,
    check: IdentityCheck,
    service: str,
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
    limits: BookingLimits,
) -> None:
    """End what others hold in the person's name, who may then book. Raises `NobodyElse`,
    `WrongState` once it has begun."""
    for apart in _set_apart(session, check, service, now=now, vault=vault):
        cancel(session, apart.id, now=now, actor=actor, limits=limits)


def is_told_by_curp(session: Session, check: IdentityCheck, service: str, *, vault: Vault) -> bool:
    """Whether a proof at home tells whose it is: all that others hold names the CURP of the check.
    One without a CURP may be a namesake's of the same birth date; an officer sees both."""
    mine = open_person(get_person(session, check), vault).curp
    theirs = {
        open_person(_same_person(session, each, check, vault=vault), vault).curp
        for each in session.scalars(_held_by_others(session, check, service))
    }
    return theirs <= {mine}


def refuse_held(session: Session, keys: Sequence[bytes]) -> None:
    """Raise `ClaimTaken` when anybody holds a place under one of these keys."""
    if session.scalars(select(Claim).where(Claim.person_key.in_(keys))).first():
        raise ClaimTaken()


def _by_others(
    session: Session, check: IdentityCheck
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Claims under the person's keys that aren't their own account's."""
    keys = holders_keys(session, check.person_keys, check.account_id)
    theirs = Claim.account_id.is_distinct_from(check.account_id)
    return Claim.person_key.in_(keys), or_(theirs, Claim.account_id.is_(None))


def _held(service: str, appointment: Appointment, here: bool) -> Held:
    if not here:
        return Held(Subject.APPOINTMENT, service)
    return Held(
        Subject.APPOINTMENT, service, True, appointment.id, appointment.folio, appointment.starts_at
    )


def _set_apart(
    session: Session, check: IdentityCheck, service: str, *, now: datetime, vault: Vault
) -> list[Appointment]:
    """The others' appointments that name the person, each for that person alone: out of a party
    their seats are made an appointment of their own."""
    appointments = _of_others(session, check, service)
    if not appointments:
        raise NobodyElse()
    for appointment in appointments:
        lock_places_of(session, appointment.id)
    return [_alone(session, each, check, now=now, vault=vault) for each in appointments]


def _of_others(session: Session, check: IdentityCheck, service: str) -> Sequence[Appointment]:
    """The others' appointments that name the person for that service, locked."""
    query = _held_by_others(session, check, service).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).all()


def _held_by_others(session: Session, check: IdentityCheck, service: str) -> Select[Appointment]:
    claimed = select(Claim.appointment_id).where(
        *_by_others(session, check), Claim.service_code == service
    )
    return (
        select(Appointment)
        .where(Appointment.id.in_(claimed))
        .order_by(Appointment.starts_at, Appointment.id)
    )


def _alone(
    session: Session, appointment: Appointment, check: IdentityCheck, *, now: datetime, vault: Vault
) -> Appointment:
    person = _same_person(session, appointment, check, vault=vault)
    members = list_members(session, appointment)
    member = next(each for each in members if each.person_id == person.id)
    if len(members) == 1 or not is_untouched(each.status for each in members):
        return appointment
    mine = Seat.appointment_id == appointment.id, Seat.person_id == person.id
    own = session.scalars(select(Seat).where(*mine)).all()
    account = appointment.account_id
    apart = _copy(appointment, own, account=account, folio=member.folio, now=now)
    session.add(apart)
    session.flush()
    member.appointment_id, member.n = apart.id, 1
    session.execute(update(Seat).where(*mine).values(appointment_id=apart.id))
    keys = _keys_of(session, vault, person, appointment.account_id)
    claims = Claim.appointment_id == appointment.id, Claim.person_key.in_(keys)
    session.execute(update(Claim).where(*claims).values(appointment_id=apart.id, n=1))
    compared = (
        ResemblanceKey.appointment_id == appointment.id,
        ResemblanceKey.person_id == person.id,
    )
    session.execute(delete(ResemblanceKey).where(*compared))
    appointment.people -= 1
    count_members(session, appointment, [member], now=now, sign=-1, subjects=0)
    count_members(session, apart, [member], now=now)
    session.expire_all()
    return apart


def _same_person(
    session: Session, appointment: Appointment, check: IdentityCheck, *, vault: Vault
) -> Person:
    """Whom of the appointment the check is about."""
    keys = set(holders_keys(session, check.person_keys, check.account_id))
    people = list_attendees(session, [appointment.id])[appointment.id]
    return next(
        person
        for person in people
        if keys & set(_keys_of(session, vault, person, appointment.account_id))
    )


def _keys_of(session: Session, vault: Vault, person: Person, account: UUID | None) -> list[bytes]:
    return claim_keys(session, vault, open_person(person, vault), account)


def _copy(
    appointment: Appointment,
    seats: Sequence[Seat],
    *,
    account: UUID | None,
    folio: str,
    now: datetime,
) -> Appointment:
    """Another appointment, of these seats' services and times."""
    ordered = sorted(seats, key=lambda seat: (seat.starts_at, seat.service_code))
    return Appointment(
        id=new_id(),
        folio=folio,
        consulate_code=appointment.consulate_code,
        account_id=account,
        services=list(dict.fromkeys(seat.service_code for seat in ordered)),
        day=appointment.day,
        starts_at=ordered[0].starts_at,
        ends_at=max(seat.ends_at for seat in ordered),
        status=Status.BOOKED,
        language=appointment.language,
        created_at=appointment.created_at,
        changed_at=now,
        people=1,
        orphaned_at=appointment.orphaned_at,
    )


def _rebook(
    session: Session, check: IdentityCheck, ended: Appointment, *, now: datetime, vault: Vault
) -> Appointment:
    """The places of ``ended``, for the person of the check."""
    seats = session.scalars(select(Seat).where(Seat.appointment_id == ended.id)).all()
    folio = new_folio(FolioKind.APPOINTMENT)
    rebooked = _copy(ended, seats, account=check.account_id, folio=folio, now=now)
    session.add(rebooked)
    session.flush()
    person = make_person(
        open_person(get_person(session, check), vault),
        account=check.account_id,
        consulate=rebooked.consulate_code,
        now=now,
        vault=vault,
    )
    session.add(person)
    session.flush()
    member = Member(
        appointment_id=rebooked.id,
        n=1,
        person_id=person.id,
        folio=folio,
        status=Status.BOOKED,
        changed_at=now,
    )
    session.add(member)
    note_ages(session, rebooked, [member])
    _hand_seats_on(session, seats, rebooked, person)
    keys = holders_keys(session, check.person_keys, check.account_id)
    returning.take_claims(session, rebooked, keys, n=1)
    count_members(session, rebooked, [member], now=now)
    return rebooked


def _hand_seats_on(
    session: Session, seats: Sequence[Seat], rebooked: Appointment, person: Person
) -> None:
    """The same places, counted once: those of before hold nothing any more."""
    rows = [
        {
            "appointment_id": rebooked.id,
            "person_id": person.id,
            "service_code": seat.service_code,
            "slot_id": seat.slot_id,
            "hold_id": seat.hold_id,
            "share": seat.share,
            "skills": seat.skills,
            "starts_at": seat.starts_at,
            "ends_at": seat.ends_at,
            "counted": seat.counted,
        }
        for seat in seats
    ]
    for seat in seats:
        seat.counted, seat.hold_id = False, None
    session.flush()
    session.execute(insert(Seat), rows)
