"""Who comes: the keys under which a person holds places, and folios for checks of identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.orm import Session

from services.appointments.models import IdentityCheck
from services.citizens.people import PersonData, person_keys
from services.kernel.crypto import Vault
from services.kernel.ids import FolioKind, new_folio, new_id


@dataclass(frozen=True)
class Attendee(PersonData):
    """Somebody who comes. The birth date is always asked for, the CURP never."""

    birth_date: date


_HOLDERS_KEYS = text(
    "SELECT holders_key(k, :hex, :account) FROM unnest(CAST(:keys AS bytea[])) k"
).bindparams(bindparam("keys", type_=ARRAY(BYTEA)))


def claim_keys(
    session: Session, vault: Vault, person: Attendee, account: UUID | None
) -> list[bytes]:
    """Under which keys that account's person holds places."""
    return holders_keys(session, person_keys(person, vault), account)


def holders_keys(session: Session, keys: Sequence[bytes], account: UUID | None) -> list[bytes]:
    """The same keys, or that of their own of who was told apart from another: see `Homonym`."""
    values = {"keys": list(keys), "hex": [key.hex() for key in keys], "account": account}
    return list(session.scalars(_HOLDERS_KEYS, values))


def ask_for_check(session: Session, account: UUID, keys: Sequence[bytes], *, now: datetime) -> str:
    """The folio to show at a window with a document; the same for the same people until then."""
    waiting = session.scalars(
        select(IdentityCheck.folio).where(
            IdentityCheck.account_id == account,
            IdentityCheck.person_keys == list(keys),
            IdentityCheck.checked_at.is_(None),
        )
    ).first()
    if waiting:
        return waiting
    folio = new_folio(FolioKind.IDENTITY_CHECK)
    session.add(
        IdentityCheck(
            id=new_id(), folio=folio, account_id=account, person_keys=list(keys), created_at=now
        )
    )
    session.flush()
    return folio
