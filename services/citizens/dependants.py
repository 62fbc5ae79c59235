"""People whom an account holder saved, to fill in forms with: children, parents.

Sealed under a key of their own: nobody can search them, and what is removed is gone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.citizens.errors import TooManyDependants
from services.citizens.models import Account, Dependant
from services.citizens.people import PersonData
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound
from services.kernel.ids import new_id

_PLACE = "dependants.content"
# As the table holds it.
MOST_DEPENDANTS = 10


@dataclass(frozen=True)
class Saved:
    """One of them, in the clear."""

    id: UUID
    person: PersonData


def list_dependants(session: Session, account: UUID, vault: Vault) -> list[Saved]:
    """All of an account, in the order in which they were saved."""
    query = select(Dependant).where(Dependant.account_id == account).order_by(Dependant.position)
    return [Saved(row.id, _opened(row, vault)) for row in session.scalars(query)]


def get_dependant(session: Session, account: UUID, dependant: UUID, vault: Vault) -> Saved:
    """Raises NotFound, also for another account's."""
    row = _get(session, account, dependant)
    return Saved(row.id, _opened(row, vault))


def add_dependant(
    session: Session, account: UUID, person: PersonData, *, now: datetime, vault: Vault
) -> Saved:
    """Save one more. Raises `TooManyDependants`."""
    # Two at once follow one another.
    session.execute(select(Account.id).where(Account.id == account).with_for_update())
    taken = session.scalars(select(Dependant.position).where(Dependant.account_id == account))
    free = set(range(1, MOST_DEPENDANTS + 1)) - set(taken)
    if not free:
        raise TooManyDependants()
    key = vault.new_key(row := new_id())
    sealed = key.seal(_as_json(person), place=_PLACE, row=row)
    session.add(
        Dependant(
            id=row,
            account_id=account,
            position=min(free),
            content_sealed=sealed,
            data_key=key.wrapped,
            created_at=now,
        )
    )
    session.flush()
    return Saved(row, person)


def change_dependant(
    session: Session, account: UUID, dependant: UUID, person: PersonData, *, vault: Vault
) -> Saved:
    """Replace what was saved. Raises NotFound."""
    row = _get(session, account, dependant)
    key = vault.unwrap(row.data_key, row.id)
    row.content_sealed = key.seal(_as_json(person), place=_PLACE, row=row.id)
    session.flush()
    return Saved(row.id, person)


def remove_dependant(session: Session, account: UUID, dependant: UUID) -> None:
    """Forget one; appointments stay. Raises NotFound."""
    row = _get(session, account, dependant)
    session.execute(delete(Dependant).where(Dependant.id == row.id))


def _get(session: Session, account: UUID, dependant: UUID) -> Dependant:
    row = session.scalar(
        select(Dependant).where(Dependant.id == dependant, Dependant.account_id == account)
    )
    if row is None:
        raise NotFound()
    return row


def _as_json(person: PersonData) -> str:
    born = person.birth_date
    return json.dumps({**asdict(person), "birth_date": born and born.isoformat()})


def _opened(row: Dependant, vault: Vault) -> PersonData:
    key = vault.unwrap(row.data_key, row.id)
    content = json.loads(key.open(row.content_sealed, place=_PLACE, row=row.id))
    born = content["birth_date"]
    return PersonData(**{**content, "birth_date": born and date.fromisoformat(born)})
