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
    session: Session, folder: UUID, document: UUID, *, now: datetime, actor: Actor
) -> Document:
    """Delete what it holds. Raises NotFound, `DocumentSent` once a request went out with it."""
    held = lock_folder(session, folder)
    found = get_document(session, folder, document)
    if not can_remove(DocumentState(found.state), sent=found.sent_at is not None):
        raise DocumentSent()
    found.state, found.position, found.ended_at = DocumentState.REMOVED.value, None, now
    found.name_sealed = found.file_sealed = found.preview_sealed = None
    session.flush()
    note(session, held, found, "document.removed", now=now, actor=actor)
    return found


def confirm(
    session: Session, folder: UUID, document: UUID, *, now: datetime, actor: Actor
) -> Document:
    """Whoever uploaded it looked at the preview: it is the right one and can be read. Raises
    NotFound."""
    held = lock_folder(session, folder)
    found = get_document(session, folder, document)
    if found.confirmed_at is None:
        found.confirmed_at = now
        session.flush()
        note(session, held, found, "document.confirmed", now=now, actor=actor)
    return found
