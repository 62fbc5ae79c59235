"""Documents to be collected, over the API: for the desk of the office where they lie."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy.orm import Session

from consular.access_log import record_list
from consular.api.contract import endpoint, run_once
from consular.api.v1.ready_documents.answers import ReadyDocumentAnswer, ReadyDocumentList
from consular.auth import DESK, actor, now, vault
from consular.collecting import collect
from consular.db import transaction
from consular.input.collection import HandOverSchema, ReadySchema
from consular.input.paging import PageQuery
from services.collection.handing_over import take_back
from services.collection.marking import mark_ready, unmark
from services.collection.queries import Document, find_collector, get_document, list_waiting

api = Blueprint("ready_documents", __name__, url_prefix="/api/v1/ready-documents")


@endpoint(
    api,
    "GET",
    "",
    operation="listReadyDocuments",
    who=DESK,
    query=PageQuery(),
    answer=ReadyDocumentList(),
)
def list_ready(query: dict[str, Any]) -> dict[str, Any]:
    """List the documents that wait to be collected at one's office, the longest first."""
    with transaction() as session:
        page = list_waiting(
            session, actor().consulate or "", limit=query["limit"], after=query["next"]
        )
        record_list(session, "ready_document", [each.row for each in page.items])
        return ReadyDocumentList.page([rendered(each) for each in page.items], page.next)


@endpoint(
    api,
    "POST",
    "",
    operation="markDocumentReady",
    who=DESK,
    body=ReadySchema(),
    answer=ReadyDocumentAnswer(),
    status=201,
    errors={404: ("not_found",), 409: ("wrong_state",)},
)
def create_ready(command: dict[str, Any]) -> dict[str, Any]:
    """Mark what was made for a service as ready to be collected; its person is told."""

    def do(session: Session) -> dict[str, Any]:
        row = mark_ready(session, command["service_rendered"], now=now(), actor=actor())
        return rendered(get_document(session, row.id))

    return run_once(do, status=201)


@endpoint(
    api,
    "DELETE",
    "/<uuid:document>",
    operation="unmarkDocument",
    who=DESK,
    answer=ReadyDocumentAnswer(),
    errors={409: ("wrong_state",)},
)
def remove_ready(document: UUID) -> dict[str, Any]:
    """Take back that a document is ready, before it was collected."""
    with transaction() as session:
        answer = rendered(get_document(session, document))
        unmark(session, document, now=now(), actor=actor())
        return answer


@endpoint(
    api,
    "POST",
    "/<uuid:document>/collect",
    operation="collectDocument",
    who=DESK,
    body=HandOverSchema(),
    answer=ReadyDocumentAnswer(),
    errors={
        409: ("wrong_state", "person_forgotten"),
        422: ("collector_not_allowed", "collector_name_required"),
    },
)
def collect_document(document: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Hand a document over to its person, a parent or guardian, or somebody authorized."""
    return run_once(lambda session: rendered(collect(session, document, command)))


@endpoint(
    api,
    "DELETE",
    "/<uuid:document>/collect",
    operation="undoCollection",
    who=DESK,
    answer=ReadyDocumentAnswer(),
    errors={409: ("wrong_state",)},
)
def undo_collection(document: UUID) -> dict[str, Any]:
    """Take back that a document was handed over: it lies at the office still."""
    with transaction() as session:
        return rendered(take_back(session, document, now=now(), actor=actor()))


def rendered(document: Document) -> dict[str, Any]:
    """As the API answers it."""
    return ReadyDocumentAnswer.render(
        document.row,
        appointment=document.rendered.appointment_id,
        service=document.rendered.service_code,
        collector_name=find_collector(document, vault()),
    )
