"""Documents of a request's person over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, url_for
from sqlalchemy.orm import Session

from consular.access_log import record_reading
from consular.api.contract import endpoint, run_once
from consular.api.v1.documents.answers import DocumentAnswer, DocumentList
from consular.auth import CITIZEN, HELPERS, actor, now, vault
from consular.db import transaction
from consular.documents import give_out, keep_document, read_document
from consular.input.appointments import NothingSchema
from consular.input.documents import DocumentSchema
from consular.input.paging import SliceQuery, slice_of
from consular.uploads import SentDocument
from services.enrollments.documents import folder_of
from services.enrollments.queries import get_enrollment
from services.files.rules import CONTENT_TYPES, Stored
from services.folders.documents import NamedDocument, list_documents, open_names
from services.folders.removing import confirm, remove

api = Blueprint("documents", __name__, url_prefix="/api/v1")
WHO = CITIZEN | HELPERS
OF_ENROLLMENT = "/enrollments/<uuid:enrollment>/documents"
ONE = f"{OF_ENROLLMENT}/<uuid:document>"


@endpoint(
    api,
    "POST",
    OF_ENROLLMENT,
    operation="uploadDocument",
    who=WHO,
    body=DocumentSchema(),
    multipart=True,
    answer=DocumentAnswer(),
    status=201,
    errors={
        409: ("too_many_documents", "wrong_state", "person_forgotten"),
        413: ("file_too_large",),
        422: (
            "document_kind_unknown",
            "file_empty",
            "file_type_not_accepted",
            "file_encrypted",
            "file_active_content",
            "file_unreadable",
            "file_too_many_pages",
            "image_too_large",
        ),
        429: ("too_many_requests",),
    },
)
def upload_document(enrollment: UUID, command: SentDocument) -> Any:
    """Send a document, or replace one. What is kept is made anew from it, without metadata."""
    ready = read_document(enrollment, command)
    body = run_once(
        lambda session: _shown(session, keep_document(session, enrollment, ready)),
        status=201,
    )
    address = url_for("documents.show_content", enrollment=enrollment, document=body["id"])
    return body, {"Location": address}


@endpoint(
    api,
    "GET",
    OF_ENROLLMENT,
    operation="listDocuments",
    who=WHO,
    query=SliceQuery(),
    answer=DocumentList(),
)
def list_own_documents(enrollment: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """List the documents in use of the request's person, whichever request they came with."""
    with transaction() as session:
        row = get_enrollment(session, enrollment)
        record_reading(session, "enrollment", row)
        documents = open_names(session, list_documents(session, folder_of(row)), vault())
    return slice_of([rendered(each) for each in documents], query, "id")


@endpoint(
    api,
    "GET",
    f"{ONE}/content",
    operation="showDocument",
    who=WHO,
    content=tuple(CONTENT_TYPES.values()),
    errors={409: ("person_forgotten",)},
)
def show_content(enrollment: UUID, document: UUID) -> Response:
    """Give out a document's file."""
    return give_out(enrollment, document)


@endpoint(
    api,
    "GET",
    f"{ONE}/preview",
    operation="previewDocument",
    who=WHO,
    content=(CONTENT_TYPES[Stored.JPEG],),
    errors={409: ("person_forgotten",)},
)
def show_preview(enrollment: UUID, document: UUID) -> Response:
    """Give out a small picture of a document: of a PDF its first page."""
    return give_out(enrollment, document, preview=True)


@endpoint(
    api,
    "POST",
    f"{ONE}/confirm",
    operation="confirmDocument",
    who=WHO,
    body=NothingSchema(),
    answer=DocumentAnswer(),
    errors={},
)
def confirm_document(enrollment: UUID, document: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Say that a document is the right one and can be read."""

    def do(session: Session) -> dict[str, Any]:
        folder = folder_of(get_enrollment(session, enrollment))
        return _shown(session, confirm(session, folder, document, now=now(), actor=actor()))

    return run_once(do)


@endpoint(
    api,
    "DELETE",
    ONE,
    operation="removeDocument",
    who=WHO,
    answer=DocumentAnswer(),
    errors={409: ("document_sent",)},
)
def remove_document(enrollment: UUID, document: UUID) -> dict[str, Any]:
    """Take a document back, before a request that it belongs to was sent."""
    with transaction() as session:
        folder = folder_of(get_enrollment(session, enrollment))
        return _shown(session, remove(session, folder, document, now=now(), actor=actor()))


def _shown(session: Session, document: Any) -> dict[str, Any]:
    [named] = open_names(session, [document], vault())
    return rendered(named)


def rendered(named: NamedDocument) -> dict[str, Any]:
    """As the API answers it."""
    document = named.row
    return DocumentAnswer.render(
        document,
        name=named.name,
        content_type=CONTENT_TYPES[Stored(document.stored)],
        sha256=document.sha256.hex(),
        confirmed=document.confirmed_at is not None,
        sent=document.sent_at is not None,
    )
