"""Write down before coming what the desk would ask: a page for each person of an appointment."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, render_template, url_for
from sqlalchemy.orm import Session

from consular.auth import CITIZEN, allow, now, vault
from consular.db import transaction
from consular.documents import as_file, read_file
from consular.errors import FieldsInvalid
from consular.i18n import in_language
from consular.input.pre_applications import load_pre_application
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors, go
from consular.pages.portal.blueprint import pages
from consular.pages.portal.names import which
from consular.pages.portal.program_form import by_page_name, data_of, form_of, labels_of
from consular.pages.posting import reopen
from consular.uploads import sent_file, takes_file
from services.appointments import pre_applying
from services.appointments.attaching import attach, detach, list_attached, open_attached
from services.appointments.pre_application_forms import fields_of
from services.appointments.queries import get_appointment
from services.appointments.rules import ATTACHED_DAYS, MOST_ATTACHED
from services.consulates.queries import list_requirements
from services.files.cleaning import MEBIBYTES
from services.files.errors import FileEmpty
from services.files.rules import ACCEPTED_TYPES, MOST_BYTES, Stored
from services.kernel.errors import NotFound

_OF_PERSON = "/citas/<uuid:id>/antes-de-venir/<code:person>"
# What a file is called that is given out.
DOCUMENT = "document"


@pages.get(_OF_PERSON)
@allow(CITIZEN)
def pre_application(id: UUID, person: str) -> str:
    """Ask what the desk would; what was written before is there."""
    with transaction() as session:
        row = get_appointment(session, id)
        written = pre_applying.read(session, row, _number(person), vault())
        fields = fields_of(row.services)
        named = which(session, row, only=written.person)
        sent = len(list_attached(session, row, vault()).get(written.who.id, []))
    return render_template(
        "portal/pre_application.html",
        id=id,
        person=person,
        appointment=named,
        fields=fields,
        labels=dict(labels_of(fields)),
        sent=sent,
        form=draft().form or form_of(fields, written.answers),
        errors=draft().errors(lambda form, errors: _read(row.services, form, errors)),
    )


@pages.post(_OF_PERSON)
@allow(CITIZEN)
def pre_application_write(id: UUID, person: str) -> Response:
    """Keep what was written; it can be changed until the appointment begins."""
    form = answers()
    with transaction() as session:
        _write(session, id, _number(person), form)
    return finish(url_for("portal.appointment", id=id, escrito=1))


@pages.get(f"{_OF_PERSON}/documentos")
@allow(CITIZEN)
def pre_application_documents(id: UUID, person: str) -> str:
    """List the documents that were sent before, with a form to send another."""
    with transaction() as session:
        row = get_appointment(session, id)
        written = pre_applying.read(session, row, _number(person), vault())
        attached = list_attached(session, row, vault()).get(written.who.id, [])
        requirements = list_requirements(session, row.services)
        named = which(session, row, only=written.person)
    return render_template(
        "portal/pre_application_documents.html",
        id=id,
        person=person,
        appointment=named,
        documents=[
            {"id": each.row.id, "name": each.name, "pdf": each.row.stored == Stored.PDF}
            for each in attached
        ],
        requirements=[
            in_language(each, "text")
            for code in row.services
            for each in requirements.get(code, ())
        ],
        most=MOST_ATTACHED,
        days=ATTACHED_DAYS,
        accepted=",".join(ACCEPTED_TYPES),
        most_bytes=MOST_BYTES,
        mebibytes=MEBIBYTES,
        errors=draft().errors(also_under=True),
    )


@pages.post(f"{_OF_PERSON}/documentos")
@allow(CITIZEN)
@takes_file
def pre_application_attach(id: UUID, person: str) -> Response:
    """Keep a document, made anew in no transaction."""
    file = sent_file("file")
    if file is None:
        raise FileEmpty(field="file")
    with transaction() as session:
        pre_applying.find_open(session, id, _number(person), now=now())
    ready = read_file(file)
    with transaction() as session:
        attach(session, id, _number(person), file.name, ready, now=now(), vault=vault())
    return finish(url_for("portal.pre_application_documents", id=id, person=person))


@pages.get(f"{_OF_PERSON}/documentos/<uuid:document>")
@allow(CITIZEN)
def pre_application_document(id: UUID, person: str, document: UUID) -> Response:
    """Give a document out to its owner."""
    _number(person)
    with transaction() as session:
        stored, content = open_attached(session, id, document, vault())
    return as_file(content, stored, DOCUMENT)


@pages.post(f"{_OF_PERSON}/documentos/<uuid:document>/quitar")
@allow(CITIZEN)
def pre_application_detach(id: UUID, person: str, document: UUID) -> Response:
    """Take a document back."""
    with transaction() as session:
        detach(session, id, _number(person), document, now=now())
    return go(url_for("portal.pre_application_documents", id=id, person=person))


reopen(
    pages, [f"{_OF_PERSON}/documentos/<uuid:document>/quitar"],
    "portal.pre_application_documents", CITIZEN, own="document",
)  # fmt: skip


def _write(session: Session, id: UUID, person: int, form: dict[str, str]) -> None:
    services = get_appointment(session, id).services
    errors: Errors = {}
    data = _read(services, form, errors)
    if data is None:
        raise FieldsInvalid(errors)
    pre_applying.write(session, id, person, data, now=now(), vault=vault())


def _read(services: list[str], form: dict[str, str], errors: Errors) -> Any:
    try:
        return load_pre_application(services, data_of(fields_of(services), form))
    except FieldsInvalid as invalid:
        errors |= by_page_name(invalid.errors)
        return None


def _number(person: str) -> int:
    if not person.isascii() or not person.isdigit():
        raise NotFound()
    return int(person)
