"""People whom an account holder saved, to fill in forms with: children, parents."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.citizens.errors import TooManyDependants
from services.citizens.models import Dependant
from services.citizens.people import PersonData
from services.citizens.saved import Content, SavedList
from services.kernel.crypto import Vault

# As the table holds it.
MOST_DEPENDANTS = 10
_SAVED = SavedList(Dependant, "dependants.content", MOST_DEPENDANTS, TooManyDependants)


@dataclass(frozen=True)
class Saved:
    """One of them, in the clear."""

    id: UUID
    person: PersonData


def list_dependants(session: Session, account: UUID, vault: Vault) -> list[Saved]:
    """All of an account, in the order in which they were saved."""
    return [Saved(id, _person(content)) for id, content in _SAVED.all(session, account, vault)]


def get_dependant(session: Session, account: UUID, dependant: UUID, vault: Vault) -> Saved:
    """Raises NotFound, also for another account's."""
    return Saved(dependant, _person(_SAVED.get(session, account, dependant, vault)))


def add_dependant(
    session: Session, account: UUID, person: PersonData, *, now: datetime, vault: Vault
) -> Saved:
    """Save one more. Raises `TooManyDependants`."""
    id = _SAVED.add(session, account, _content(person), now=now, vault=vault)
    return Saved(id, person)


def change_dependant(
    session: Session, account: UUID, dependant: UUID, person: PersonData, *, vault: Vault
) -> Saved:
    """Replace what was saved. Raises NotFound."""
    _SAVED.change(session, account, dependant, _content(person), vault=vault)
    return Saved(dependant, person)


def remove_dependant(session: Session, account: UUID, dependant: UUID) -> None:
    """Forget one; appointments stay. Raises NotFound."""
    _SAVED.remove(session, account, dependant)


def _content(person: PersonData) -> Content:
    born = person.birth_date
    return {**asdict(person), "birth_date": born and born.isoformat()}


def _person(content: Content) -> PersonData:
    born = content["birth_date"]
    return PersonData(**{**content, "birth_date": born and date.fromisoformat(born)})
