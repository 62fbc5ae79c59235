"""People of one name and birth date, told apart: the later one holds things under a key of their
own, known again by their account or their CURP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy import text as of_types
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, insert
from sqlalchemy.orm import Session

from services.citizens.models import Person
from services.citizens.people import PersonData, name_keys, open_person, person_keys
from services.identity.checking import get_person
from services.identity.errors import AccountOrCurpRequired
from services.identity.models import Homonym, IdentityCheck
from services.kernel.crypto import Vault
from services.kernel.db import text

_OWN_KEYS = of_types(
    "SELECT holders_key(k, :hex, :account) FROM unnest(CAST(:keys AS bytea[])) k"
).bindparams(bindparam("keys", type_=ARRAY(BYTEA)))
_HOLDERS_KEYS = text("SELECT unnest(holders_keys(:hex, :account))")


def claim_keys(
    session: Session, vault: Vault, person: PersonData, account: UUID | None
) -> list[bytes]:
    """Under which keys that account's person holds things."""
    return holders_keys(session, person_keys(person, vault), account)


def holders_keys(session: Session, keys: Sequence[bytes], account: UUID | None) -> list[bytes]:
    """The person's keys, or the own key of who was told apart from another: see `Homonym`. With
    those of other spellings of their names: see `MergedKey`."""
    values = {"hex": [key.hex() for key in keys], "account": account}
    return [key for (key,) in session.execute(_HOLDERS_KEYS, values)]


def own_keys(session: Session, vault: Vault, person: Person) -> list[bytes]:
    """The keys of a row of people as it is written, without other spellings."""
    keys = person_keys(open_person(person, vault), vault)
    hexadecimal = [key.hex() for key in keys]
    values = {"keys": keys, "hex": hexadecimal, "account": person.account_id}
    return list(session.scalars(_OWN_KEYS, values))


def curp_keys(session: Session, check: IdentityCheck, vault: Vault) -> list[bytes]:
    """The checked person's key that isn't of their name, if they have one."""
    named = _name_keys(session, check, vault)
    return [key for key in check.person_keys if key not in named]


def has_namesake(session: Session, check: IdentityCheck, vault: Vault) -> bool:
    """Whether another account is in the name of somebody of the same name and birth date, who
    isn't known by the same CURP: until they are told apart they share one limit of money."""
    person = get_person(session, check)
    own = func.own_name_key(person.name_index, person.curp_index, check.account_id)
    theirs = func.own_name_key(Person.name_index, Person.curp_index, Person.account_id)
    namesakes = select(Person.id).where(
        Person.holder,
        Person.name_index.in_(_name_keys(session, check, vault)),
        Person.account_id.is_distinct_from(check.account_id),
        or_(Person.curp_index.is_(None), Person.curp_index.is_distinct_from(person.curp_index)),
        theirs == own,
    )
    return session.scalars(namesakes.limit(1)).first() is not None


def add_homonym(session: Session, check: IdentityCheck, *, now: datetime, vault: Vault) -> None:
    """Give the checked person keys of their own. Raises `AccountOrCurpRequired`: nothing to know
    them again by."""
    curp = curp_keys(session, check, vault)
    if check.account_id is None and not curp:
        raise AccountOrCurpRequired(field="contact")
    rows = [
        {
            # The first is that of the check alone.
            "own_key": vault.blind_index("person.apart", f"{check.id}{number or ''}"),
            "person_key": key,
            "account_id": check.account_id,
            "curp_key": curp[0] if curp else None,
            "identity_check_id": check.id,
            "created_at": now,
        }
        for number, key in enumerate(_name_keys(session, check, vault))
    ]
    session.execute(insert(Homonym).on_conflict_do_nothing(), rows)


def _name_keys(session: Session, check: IdentityCheck, vault: Vault) -> list[bytes]:
    return name_keys(open_person(get_person(session, check), vault), vault)
