"""The queue at the desk: call who is next, undo, pause, pass on, and give tickets."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, current_app, render_template, request, url_for
from flask_babel import gettext as _

from consular.access_log import read_appointment
from consular.auth import DESK, actor, allow, now, vault
from consular.db import transaction
from consular.errors import FieldsInvalid
from consular.i18n import current_language
from consular.input.fields import MISSING
from consular.input.loading import load_fields
from consular.pages.desk.agenda import today_at
from consular.pages.desk.appointment import own_desk, same_row, take
from consular.pages.desk.blueprint import pages
from consular.pages.desk.schemas import (
    DeskForm,
    OnePersonForm,
    ParkForm,
    PriorityForm,
    TakeOverForm,
    TicketForm,
    TransferForm,
)
from consular.pages.drafts import draft, finish
from consular.pages.forms import Errors, go, local, pick, read_fields, submitted
from consular.pages.portal.names import bookable_services, office, service_names
from consular.pages.portal.turn import turn_address
from consular.printing.qr import qr_svg
from services.appointments.desk import TakeStep, take_step
from services.appointments.queries import list_party
from services.appointments.queueing import (
    ChangeVisit,
    call_next,
    change_visit,
    find_visit,
    note_at_desk,
    take_over,
)
from services.appointments.rules import Step
from services.appointments.undoing import undo
from services.appointments.walking_in import GiveTicket, give_ticket
from services.kernel.errors import NotFound


@pages.post("/next")
@allow(DESK)
def call_next_person() -> Response:
    """Call whoever is next of those that this window serves."""
    desk = load_fields(DeskForm(), pick(submitted(), "desk"))["desk"]
    with transaction() as session:
        place = office(session, actor().consulate or "")
        appointment, n = call_next(
            session, place["code"], desk, day=today_at(place), now=now(), actor=actor()
        )
    return finish(
        same_row(local(submitted().get("back"), url_for("desk.today")), appointment.id, n)
    )


@pages.get("/next")
@allow(DESK)
def back_to_agenda() -> Response:
    """Lead a refused call back to the agenda, which says why."""
    return go(url_for("desk.today", d=request.args.get("d"), desk=draft().form.get("desk")))


@pages.post("/appointments/<uuid:id>/undo")
@allow(DESK)
def undo_step(id: UUID) -> Response:
    """Take the last step back, within a minute."""
    return take(lambda session: undo(session, id, now=now(), actor=actor()))


@pages.post("/appointments/<uuid:id>/wrong-person")
@allow(DESK)
def wrong_person(id: UUID) -> Response:
    """Note that somebody else was checked in: the person who is meant is still expected."""
    n = load_fields(OnePersonForm(), pick(submitted(), "n"))["n"]
    command = TakeStep(id, Step.WRONG_PERSON, only=n)
    return take(lambda session: take_step(session, command, now=now(), actor=actor()))


@pages.post("/appointments/<uuid:id>/park")
@allow(DESK)
def park(id: UUID) -> Response:
    """Let somebody wait without being called, or go on in their place."""
    form = load_fields(ParkForm(), pick(submitted(), "n", "park"))
    return _change(ChangeVisit(id, form["n"], park=form["park"] == "yes"))


@pages.post("/appointments/<uuid:id>/priority")
@allow(DESK)
def priority(id: UUID) -> Response:
    """Give somebody priority in the queue, or take it away."""
    form = load_fields(PriorityForm(), pick(submitted(), "n", "priority"))
    return _change(ChangeVisit(id, form["n"], priority=form["priority"] == "yes"))


@pages.post("/appointments/<uuid:id>/transfer")
@allow(DESK)
def transfer(id: UUID) -> Response:
    """Pass somebody on to another service or window; they keep their place."""
    form = load_fields(TransferForm(), pick(submitted(), "n", "service", "for_desk"))
    services = (form["service"],) if form["service"] else ()
    if not (services or form["for_desk"]):
        raise FieldsInvalid({"service": [str(MISSING)]})
    return _change(ChangeVisit(id, form["n"], services=services, for_desk=form["for_desk"]))


@pages.post("/appointments/<uuid:id>/take-over")
@allow(DESK)
def take_over_person(id: UUID) -> Response:
    """Go on at this window with somebody whom another one called."""
    form = load_fields(TakeOverForm(), pick(submitted(), "n", "desk"))
    return take(
        lambda session: take_over(session, id, form["n"], form["desk"], now=now(), actor=actor())
    )


def _change(command: ChangeVisit) -> Response:
    return take(lambda session: change_visit(session, command, now=now(), actor=actor()))


@pages.get("/tickets")
@allow(DESK)
def ticket() -> str:
    """Show the form of a ticket for somebody without an appointment."""
    with transaction() as session:
        return render_template(
            "desk/ticket.html",
            services=bookable_services(session),
            desk=own_desk(),
            form=draft().form,
            errors=draft().errors(_read_ticket),
        )


@pages.post("/tickets")
@allow(DESK)
def give() -> Response:
    """Give the ticket; the person waits from now on."""
    fields = _read_ticket(submitted(), None)
    command = GiveTicket(
        consulate=actor().consulate or "",
        service=fields["service"],
        given_names=fields["given_names"],
        first_surname=fields["first_surname"],
        priority=fields["priority"] == "yes",
        language=current_language(),
    )
    with transaction() as session:
        ticket = give_ticket(session, command, now=now(), actor=actor(), vault=vault())
    return finish(same_row(url_for("desk.today", desk=own_desk()), ticket.id, 1))


@pages.get("/appointments/<uuid:id>/turn")
@allow(DESK)
def turn(id: UUID) -> str:
    """A turn to print, with a code that leads to the place in the queue."""
    n = load_fields(OnePersonForm(), pick(dict(request.args), "n"))["n"]
    with transaction() as session:
        appointment = read_appointment(session, id)
        person = next((each for each in list_party(session, [id])[id] if each.n == n), None)
        visit = find_visit(session, id, n)
        if person is None or visit is None:
            raise NotFound()
        address = (
            f"{current_app.extensions['consular.settings'].public_url}{turn_address(person.folio)}"
        )
        names = service_names(session)
        return render_template(
            "desk/turn.html",
            consulate=office(session, appointment.consulate_code),
            folio=person.folio,
            service=", ".join(names.get(code, code) for code in visit.services),
            since=visit.arrived_at,
            qr=qr_svg(address, str(_("Código para seguir el turno"))),
            address=address,
            may_be_told=not appointment.walk_in,
            agenda_url=same_row(url_for("desk.today", desk=own_desk()), id, n),
        )


@pages.post("/appointments/<uuid:id>/at-desk")
@allow(DESK)
def at_desk(id: UUID) -> Response:
    """Note that who was called has come to the window."""
    n = load_fields(OnePersonForm(), pick(submitted(), "n"))["n"]
    return take(lambda session: note_at_desk(session, id, n, now=now(), actor=actor()))


def _read_ticket(form: dict[str, str], errors: Errors | None) -> Any:
    names = ("service", "given_names", "first_surname", "priority")
    return read_fields(TicketForm(), pick(form, *names), errors)
