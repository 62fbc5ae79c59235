"""Prove at home who one is: Llave MX, the state's sign-in, says names, birth date and CURP.

It is a check of identity like the one at a window, without an office and an officer: the account
may then act on it, about appointments (`services.processes.identity_checks`). Needs the scope of
the network.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.citizens.people import PersonData, make_person, person_keys
from services.identity.checking import note_check
from services.identity.models import IdentityCheck
from services.kernel.audit import Actor, Role
from services.kernel.crypto import Vault
from services.kernel.ids import FolioKind, new_folio, new_id

LLAVE_MX = "Llave MX"


def prove(
    session: Session, account: UUID, said: PersonData, *, now: datetime, vault: Vault
) -> IdentityCheck | None:
    """Record what Llave MX said of whoever signed in to the account for this; None where it didn't
    say who they are. A folio that the account was to show at a window stays good there: not all is
    settled at home."""
    if not (said.given_names and said.first_surname and said.birth_date and said.curp):
        return None
    keys = person_keys(said, vault)
    person = make_person(
        replace(said, email=None, phone=None), account=account, now=now, vault=vault
    )
    session.add(person)
    session.flush()
    check = IdentityCheck(
        id=new_id(),
        folio=new_folio(FolioKind.IDENTITY_CHECK),
        account_id=account,
        person_id=person.id,
        person_keys=keys,
        document=LLAVE_MX,
        created_at=now,
        checked_at=now,
    )
    session.add(check)
    session.flush()
    note_check(session, check, "prove", now=now, actor=Actor(Role.CITIZEN, account))
    return check
