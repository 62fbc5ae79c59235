"""How API and pages keep, open and give out the documents of a request's person."""

from __future__ import annotations

from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from consular.auth import actor, now, vault
from consular.callers import upload_budgets
from consular.db import transaction
from consular.uploads import SentDocument, SentFile
from services.citizens.limits import spend
from services.enrollments.documents import folder_of, refuse_kind
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.queries import get_enrollment
from services.files.cleaning import CleanFile, clean
from services.files.rules import CONTENT_TYPES, Stored
from services.folders.documents import get_document, note, open_content
from services.folders.models import Document, Folder
from services.folders.uploading import UploadDocument, upload
from services.kernel.db import NETWORK_SCOPE
from services.kernel.tables import get_row

# Whatever a file may hold, in a browser it is a picture or something to save.
_CONTENT_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


def read_document(enrollment: UUID, sent: SentDocument) -> UploadDocument:
    """Make the file anew, in no transaction: that takes seconds.

    Raises what `get_enrollment`, `refuse_kind` and `clean` raise, `TooManyAttempts`.
    """
    with transaction() as session:
        refuse_kind(PROGRAMS[get_enrollment(session, enrollment).program], sent.kind)
    return UploadDocument(sent.kind, sent.file.name, read_file(sent.file), sent.replaces)


def read_file(file: SentFile) -> CleanFile:
    """Make a file anew, in no transaction. Raises what `clean` raises, `TooManyAttempts`."""
    with transaction(NETWORK_SCOPE) as session:
        spend(session, upload_budgets(), now=now())
    return clean(file.data)


def keep_document(session: Session, enrollment: UUID, command: UploadDocument) -> Document:
    """Put it into the folder of the request's person."""
    folder = folder_of(get_enrollment(session, enrollment))
    return upload(session, folder, command, now=now(), actor=actor(), vault=vault())


def give_out(id: UUID, document: UUID, *, preview: bool = False) -> Response:
    """A document of the request ``id``, or its small picture. Staff are written down who open it.

    Raises NotFound, also for one that was replaced or removed.
    """
    with transaction() as session:
        folder = get_row(session, Folder, folder_of(get_enrollment(session, id)))
        row = get_document(session, folder.id, document)
        content = open_content(session, row, vault(), preview=preview)
        if not actor().is_citizen:
            note(session, folder, row, "document.read", now=now(), actor=actor())
    return as_file(content, Stored.JPEG if preview else Stored(row.stored), row.kind)


def as_file(content: bytes, stored: Stored, kind: str) -> Response:
    """The document as a file of the type that we made it. A PDF is saved: in a sandbox no
    browser shows one."""
    shown = "inline" if stored is Stored.JPEG else "attachment"
    return Response(
        content,
        content_type=CONTENT_TYPES[stored],
        headers={
            "Content-Disposition": f'{shown}; filename="{kind}.{stored.value}"',
            "Content-Security-Policy": _CONTENT_POLICY,
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )
