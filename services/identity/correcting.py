"""Correct who an account's holder is, once money was sent: as their document says, at a window.

Until then the holder may do so themselves (`services.citizens.accounts.set_profile`). The account
asks for it, by the change that was refused, and gets a folio: whoever shows that folio at a window
holds the account. The officer compares both and decides whether it was a mistake.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.citizens.accounts import find_holder
from services.citizens.models import Account, Person
from services.citizens.people import PersonData, change_person, open_person, person_keys
from services.identity.checking import ask_for_check, get_check, get_person, note_check
from services.identity.errors import NothingToCorrect
from services.identity.models import IdentityCheck
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.outbox.delivery import enqueue

_COMPARED = ("given_names", "first_surname", "second_surname", "birth_date")


def ask_for_correction(
    session: Session, account: UUID, wanted: PersonData, *, now: datetime, vault: Vault
) -> str:
    """The folio to show at a window; one for an account until then, whatever it asks for."""
    session.execute(select(Account.id).where(Account.id == account).with_for_update())
    keys = person_keys(wanted, vault)
    waiting = session.scalars(
        select(IdentityCheck).where(
            IdentityCheck.account_id == account,
            IdentityCheck.corrects,
            IdentityCheck.checked_at.is_(None),
        )
    ).first()
    if waiting is None:
        return ask_for_check(session, account, keys, now=now, corrects=True)
    waiting.person_keys = keys
    session.flush()
    return waiting.folio


def find_to_correct(session: Session, check: IdentityCheck, vault: Vault) -> Person | None:
    """The account's holder as they are now; None when the account didn't ask for a correction, or
    there is none to make."""
    holder = find_holder(session, check.account_id) if check.account_id else None
    if holder is None or not check.corrects:
        return None
    documented = open_person(get_person(session, check), vault)
    present = open_person(holder, vault)
    same = all(getattr(documented, name) == getattr(present, name) for name in _COMPARED)
    return None if same and documented.curp in (None, present.curp) else holder


def correct(session: Session, check_id: UUID, *, now: datetime, actor: Actor, vault: Vault) -> None:
    """The account's holder is from now on who the document says; what was sent before keeps the
    name it was sent under, and counts for the corrected person. Raises NotFound,
    `NothingToCorrect`."""
    check = get_check(session, check_id, now=now, actor=actor)
    session.execute(select(Account.id).where(Account.id == check.account_id).with_for_update())
    holder = find_to_correct(session, check, vault)
    if holder is None:
        raise NothingToCorrect()
    documented = open_person(get_person(session, check), vault)
    change_person(holder, replace(documented, birth_place=None, email=None, phone=None), vault)
    session.flush()
    note_check(session, check, "correct", now=now, actor=actor)
    enqueue(session, "identity.corrected", check.id)
