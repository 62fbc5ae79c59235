"""Book for somebody who calls or stands at the window, on one screen: who comes, what for and when,
asked in whatever order they are told; the same for the telephone center and for the desk of an
office, each under an address of their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from marshmallow import Schema
from sqlalchemy.orm import Session

from consular import commands
from consular.access_log import read_appointment
from consular.auth import actor, allow, vault
from consular.db import transaction
from consular.finding import find_folio_for_staff, find_for_staff
from consular.i18n import date_long, time_at, words
from consular.input.fields import Folio
from consular.pages.asked_at_once import (
    office_choices,
    read_booking,
    read_person,
    wants_times,
    week_of,
)
from consular.pages.desk import presenters
from consular.pages.drafts import answers, draft, finish, keep_draft
from consular.pages.forms import Errors, check, form_errors, go, pick, read_or_refuse
from consular.pages.portal.names import bookable_services, office, offices_of
from consular.pages.portal.needs import ATTENDED_IN, fields_of, read_needs, shares_of_reader
from consular.pages.portal.place_hold import HELD, HOLD_MINUTES, MORE_TIME, keep_longer, shown_hold
from consular.pages.portal.visit import read_slot
from consular.pages.posting import submission_key
from services.appointments.booking import BookAppointment
from services.appointments.queries import list_attendees, needs_of
from services.citizens.people import open_person
from services.kernel.audit import Role
from services.kernel.catalogue import LANGUAGES
from services.kernel.errors import DomainError, NotFound

# Where a draft asks for a search: what was only typed asks for none.
SEARCHED = "?search"


_FolioForm = Schema.from_dict({"folio": Folio(required=True)})


def add_booking_for_others(pages: Blueprint, at: str, who: frozenset[Role]) -> None:
    """Register the page and its form under the address ``at``."""
    for view, method in ((_show, "GET"), (_save, "POST")):
        name = f"book_for_others{view.__name__ if method == 'POST' else ''}"
        pages.add_url_rule(at, name, allow(who)(_own(view)), methods=[method])


def _own(view: Callable[[], Any]) -> Callable[[], Any]:
    """A view of its own, that says who may call it there."""

    @wraps(view)
    def own() -> Any:
        return view()

    return own


def _show() -> str:
    """One form; with ``after``, for another person of the same call or family."""
    form = _at_own_office({**_from_booking_before(), **draft().form})
    errors = draft().errors(_read)
    searched = draft().at == SEARCHED
    with transaction() as session:
        week = week_of(session, form)
        hold = _hold(session, form, week)
        return render_template(
            "booking_for_others/form.html",
            area=request.blueprint,
            form=form,
            errors=errors,
            searched=searched,
            appointments=_found(session, form, errors) if searched else [],
            offices=office_choices(session),
            own_office=office(session, form["consulate"]) if actor().consulate else None,
            services=[
                {"value": each["code"], "label": each["name"]}
                for each in bookable_services(session)
            ],
            hold=hold,
            held_before=HELD in form,
            hold_minutes=HOLD_MINUTES,
            needs=read_needs(form).fields,
            attended_in=ATTENDED_IN,
            shares=[
                {"value": share, "label": words("appointments.share", share)}
                for share in shares_of_reader()
            ],
            **week,
        )


def _at_own_office(form: dict[str, str]) -> dict[str, str]:
    """The desk books at its own office; the telephone center at any."""
    own = actor().consulate
    if own:
        form["consulate"] = own
    return form


def _save() -> Response:
    """Show free times or the person's appointments, keeping every answer; or book."""
    form = _at_own_office(answers())
    if wants_times(form):
        return go(url_for(".book_for_others", d=keep_draft(form), _anchor="times"))
    if MORE_TIME in request.form:
        return _keep_place(form)
    form["asked"] = "search" if "search" in request.form else "book"
    command = read_or_refuse(form, _read)
    if not isinstance(command, BookAppointment):
        return go(url_for(".book_for_others", d=keep_draft(form, at=SEARCHED)))
    booked = commands.book(submission_key(command), command)
    return finish(url_for(".appointment", id=booked.id, nueva=1))


def _keep_place(form: dict[str, str]) -> Response:
    """Hold the time that the caller chose, or longer, keeping every answer."""
    form.pop(MORE_TIME)
    slot, refused = read_slot(form, {}), None
    try:
        if slot is not None:
            keep_longer(slot, 1)
            form[HELD] = "1"
    except DomainError as error:
        refused = error
    return go(url_for(".book_for_others", d=keep_draft(form, refused), _anchor="times"))


def _hold(session: Session, form: dict[str, str], week: dict[str, Any]) -> dict[str, Any] | None:
    """What the agent holds of the time in the form, which is a choice then though it isn't free."""
    slot = read_slot(form, {}) if week["there"] else None
    hold = shown_hold(session, slot) if slot else None
    if slot and hold and hold["until"]:
        zone = week["there"]["time_zone"]
        label = f"{date_long(slot['start'], zone)}, {time_at(slot['start'], zone)}"
        week["times"].insert(0, {"value": form["start"], "label": label})
    return hold


def _from_booking_before() -> dict[str, str]:
    """Office, service, day, needs and contact of the appointment that was just booked."""
    try:
        before = UUID(request.args.get("after", ""))
    except ValueError:
        return {}
    with transaction() as session:
        try:
            row = read_appointment(session, before)
        except NotFound:
            return {}
        person = open_person(list_attendees(session, [row.id])[row.id][0], vault())
        return {
            **_needs_before(session, row.id),
            "consulate": row.consulate_code,
            "service": row.services[0],
            "from": row.day.isoformat(),
            "email": person.email or "",
            "phone": person.phone or "",
            "notices": row.language,
        }


def _needs_before(session: Session, appointment: UUID) -> dict[str, str]:
    """What it needs of a window, as the form says it; whoever comes next is no more entitled to a
    kept place for that."""
    skills, _share = needs_of(session, appointment)
    return fields_of(skills, "")


def _found(session: Session, form: dict[str, str], errors: Errors) -> list[dict[str, Any]]:
    """The appointment of that folio, or those of whoever has that name and birth date; each search
    for a person is counted."""
    wanted = _whom(form, errors)
    if wanted is None:
        return []
    try:
        by_folio = isinstance(wanted, str)
        rows = (find_folio_for_staff if by_folio else find_for_staff)(session, wanted)
    except DomainError as refused:
        errors |= form_errors(refused)
        return []
    lines = presenters.agenda(session, rows)
    places = offices_of(session, rows)
    return [{**line, "consulate": places[line["id"]]} for line in lines]


def _whom(form: dict[str, str], errors: Errors) -> Any:
    """The folio that was told, or else who it is by name and birth date."""
    if not form.get("folio", "").strip():
        return read_person(form, errors)
    read = check(_FolioForm(), pick(form, "folio"), errors)
    return read and read["folio"]


def _read(form: dict[str, str], errors: Errors) -> Any:
    """Whom to search for, or the booking: what the button that was pressed needs."""
    if form.get("asked") == "search":
        return _whom(form, errors)
    language = form["notices"] if form.get("notices") in LANGUAGES else "es"
    return read_booking(form, errors, language=language)
