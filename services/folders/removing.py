"""Take a document back, or say that it can be read."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.folders.documents import get_document, note
from services.folders.errors import DocumentSent
from services.folders.models import Document
from services.folders.rules import DocumentState, can_remove
from services.folders.uploading import lock_folder
from services.kernel.audit import Actor


def remove(
    session: Session, folder_id: UUID, document_id: UUID, *, now: datetime, actor: Actor
) -> Document:
    """Delete what it holds. Raises NotFound, `DocumentSent` once a request went out with it."""
    folder = lock_folder(session, folder_id)
    document = get_document(session, folder_id, document_id)
    if not can_remove(DocumentState(document.state), sent=document.sent_at is not None):
        raise DocumentSent()
    document.state, document.position, document.ended_at = DocumentState.REMOVED.value, None, now
    document.name_sealed = document.file_sealed = document.preview_sealed = None
    session.flush()
    note(session, folder, document, "document.removed", now=now, actor=actor)
    return document


def confirm(
    session: Session, folder_id: UUID, document_id: UUID, *, now: datetime, actor: Actor
) -> Document:
    """Whoever uploaded it looked at the preview: it is the right one and can be read. Raises
    NotFound."""
    folder = lock_folder(session, folder_id)
    document = get_document(session, folder_id, document_id)
    if document.confirmed_at is None:
        document.confirmed_at = now
        session.flush()
        note(session, folder, document, "document.confirmed", now=now, actor=actor)
    return document
