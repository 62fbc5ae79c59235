"""Write down before coming what the desk would ask: a page for each person of an appointment."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, render_template, url_for
from sqlalchemy.orm import Session

from consular.auth import CITIZEN, allow, now, vault
from consular.db import transaction
from consular.errors import FieldsInvalid
from consular.input.pre_applications import load_pre_application
from consular.pages.drafts import answers, draft, finish
from consular.pages.forms import Errors
from consular.pages.portal.blueprint import pages
from consular.pages.portal.names import service_names
from consular.pages.portal.program_form import by_page_name, data_of, form_of, labels_of
from services.appointments import pre_applying
from services.appointments.pre_application_forms import fields_of
from services.appointments.queries import get_appointment
from services.citizens.people import full_name
from services.kernel.errors import NotFound


@pages.get("/citas/<uuid:id>/antes-de-venir/<code:person>")
@allow(CITIZEN)
def pre_application(id: UUID, person: str) -> str:
    """Ask what the desk would; what was written before is there."""
    with transaction() as session:
        row = get_appointment(session, id)
        written = pre_applying.read(session, row, _number(person), vault())
        fields = fields_of(row.services)
        names = service_names(session)
    return render_template(
        "portal/pre_application.html",
        id=id,
        person=person,
        name=full_name(written.who),
        service_name=", ".join(names.get(code, code) for code in row.services),
        fields=fields,
        labels=dict(labels_of(fields)),
        form=draft().form or form_of(fields, written.answers),
        errors=draft().errors(lambda form, errors: _read(row.services, form, errors)),
    )


@pages.post("/citas/<uuid:id>/antes-de-venir/<code:person>")
@allow(CITIZEN)
def pre_application_write(id: UUID, person: str) -> Response:
    """Keep what was written; it can be changed until the appointment begins."""
    form = answers()
    with transaction() as session:
        _write(session, id, _number(person), form)
    return finish(url_for("portal.appointment", id=id, escrito=1))


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
