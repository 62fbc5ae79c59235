"""Whose rows are to be erased, and erasing them: names, identifiers, contacts, ways to sign in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, false, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.citizens.codes import Destination, destination_index
from services.citizens.models import Account, Dependant, HelperLink, Identity, LoginCode, Person
from services.citizens.people import BLANK, open_person
from services.kernel.crypto import Vault


@dataclass(frozen=True)
class Erased:
    """Whoever is erased: their account, if they have one, and their rows of people."""

    account: UUID | None
    people: Sequence[UUID]

    def owns(self, column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
        """The condition that ``column`` is the account; false for a person without one."""
        return column == self.account if self.account else false()


def find_erased(
    session: Session, account: UUID | None, *, proven: UUID | None, by_name: bool
) -> Erased:
    """Everybody whom the account named; with the row of a check of identity (``proven``) also who
    was named elsewhere by the same CURP, or by the same name and birth date.

    The name doesn't count where the CURPs differ, nor unless ``by_name``: then two people of one
    name were told apart. Another account's holder is never the person.
    """
    mine = [Person.account_id == account] if account else []
    known = session.get_one(Person, proven) if proven else None
    if known is not None and known.erased_at is None:
        other_holder = and_(Person.holder, Person.account_id.is_distinct_from(account))
        mine.append(and_(_same_person(known, by_name=by_name), ~other_holder))
        mine.append(Person.id == known.id)
    if not mine:
        return Erased(account, ())
    query = select(Person.id).where(or_(*mine), Person.erased_at.is_(None)).order_by(Person.id)
    return Erased(account, session.scalars(query).all())


def hold_account(session: Session, account: UUID) -> None:
    """Let nothing be booked or ordered from the account until the transaction ends."""
    session.execute(select(Account.id).where(Account.id == account).with_for_update())


def erase(session: Session, erased: Erased, *, now: datetime, vault: Vault) -> None:
    """Delete keys, sealed values, names and indexes of the people, and all ways to sign in."""
    _drop_codes(session, erased, vault)
    session.execute(
        update(Person)
        .where(Person.id.in_(erased.people), Person.erased_at.is_(None))
        .values(**BLANK, erased_at=now)
        .execution_options(synchronize_session=False)
    )
    if erased.account:
        session.execute(delete(Dependant).where(Dependant.account_id == erased.account))
        session.execute(delete(HelperLink).where(HelperLink.account_id == erased.account))
        session.execute(delete(Identity).where(Identity.account_id == erased.account))
        session.execute(update(Account).where(Account.id == erased.account).values(language="es"))
    session.expire_all()


def _same_person(known: Person, *, by_name: bool) -> ColumnElement[bool]:
    same = [Person.curp_index == known.curp_index] if known.curp_index else []
    if by_name:
        differs = Person.curp_index.is_distinct_from(known.curp_index) & Person.curp_index.is_not(
            None
        )
        one_name = Person.name_index == known.name_index
        same.append(one_name & ~differs if known.curp_index else one_name)
    return or_(*same)


def _drop_codes(session: Session, erased: Erased, vault: Vault) -> None:
    """Codes that were sent to an address of the person, or that signed in to the account."""
    people = session.scalars(select(Person).where(Person.id.in_(erased.people))).all()
    opened = [open_person(person, vault) for person in people]
    addresses = {("email", p.email) for p in opened} | {("sms", p.phone) for p in opened}
    indexes = [
        destination_index(Destination(channel, address), vault)
        for channel, address in addresses
        if address
    ]
    used = select(LoginCode.destination_index).where(erased.owns(LoginCode.account_id))
    session.execute(
        delete(LoginCode)
        .where(or_(LoginCode.destination_index.in_(indexes), LoginCode.destination_index.in_(used)))
        .execution_options(synchronize_session=False)
    )
