"""How somebody of an appointment is called: corrected against the document, or written on a
ticket that was given without a name."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session

from consular.access_log import record_reading
from consular.auth import DESK, actor, allow, now, vault
from consular.db import transaction
from consular.input.appointments import NamesSchema, SpellingSchema
from consular.input.fields import BirthDate
from consular.input.loading import load_fields
from consular.pages.desk.blueprint import pages
from consular.pages.desk.presenters import name_shown
from consular.pages.desk.schemas import OnePersonForm
from consular.pages.drafts import draft, finish
from consular.pages.forms import Errors, date_of, pick, read_fields, submitted
from consular.pages.posting import reopen
from services.appointments.naming import NameTicket, is_nameless, name_ticket
from services.appointments.queries import Coming, get_appointment, list_party
from services.appointments.spelling import CorrectSpelling, correct_spelling
from services.kernel.errors import NotFound

NAMES = ("given_names", "first_surname", "second_surname")


class TicketNamesForm(NamesSchema):
    """Names as somebody says them, and when they were born if they say it."""

    birth_date = BirthDate(load_default=None)


@pages.get("/appointments/<uuid:id>/names")
@allow(DESK)
def names(id: UUID) -> str:
    """The form with the names as they are written now."""
    asked = {**pick(draft().form, "n"), **pick(dict(request.args), "n")}
    n = load_fields(OnePersonForm(), asked)["n"]
    with transaction() as session:
        appointment, coming = _coming(session, id, n)
        record_reading(session, "appointment", appointment)
        person = coming.person
        nameless = is_nameless(appointment, person)
        written = {name: getattr(person, name) or "" for name in NAMES}
        return render_template(
            "desk/names.html",
            appointment=appointment,
            n=n,
            name=name_shown(person, walk_in=appointment.walk_in),
            nameless=nameless,
            form={**written, **draft().form},
            errors=draft().errors(_read_ticket if nameless else _read, also_under=True),
        )


@pages.post("/appointments/<uuid:id>/names/correct")
@allow(DESK)
def names_correct(id: UUID) -> Response:
    """Correct how the names are written, as the document says."""
    n = load_fields(OnePersonForm(), pick(submitted(), "n"))["n"]
    fields = _read(submitted(), None)
    command = CorrectSpelling(id, n, **{name: fields[name] for name in NAMES})
    with transaction() as session:
        correct_spelling(session, command, now=now(), actor=actor(), vault=vault())
    return finish(url_for("desk.appointment", id=id))


@pages.post("/appointments/<uuid:id>/names/ticket")
@allow(DESK)
def names_ticket(id: UUID) -> Response:
    """Write a name on a ticket that has none."""
    command = NameTicket(id, **_read_ticket(submitted(), None))
    with transaction() as session:
        name_ticket(session, command, now=now(), actor=actor(), vault=vault())
    return finish(url_for("desk.appointment", id=id))


reopen(
    pages,
    ["/appointments/<uuid:id>/names/correct", "/appointments/<uuid:id>/names/ticket"],
    "desk.names",
    DESK,
)


def _coming(session: Session, id: UUID, n: int) -> tuple[Any, Coming]:
    appointment = get_appointment(session, id)
    party = list_party(session, [id])[id]
    coming = next((each for each in party if each.n == n), None)
    if coming is None:
        raise NotFound()
    return appointment, coming


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    checked = {"identity_checked": True} if form.get("identity_checked") == "true" else {}
    return read_fields(SpellingSchema(), {**pick(form, *NAMES), **checked}, errors)


def _read_ticket(form: dict[str, str], errors: Errors | None) -> Any:
    born = date_of(form, "birth_date")
    values = {**pick(form, *NAMES), **({"birth_date": born} if born else {})}
    return read_fields(TicketNamesForm(), values, errors)
