"""Pass the documents of a request to its agency, one after another, each once.

They go after the request, under a key of their own: one that may have arrived is sent again without
a further effect. What goes is decided for each anew: the request is still undecided, the document
is in use, and its person consents to passing documents to that agency.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.enrollments.consenting import DOCUMENTS
from services.enrollments.documents import file_kinds
from services.enrollments.models import Enrollment, PassedDocument
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.progress import still_undecided
from services.files.rules import CONTENT_TYPES, Stored
from services.folders.consenting import consents_to_pass
from services.folders.documents import note, open_content
from services.folders.models import Document, Folder
from services.folders.rules import DocumentState
from services.kernel.audit import SYSTEM
from services.kernel.crypto import Vault
from services.kernel.tables import get_row


@dataclass(frozen=True)
class DocumentTask:
    """A document to pass to the program's agency, in the clear."""

    enrollment: UUID
    program: str
    folio: str
    document: UUID
    kind: str
    media_type: str
    content: bytes


def next_document(session: Session, enrollment_id: UUID, *, vault: Vault) -> DocumentTask | None:
    """The first that the agency doesn't have yet; None when nothing is to be passed. Raises
    NotFound."""
    enrollment = get_row(session, Enrollment, enrollment_id)
    if not still_undecided(enrollment) or not _consented(session, enrollment):
        return None
    document = _first(session, enrollment)
    if document is None:
        return None
    return DocumentTask(
        enrollment.id,
        enrollment.program,
        enrollment.folio,
        document.id,
        document.kind,
        CONTENT_TYPES[Stored(document.stored)],
        open_content(session, document, vault),
    )


def record_passed(session: Session, task: DocumentTask, *, now: datetime) -> None:
    """Write down that the agency has it, for the person to see."""
    row = {"enrollment_id": task.enrollment, "document_id": task.document, "passed_at": now}
    new = session.execute(
        insert(PassedDocument)
        .values(row)
        .on_conflict_do_nothing()
        .returning(PassedDocument.document_id)
    ).first()
    document = session.get(Document, task.document) if new else None
    if document is not None:
        folder = session.get_one(Folder, document.folder_id)
        note(session, folder, document, "document.passed", now=now, actor=SYSTEM)


def _consented(session: Session, enrollment: Enrollment) -> bool:
    folder = enrollment.folder_id
    return folder is not None and consents_to_pass(session, folder, enrollment.program, DOCUMENTS)


def _first(session: Session, enrollment: Enrollment) -> Document | None:
    passed = exists().where(
        PassedDocument.enrollment_id == enrollment.id, PassedDocument.document_id == Document.id
    )
    kinds = [each.code for each in file_kinds(PROGRAMS[enrollment.program])]
    return session.scalars(
        select(Document)
        .where(
            Document.folder_id == enrollment.folder_id,
            Document.kind.in_(kinds),
            Document.state == DocumentState.IN_USE,
            Document.sent_at.is_not(None),
            ~passed,
        )
        .order_by(Document.position)
        .limit(1)
    ).first()
