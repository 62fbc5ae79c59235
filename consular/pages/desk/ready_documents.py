"""Documents that lie at the office: marked as ready, listed with their age, handed over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session

from consular.access_log import record_list, record_reading
from consular.auth import DESK, actor, allow, now
from consular.collecting import collect
from consular.db import transaction
from consular.i18n import words
from consular.input.collection import HandOverSchema
from consular.input.loading import load_fields
from consular.input.paging import PageQuery, cursor
from consular.messages import messages_about
from consular.pages.desk import presenters
from consular.pages.desk.blueprint import pages
from consular.pages.drafts import draft, finish
from consular.pages.forms import Errors, local, pick, read_fields, submitted
from consular.pages.portal.names import office, service_names
from consular.pages.posting import reopen
from services.cashier.queries import get_rendered
from services.collection.handing_over import may_collect, take_back
from services.collection.marking import mark_ready, unmark
from services.collection.queries import Document, get_document, list_waiting, list_waiting_for

LINES = 100


@pages.get("/ready-documents")
@allow(DESK)
def ready_documents() -> str:
    """List the documents that wait to be collected, the longest first."""
    after = load_fields(PageQuery(), pick(dict(request.args), "next"))["next"]
    with transaction() as session:
        place = office(session, actor().consulate or "")
        page = list_waiting(session, place["code"], limit=LINES, after=after)
        record_list(session, "ready_document", [each.row for each in page.items])
        following = cursor(page.next)
        return render_template(
            "desk/ready_documents.html",
            consulate=place,
            items=shown(session, page.items),
            more=url_for("desk.ready_documents", next=following) if following else None,
        )


reopen(pages, ["/services/<uuid:id>/ready"], "desk.correction", DESK)


@pages.post("/services/<uuid:id>/ready")
@allow(DESK)
def document_ready(id: UUID) -> Response:
    """Mark what was made for a service as ready to be collected; its person is told."""
    with transaction() as session:
        appointment = get_rendered(session, id).appointment_id
        mark_ready(session, id, now=now(), actor=actor())
    return finish(url_for("desk.appointment", id=appointment))


@pages.get("/ready-documents/<uuid:id>")
@allow(DESK)
def ready_document(id: UUID) -> str:
    """Whose the document is and who may collect it; the form of handing it over."""
    with transaction() as session:
        document = get_document(session, id)
        record_reading(session, "ready_document", document.row)
        place = office(session, document.row.consulate_code)
        return render_template(
            "desk/ready_document.html",
            consulate=place,
            item=shown(session, [document])[0],
            collectors=_choices(session, document),
            messages=messages_about(session, id),
            onward=local(request.args.get("back"), url_for("desk.ready_documents")),
            came_with=request.args.get("appointment"),
            form=draft().form,
            errors=draft().errors(_read, also_under=True),
        )


@pages.post("/ready-documents/<uuid:id>/collect")
@allow(DESK)
def document_collect(id: UUID) -> Response:
    """Note who collected it, and what they showed."""
    command = _read(submitted(), None)
    with transaction() as session:
        collect(session, id, command)
    return finish(local(submitted().get("back"), url_for("desk.ready_documents")))


@pages.post("/ready-documents/<uuid:id>/not-ready")
@allow(DESK)
def document_not_ready(id: UUID) -> Response:
    """Take back that it is ready, before it was collected."""
    with transaction() as session:
        unmark(session, id, now=now(), actor=actor())
    return finish(url_for("desk.ready_documents"))


@pages.post("/ready-documents/<uuid:id>/not-collected")
@allow(DESK)
def document_not_collected(id: UUID) -> Response:
    """Take back that it was handed over: it was noted by mistake."""
    with transaction() as session:
        take_back(session, id, now=now(), actor=actor())
    return finish(url_for("desk.ready_document", id=id))


reopen(
    pages,
    [f"/ready-documents/<uuid:id>/{step}" for step in ("collect", "not-ready", "not-collected")],
    "desk.ready_document",
    DESK,
)


def waiting_for(session: Session, consulate: str, people: Sequence[Any]) -> list[dict[str, Any]]:
    """Documents that people who come for anything can take with them, whatever visit they are
    from."""
    return shown(session, list_waiting_for(session, consulate, people))


def shown(session: Session, documents: Sequence[Document]) -> list[dict[str, Any]]:
    """Documents as the pages show them, with their age in days at the office."""
    names = service_names(session)
    return [
        {
            "id": each.row.id,
            "appointment": each.rendered.appointment_id,
            "who": presenters.name_shown(each.person),
            "service": names.get(each.rendered.service_code, each.rendered.service_code),
            "ready_at": each.row.ready_at,
            "days": _days(session, each.row.consulate_code, each.row.ready_at),
            "collected_at": each.row.collected_at,
            "collector": each.row.collector,
        }
        for each in documents
    ]


def _days(session: Session, consulate: str, since: datetime) -> int:
    zone = ZoneInfo(office(session, consulate)["time_zone"])
    age: timedelta = now().astimezone(zone).date() - since.astimezone(zone).date()
    return age.days


def _choices(session: Session, document: Document) -> list[dict[str, str]]:
    return [
        {
            "value": each,
            "label": words("collection.collector", each),
            "hint": words("collection.rule", each),
        }
        for each in may_collect(session, document, now=now())
    ]


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    checked = {"identity_checked": True} if form.get("identity_checked") == "true" else {}
    values = pick(form, "collector", "document", "name", "appointment")
    return read_fields(HandOverSchema(), {**values, **checked}, errors)
