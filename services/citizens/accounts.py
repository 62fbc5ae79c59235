"""Accounts and the profile of their holder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.citizens.errors import IdentityBound
from services.citizens.models import Account, Identity, Person
from services.citizens.people import (
    PersonData,
    change_person,
    curp_index,
    make_person,
    name_keys,
    open_person,
)
from services.kernel import audit
from services.kernel.crypto import Vault
from services.kernel.identifiers import means_no_surname
from services.kernel.ids import new_id

ADULT_YEARS = 18


def sign_in(session: Session, *, issuer: str, subject: str, now: datetime, vault: Vault) -> UUID:
    """The account that signs in as ``subject`` of ``issuer``, made when it is new.

    Two first sign-ins at once end in one account: the identity is unique.
    """
    index = vault.blind_index(f"identity.{issuer}", subject)
    account = _find(session, issuer, index)
    if account:
        return account
    new_account = new_id()
    session.execute(insert(Account).values(id=new_account, created_at=now))
    session.execute(
        insert(Identity)
        .values(issuer=issuer, subject_index=index, account_id=new_account, created_at=now)
        .on_conflict_do_nothing()
    )
    account = _find(session, issuer, index)
    if account is None:
        raise RuntimeError("an identity was inserted and isn't there")
    audit.record(
        session,
        audit.Subject("account", account, account),
        action="account.sign_up",
        now=now,
        actor=audit.Actor(audit.Role.CITIZEN, account),
    )
    return account


def find_holder(session: Session, account: UUID) -> Person | None:
    """The account holder's person row, or None before they told their name."""
    return session.execute(
        select(Person).where(Person.account_id == account, Person.holder)
    ).scalar_one_or_none()


def list_people(session: Session, account: UUID) -> Sequence[Person]:
    """Everybody whom the account named, its holder first: attendees, applicants."""
    return session.scalars(
        select(Person)
        .where(Person.account_id == account)
        .order_by(Person.holder.desc(), Person.created_at, Person.id)
    ).all()


def find_contact(session: Session, account: UUID, vault: Vault) -> tuple[str | None, str | None]:
    """E-mail and phone of the holder, or else those told with the account's latest request."""
    people = list_people(session, account)
    for person in (*people[:1], *reversed(people[1:])):
        opened = open_person(person, vault)
        if opened.email or opened.phone:
            return opened.email, opened.phone
    return None, None


def list_identities(session: Session, account: UUID) -> Sequence[Identity]:
    """The ways to sign in to the account; what e-mail or phone it is, only its index knows."""
    return session.scalars(
        select(Identity).where(Identity.account_id == account).order_by(Identity.created_at)
    ).all()


def suggest_holder(session: Session, account: UUID, today: date) -> Person | None:
    """Who the holder may be before they told it: the one adult whom the account's latest request
    named. A child's appointment, or a household's, suggests nobody."""
    latest = session.scalars(
        select(Person)
        .where(Person.account_id == account)
        .order_by(Person.created_at.desc(), Person.id)
        .limit(2)
    ).all()
    alone = len({person.created_at for person in latest}) == len(latest)
    return latest[0] if latest and alone and _is_adult(latest[0].birth_date, today) else None


def set_profile(
    session: Session, account: UUID, profile: PersonData, *, now: datetime, vault: Vault
) -> Person:
    """Tell or correct the holder's names; sealed values that aren't given are kept.

    Raises `IdentityBound` when money was sent under another name, birth date or CURP.
    """
    # Two first tellings at once follow one another.
    session.execute(select(Account.id).where(Account.id == account).with_for_update())
    person = find_holder(session, account)
    if means_no_surname(profile.second_surname):
        profile = replace(profile, second_surname=None)
    if person is None:
        person = make_person(profile, account=account, holder=True, now=now, vault=vault)
        session.add(person)
    elif person.identity_bound_at and not _same_identity(person, profile, vault):
        raise IdentityBound()
    else:
        change_person(person, profile, vault)
    session.flush()
    return person


def bind_identity(
    session: Session, person: UUID, account: UUID, name: bytes, *, now: datetime
) -> None:
    """From the first money that is sent on, the holder stays who they said they are; ``name`` is
    theirs by `identity_key`."""
    session.execute(
        update(Person)
        .where(Person.id == person, Person.account_id == account)
        .values(name_index=name, identity_bound_at=func.coalesce(Person.identity_bound_at, now))
    )


def identity_key(named: PersonData, vault: Vault) -> bytes:
    """The keyed hash of a holder's name and birth date by which limits go."""
    return _name_keys(named, named.birth_date, vault)[0]


def _same_identity(person: Person, profile: PersonData, vault: Vault) -> bool:
    """Whether it is the same person by the keys that limits go by: an accent more is no other
    name, and what wasn't told before may be told."""
    born = person.birth_date
    return (
        person.name_index in _name_keys(profile, born, vault)
        and (born is None or profile.birth_date in (None, born))
        and (
            person.curp_index is None
            or not profile.curp
            or curp_index(profile.curp, vault) == person.curp_index
        )
    )


def _name_keys(named: PersonData | Person, born: date | None, vault: Vault) -> list[bytes]:
    """By name and birth date: as names are compared now, then as they were."""
    second = None if means_no_surname(named.second_surname) else named.second_surname
    return name_keys(PersonData(named.given_names, named.first_surname, second, born), vault)


def _is_adult(born: date | None, today: date) -> bool:
    grown = born and (born.year + ADULT_YEARS, born.month, born.day)
    return bool(grown and grown <= (today.year, today.month, today.day))


def _find(session: Session, issuer: str, index: bytes) -> UUID | None:
    return session.execute(
        select(Identity.account_id).where(
            Identity.issuer == issuer, Identity.subject_index == index
        )
    ).scalar_one_or_none()
