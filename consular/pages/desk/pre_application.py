"""What a person wrote before coming, on the desk's page of the appointment: shown and verified."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request, url_for
from sqlalchemy.orm import Session

from consular.answers_in_words import data_rows
from consular.auth import DESK, actor, allow, now, vault
from consular.db import transaction
from consular.documents import as_file
from consular.input.loading import load_fields
from consular.input.pre_applications import AttendeeQuery
from consular.pages.desk.blueprint import pages
from consular.pages.forms import go, pick
from services.appointments import pre_applying
from services.appointments.attaching import list_attached, open_attached
from services.appointments.pre_application_forms import fields_of
from services.appointments.queries import get_appointment
from services.citizens.people import full_name
from services.kernel import audit


@pages.post("/appointments/<uuid:id>/verify-pre-application")
@allow(DESK)
def pre_application_verify(id: UUID) -> Response:
    """Note that an officer compared it with the documents."""
    person = load_fields(AttendeeQuery(), pick(request.form.to_dict(), "attendee"))["attendee"]
    with transaction() as session:
        pre_applying.verify(session, id, person, now=now(), actor=actor())
    return go(url_for("desk.appointment", id=id))


@pages.get("/appointments/<uuid:id>/pre-application-documents/<uuid:document>")
@allow(DESK)
def pre_application_document(id: UUID, document: UUID) -> Response:
    """Give out a document that a person sent before coming; recorded, for the person to see."""
    with transaction() as session:
        stored, content = open_attached(session, id, document, vault())
        subject = audit.Subject.of("appointment", get_appointment(session, id))
        audit.record(session, subject, action="appointment.read_document", now=now(), actor=actor())
    return as_file(content, stored, "document")


def pre_applications_of(session: Session, appointment: Any) -> list[dict[str, Any]]:
    """What each person wrote and sent, in words; whoever did neither is left out."""
    fields, attached = fields_of(appointment.services), list_attached(session, appointment, vault())
    return [
        {
            "attendee": written.person,
            "name": full_name(written.who),
            "rows": list(data_rows(fields, written.answers)) if written.answers else [],
            "documents": [
                {"id": each.row.id, "name": each.name} for each in attached.get(written.who.id, ())
            ],
            "verified_at": written.verified_at,
        }
        for written in pre_applying.read_all(session, appointment, vault())
        if written.answers or written.who.id in attached
    ]
