"""Read folders and consents. Row security decides which ones the transaction sees."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.citizens.models import Person
from services.folders.models import Consent, Folder
from services.kernel.errors import NotFound
from services.kernel.tables import get_row


def list_folders(session: Session, account: UUID) -> Sequence[Folder]:
    """The folders of the people whom an account named, the oldest first."""
    return session.scalars(
        select(Folder)
        .where(Folder.account_id == account, Folder.person_key.is_not(None))
        .order_by(Folder.created_at, Folder.id)
    ).all()


def find_folder(session: Session, account: UUID | None, person_key: bytes) -> UUID | None:
    """The folder of the account's person with that CURP (as `people.curp_index`), if any."""
    return session.scalar(
        select(Folder.id).where(Folder.account_id == account, Folder.person_key == person_key)
    )


def get_folder(session: Session, folder_id: UUID) -> Folder:
    """Raises NotFound, also for one that the transaction may not see, or whose person is erased."""
    folder = get_row(session, Folder, folder_id)
    if folder.person_key is None:
        raise NotFound()
    return folder


def hold_folder(session: Session, folder_id: UUID) -> Folder:
    """The folder as it is now, held until the transaction ends. Raises NotFound."""
    folder = find_held(session, folder_id)
    if folder is None:
        raise NotFound()
    return folder


def find_held(session: Session, folder: UUID | None) -> Folder | None:
    """The folder as `hold_folder` gives it, or None: an office may see a request and not the
    folder that it is in."""
    return session.scalars(
        select(Folder)
        .where(Folder.id == folder, Folder.person_key.is_not(None))
        .with_for_update(key_share=True, of=Folder)
        .execution_options(populate_existing=True)
    ).one_or_none()


def get_person(session: Session, folder: Folder) -> Person:
    """The person of the folder, as they were named at first."""
    return get_row(session, Person, folder.person_id)


def list_consents(session: Session, folders: Sequence[UUID]) -> Sequence[Consent]:
    """Every consent of these folders, the newest first, those that were withdrawn too."""
    return session.scalars(
        select(Consent)
        .where(Consent.folder_id.in_(folders))
        .order_by(Consent.given_at.desc(), Consent.id.desc())
    ).all()
