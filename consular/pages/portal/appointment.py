"""One appointment for its owner: see it, keep it, move it, cancel it or one person of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session

from consular import commands
from consular.auth import CITIZEN, allow, now, vault
from consular.db import transaction
from consular.i18n import in_language
from consular.messages import messages_about
from consular.pages.drafts import draft
from consular.pages.forms import Errors, go
from consular.pages.portal.blueprint import pages
from consular.pages.portal.names import office, service_names
from consular.pages.portal.office_map import map_address
from consular.pages.portal.ready_documents import of_appointment
from consular.pages.portal.turn import turn_of
from consular.pages.portal.visit import near
from consular.pages.posting import reopen
from consular.pages.rescheduling import add_rescheduling
from consular.printing.appointments import calendar_file, place_rows, print_appointment
from consular.printing.enrollments import as_file
from services.appointments import pre_applying
from services.appointments.closing import NOT_CLOSED
from services.appointments.queries import (
    Coming,
    ServiceTime,
    count_coming,
    get_appointment,
    list_party,
    list_service_times,
)
from services.appointments.returning import list_member_passes, list_passes
from services.appointments.rules import EARLY_MINUTES, Status, Step
from services.appointments.steps import list_actions, list_member_actions
from services.appointments.whereabouts import Whereabouts, where_is
from services.citizens.people import full_name
from services.consulates.queries import fee_of, get_consulate, list_requirements

_MAPS = "https://www.openstreetmap.org"


@pages.get("/citas/<uuid:id>")
@allow(CITIZEN)
def appointment(id: UUID) -> str:
    """Show one appointment to its owner."""
    return _show(
        id,
        just_booked="nueva" in request.args,
        moved="cambiada" in request.args,
        left=request.args.get("quitada", ""),
        errors=draft().errors(also_under=True),
    )


@pages.get("/citas/<uuid:id>/calendario.ics")
@allow(CITIZEN)
def appointment_calendar(id: UUID) -> Response:
    """Give the appointment as a calendar file."""
    with transaction() as session:
        return calendar_file(session, get_appointment(session, id))


@pages.get("/citas/<uuid:id>/cita.pdf")
@allow(CITIZEN)
def appointment_pdf(id: UUID) -> Response:
    """Show the appointment as PDF."""
    with transaction() as session:
        document = print_appointment(session, get_appointment(session, id))
    return as_file(document, "cita")


add_rescheduling(
    pages,
    "/citas/<uuid:id>",
    ("cambiar", "cambiar/revisar", "cambiar/confirmar"),
    layout="layouts/citizen.html",
    who=CITIZEN,
)
reopen(
    pages,
    ["/citas/<uuid:id>/cancelar", "/citas/<uuid:id>/personas/<int:n>/cancelar"],
    "portal.appointment",
    CITIZEN,
)


@pages.post("/citas/<uuid:id>/cancelar")
@allow(CITIZEN)
def appointment_cancel(id: UUID) -> Response:
    """Cancel an appointment; its place is free again."""
    with transaction() as session:
        commands.cancel(session, id)
    return go(url_for("portal.appointment", id=id))


@pages.post("/citas/<uuid:id>/personas/<int:n>/cancelar")
@allow(CITIZEN)
def attendee_cancel(id: UUID, n: int) -> Response:
    """Cancel one person of an appointment; the others keep their places."""
    with transaction() as session:
        commands.cancel(session, id, only=n)
    return go(url_for("portal.appointment", id=id, quitada=n))


def _show(id: UUID, *, just_booked: bool, moved: bool, left: str, errors: Errors) -> str:
    with transaction() as session:
        appointment = get_appointment(session, id)
        names = service_names(session)
        lost = messages_about(session, id)["lost"]
        documents = of_appointment(session, id)
        before = pre_applying.read_all(session, appointment, vault())
        facts = {
            **_where(session, appointment),
            **_people(session, appointment, names),
            **_steps(session, appointment),
            "return_until": list_passes(session, [appointment], now=now()).get(id),
        }
    coming = {person["n"] for person in facts["attendees"] if person["status"] == Status.BOOKED}
    for person in facts["attendees"]:
        person["turn"] = turn_of(person["folio"], person["status"])
    return render_template(
        "portal/appointment.html",
        early_minutes=EARLY_MINUTES,
        appointment={
            "id": appointment.id,
            "folio": appointment.folio,
            "status": appointment.status,
            "service_name": ", ".join(names.get(code, code) for code in appointment.services),
            "start": appointment.starts_at,
            "end": appointment.ends_at,
            "minutes": round((appointment.ends_at - appointment.starts_at).total_seconds() / 60),
            "before": [
                {"person": w.person, "name": full_name(w.who), "written": bool(w.answers)}
                for w in before
                if w.person in coming
            ],
            **facts,
        },
        just_booked=just_booked,
        left=[
            p["name"] for p in facts["attendees"] if str(p["n"]) == left and p["n"] not in coming
        ],
        documents=documents,
        lost=lost,
        moved=moved,
        errors=errors,
    )


def _where(session: Session, appointment: Any) -> dict[str, Any]:
    """The office, or the place of a mobile consulate with its clock, and what is known of it."""
    there = where_is(session, appointment)
    row = get_consulate(session, appointment.consulate_code)
    shown = office(session, row.code)
    return {
        "consulate": {**shown, "time_zone": there.zone, "city": there.place or shown["city"]},
        "place": place_rows(there),
        "another": _another(appointment, there.zone),
        "map": _map_of(there, row),
        "picture": None if there.place else map_address(row.code),
    }


def _people(session: Session, appointment: Any, names: Mapping[str, str]) -> dict[str, Any]:
    """Who comes and when, what they bring and what all of them pay."""
    party, times = (
        list_party(session, [appointment.id])[appointment.id],
        list_service_times(session, appointment.id),
    )
    may = list_member_actions(session, [appointment], now=now())
    passes = list_member_passes(session, [appointment], now=now())
    needs = list_requirements(session, appointment.services)
    texts = (
        in_language(row, "text") for code in appointment.services for row in needs.get(code, [])
    )
    return {
        "attendees": [
            _attendee(
                each,
                times.get(each.n, ()),
                names,
                can_cancel=count_coming(party) > 1 and Step.CANCEL in may[appointment.id, each.n],
            )
            | {"return_until": passes.get((appointment.id, each.n))}
            for each in party
        ],
        "requirements": list(dict.fromkeys(texts)),
        "fee": fee_of(session, appointment.services, appointment.day, count_coming(party)),
    }


def _steps(session: Session, appointment: Any) -> dict[str, bool]:
    may = list_actions(session, [appointment], now=now())[appointment.id]
    return {
        "can_cancel": Step.CANCEL in may,
        "can_move": Step.RESCHEDULE in may,
        "orphaned": Step.RESCHEDULE in may and appointment.orphaned_at is not None,
    }


def _attendee(
    coming: Coming, times: Sequence[ServiceTime], names: Mapping[str, str], *, can_cancel: bool
) -> dict[str, Any]:
    noted = (coming.outcome or {}) if coming.status == Status.NOT_SERVED else {}
    return {
        "n": coming.n,
        "name": full_name(coming.person),
        "folio": coming.folio,
        "status": coming.status,
        "times": [
            {"service": names.get(each.service, each.service), "start": each.starts_at}
            for each in times
        ],
        "can_cancel": can_cancel,
        "reason": None if noted.get("reason") == NOT_CLOSED else noted.get("reason"),
        "bring": noted.get("bring", []),
    }


def _map_of(there: Whereabouts, row: Any) -> str | None:
    """Where a map of the address is found, or else of the city; the page itself asks nobody for
    one."""
    if there.details.address:
        return f"{_MAPS}/search?{urlencode({'query': there.details.address})}"
    return None if there.place else f"{_MAPS}/#map=11/{row.latitude}/{row.longitude}"


def _another(appointment: Any, zone: str) -> dict[str, str]:
    """The times around it, for whoever comes along with an appointment of their own."""
    return {
        "consulate": appointment.consulate_code,
        "service": appointment.services[0],
        **near(appointment.starts_at, zone),
    }
