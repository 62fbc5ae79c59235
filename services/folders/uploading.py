"""Put a document into a folder, in the place of another or beside those that are there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.files.cleaning import CleanFile
from services.files.names import shown_name
from services.folders.documents import FILE, NAME, PREVIEW, note, place_of
from services.folders.errors import TooManyDocuments
from services.folders.keys import get_folder_key
from services.folders.models import Document, Folder
from services.folders.rules import MOST_DOCUMENT_BYTES, MOST_DOCUMENTS, DocumentState
from services.kernel.audit import Actor
from services.kernel.crypto import DataKey, Vault
from services.kernel.errors import NotFound, WrongState
from services.kernel.ids import new_id
from services.kernel.tables import get_row


@dataclass(frozen=True)
class UploadDocument:
    """``name`` is how its owner calls the file; ``replaces`` the document whose place it takes."""

    kind: str
    name: str
    file: CleanFile
    replaces: UUID | None = None


def upload(
    session: Session,
    folder: UUID,
    command: UploadDocument,
    *,
    now: datetime,
    actor: Actor,
    vault: Vault,
) -> Document:
    """Keep the document under the key of the folder's person.

    Raises NotFound, also for a document to replace that the folder doesn't have, `WrongState` for
    one that isn't in use, `TooManyDocuments`, `PersonForgotten`.
    """
    held = lock_folder(session, folder)
    position = _take_over(session, held, command.replaces, now)
    if position is None:
        position = find_position(session, held)
    _refuse_much(session, held, len(command.file.data))
    key = get_folder_key(session, held, vault)
    document = _document(held, command, key, position, now, actor)
    session.add(document)
    session.flush()
    action = "document.replaced" if command.replaces else "document.added"
    note(session, held, document, action, now=now, actor=actor)
    return document


def lock_folder(session: Session, folder: UUID) -> Folder:
    """The folder, whose documents nobody else changes until the transaction ends. Raises
    NotFound."""
    return get_row(session, Folder, folder, lock=True)


def find_position(session: Session, folder: Folder) -> int:
    """A free place among the folder's documents. Raises `TooManyDocuments`."""
    taken = set(
        session.scalars(
            select(Document.position).where(
                Document.folder_id == folder.id, Document.position.is_not(None)
            )
        )
    )
    free = (position for position in range(1, MOST_DOCUMENTS + 1) if position not in taken)
    position = next(free, None)
    if position is None:
        raise TooManyDocuments()
    return position


def _take_over(
    session: Session, folder: Folder, replaced: UUID | None, now: datetime
) -> int | None:
    """End the document to be replaced; its place, or None when there is none to replace."""
    if replaced is None:
        return None
    old = session.get(Document, replaced, populate_existing=True)
    if old is None or old.folder_id != folder.id:
        raise NotFound(field="replaces")
    if old.state != DocumentState.IN_USE:
        raise WrongState(state=old.state)
    position = old.position
    old.state, old.position, old.ended_at = DocumentState.REPLACED.value, None, now
    session.flush()
    return position


def _refuse_much(session: Session, folder: Folder, more: int) -> None:
    kept = session.scalar(
        select(func.coalesce(func.sum(Document.size), 0)).where(
            Document.folder_id == folder.id, Document.state != DocumentState.REMOVED
        )
    )
    if (kept or 0) + more > MOST_DOCUMENT_BYTES:
        raise TooManyDocuments()


def _document(
    folder: Folder,
    command: UploadDocument,
    key: DataKey,
    position: int,
    now: datetime,
    actor: Actor,
) -> Document:
    row, file = new_id(), command.file
    name = shown_name(command.name)
    return Document(
        id=row,
        folder_id=folder.id,
        kind=command.kind,
        state=DocumentState.IN_USE.value,
        position=position,
        replaces=command.replaces,
        stored=file.stored.value,
        pages=file.pages,
        size=len(file.data),
        sha256=sha256(file.data).digest(),
        name_sealed=key.seal(name, place=place_of(NAME), row=row),
        file_sealed=key.seal_bytes(file.data, place=place_of(FILE), row=row),
        preview_sealed=key.seal_bytes(file.preview, place=place_of(PREVIEW), row=row),
        uploaded_by_role=actor.role.value,
        uploaded_by=actor.account_id,
        uploaded_at=now,
    )
