"""The key under which a folder's answers and documents are sealed: that of the row of its person.

Whoever sees a folder opens it. An office that an account's latest request named sees the folder and
not the row for which it was opened, where that named another office, or none.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.citizens.errors import PersonForgotten
from services.citizens.models import Person
from services.citizens.people import find_key
from services.folders.models import Folder
from services.kernel.crypto import DataKey, Vault


def find_folder_key(session: Session, folder: Folder, vault: Vault) -> DataKey | None:
    """The key of the folder; None once its person is erased."""
    person = session.get(Person, folder.person_id)
    if person is not None:
        return find_key(person, vault)
    wrapped = session.scalar(select(func.folder_key_v1(folder.id)))
    return vault.unwrap(wrapped, folder.person_id) if wrapped else None


def get_folder_key(session: Session, folder: Folder, vault: Vault) -> DataKey:
    """The key of the folder. Raises `PersonForgotten`."""
    key = find_folder_key(session, folder, vault)
    if key is None:
        raise PersonForgotten()
    return key
