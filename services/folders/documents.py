"""Read a folder's documents. Only those in use are found, whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from services.files.names import UNNAMED
from services.folders.keys import find_folder_key, get_folder_key
from services.folders.models import Document, Folder
from services.folders.rules import DocumentState
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.crypto import Vault
from services.kernel.db import text
from services.kernel.errors import NotFound

NAME, FILE, PREVIEW = "name_sealed", "file_sealed", "preview_sealed"


@dataclass(frozen=True)
class NamedDocument:
    """A document with how its owner calls the file."""

    row: Document
    name: str


def list_documents(session: Session, folder: UUID) -> Sequence[Document]:
    """The documents in use, in the order of their places."""
    return session.scalars(_in_use(folder).order_by(Document.position)).all()


def list_of_account(session: Session, account: UUID) -> Sequence[Document]:
    """All that is still kept of an account's folders, replaced ones included."""
    own = select(Folder.id).where(Folder.account_id == account)
    query = select(Document).where(
        Document.folder_id.in_(own), Document.state != DocumentState.REMOVED
    )
    return session.scalars(query.order_by(Document.uploaded_at, Document.id)).all()


def list_kinds(session: Session, folder: UUID, *, since: datetime) -> set[str]:
    """The kinds of which a document in use was uploaded since then."""
    new = _in_use(folder).where(Document.uploaded_at >= since)
    return set(session.scalars(new.with_only_columns(Document.kind)))


def get_document(session: Session, folder: UUID, document_id: UUID) -> Document:
    """Raises NotFound for one that was replaced or removed, and for another folder's."""
    document = session.scalars(_in_use(folder).where(Document.id == document_id)).one_or_none()
    if document is None:
        raise NotFound()
    return document


def open_names(
    session: Session, documents: Sequence[Document], vault: Vault
) -> list[NamedDocument]:
    """Documents with their files' names."""
    return [NamedDocument(each, _open_name(session, each, vault)) for each in documents]


def open_content(
    session: Session, document: Document, vault: Vault, *, preview: bool = False
) -> bytes:
    """The file, or its preview, in the clear. Raises `PersonForgotten`."""
    folder = session.get_one(Folder, document.folder_id)
    key = get_folder_key(session, folder, vault)
    column = Document.preview_sealed if preview else Document.file_sealed
    sealed = session.scalars(select(column).where(Document.id == document.id)).one()
    if sealed is None:
        raise NotFound()
    return key.open_bytes(sealed, place=place_of(column.key), row=document.id)


_MARK_SENT = text(
    """
    UPDATE documents d SET sent_at = coalesce(d.sent_at, :now) FROM folders f
    WHERE f.id = :folder AND f.account_id IS NOT DISTINCT FROM :account AND d.folder_id = f.id
      AND d.kind = ANY (:kinds) AND d.state = 'in_use' RETURNING d.id
    """
)


def mark_sent(
    session: Session, folder: UUID, account: UUID | None, kinds: Sequence[str], *, now: datetime
) -> bool:
    """A request with documents of these kinds of the ``account``'s folder went to its agency: they
    can't be taken back. Whether there are any."""
    session.flush()
    values = {"folder": folder, "account": account, "kinds": list(kinds), "now": now}
    return session.execute(_MARK_SENT, values).first() is not None


def note(
    session: Session, folder: Folder, document: Document, action: str, *, now: datetime,
    actor: Actor,
) -> None:  # fmt: skip
    """Write down who did what with the document, for the person to see."""
    subject = audit.Subject("document", document.id, folder.account_id, folder.consulate_code)
    audit.record(session, subject, action=action, now=now, actor=actor)


def place_of(column: str) -> str:
    """What a sealed value of a document is bound to besides its row."""
    return f"documents.{column}"


def _in_use(folder: UUID) -> Select[Document]:
    return select(Document).where(
        Document.folder_id == folder, Document.state == DocumentState.IN_USE
    )


def _open_name(session: Session, document: Document, vault: Vault) -> str:
    folder = session.get_one(Folder, document.folder_id)
    key = find_folder_key(session, folder, vault)
    if key is None or document.name_sealed is None:
        return UNNAMED
    return key.open(document.name_sealed, place=place_of(NAME), row=document.id)
