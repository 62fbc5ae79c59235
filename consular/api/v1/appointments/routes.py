"""Appointments over the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, url_for
from sqlalchemy.orm import Session

from consular import deeds
from consular.api.contract import deed, endpoint, idempotency_key, request_hash
from consular.api.paging import cursor
from consular.api.v1.appointments.schemas import (
    AppointmentAnswer,
    AppointmentList,
    AppointmentQuery,
    BookSchema,
    CallSchema,
    CheckInSchema,
    CompleteSchema,
    NothingSchema,
    NotServedSchema,
)
from consular.api.v1.catalogue.routes import at_office
from consular.auth import CITIZEN, DESK, actor, now, vault
from consular.db import transaction
from consular.looking import record_look
from services.appointments.booking import BookAppointment
from services.appointments.desk import Served, TakeStep, complete, take_step
from services.appointments.people import Attendee
from services.appointments.queries import get_appointment, list_appointments, list_attendees
from services.appointments.returning import list_passes
from services.appointments.rules import Step
from services.consulates.queries import get_consulate
from services.kernel import audit
from services.kernel.audit import Role
from services.kernel.errors import NotFound

api = Blueprint("appointments", __name__, url_prefix="/api/v1/appointments")
BOOKERS = CITIZEN | DESK | {Role.AGENT}


@endpoint(api, "POST", "", who=BOOKERS, body=BookSchema(), answer=AppointmentAnswer(), status=201)
def create_appointment(command: BookAppointment) -> Any:
    """Book a place. 409 slot_taken, slot_not_offered, already_booked, identity_check_pending,
    booking_limit."""
    if actor().role in audit.OFFICE_ROLES and actor().consulate != command.consulate:
        raise NotFound()
    key = idempotency_key()
    booked = deeds.book(
        replace(command, idempotency_key=key, request_hash=request_hash() if key else b"")
    )
    zone = ZoneInfo(booked.time_zone)
    body = {
        "id": str(booked.id),
        "folio": booked.folio,
        "status": booked.status,
        "consulate": command.consulate,
        "service": command.services[0],
        "services": list(command.services),
        "start": at_office(command.start, zone),
        "end": at_office(booked.ends_at, zone),
        "desk": None,
        "outcome": None,
        "return_pass": None,
        "attendees": [_attendee(a) for a in command.attendees],
    }
    return body, {"Location": url_for("appointments.show_appointment", appointment=booked.id)}


@endpoint(api, "GET", "", who=BOOKERS, query=AppointmentQuery(), answer=AppointmentList())
def list_own_appointments(query: dict[str, Any]) -> dict[str, Any]:
    """One's own; for staff, those of their consulate."""
    asking = actor()
    wanted = query["consulate"]
    if asking.consulate and wanted not in (None, asking.consulate):
        return {"items": [], "next": None}
    with transaction() as session:
        if asking.role is Role.AGENT:
            # An office's agenda is its work; somebody who sees all offices is written down.
            audit.record(
                session,
                actor=asking,
                action="appointments.list",
                subject_kind="appointments",
                subject_id=None,
                now=now(),
                consulate=wanted,
            )
        page = list_appointments(
            session,
            account=asking.account_id if asking.is_citizen else None,
            consulate=asking.consulate or wanted,
            day=query["date"],
            status=query["status"],
            limit=query["limit"],
            after=query["next"],
        )
        return {"items": shown(session, page.items), "next": cursor(page.next)}


@endpoint(api, "GET", "/<uuid:appointment>", who=BOOKERS, answer=AppointmentAnswer())
def show_appointment(appointment: UUID) -> dict[str, Any]:
    """One appointment. A look by staff is an entry that the person can list."""
    with transaction() as session:
        found = get_appointment(session, appointment)
        record_look(session, "appointment", found)
        return _one(session, found)


@endpoint(
    api,
    "POST",
    "/<uuid:appointment>/cancel",
    who=BOOKERS,
    body=NothingSchema(),
    answer=AppointmentAnswer(),
)
def cancel_appointment(appointment: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Give the place back: it is free for others after a while. 409 wrong_state, also once it has
    begun."""
    return deed(lambda session: _one(session, deeds.cancel(session, appointment)))


@endpoint(
    api,
    "POST",
    "/<uuid:appointment>/check-in",
    who=DESK,
    body=CheckInSchema(),
    answer=AppointmentAnswer(),
)
def check_in(appointment: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """The person is here and showed their document, or is back with a good return pass. From the
    appointment's day on: 409 too_early before."""
    return _step(TakeStep(appointment, Step.CHECK_IN, details=command))


@endpoint(
    api, "POST", "/<uuid:appointment>/call", who=DESK, body=CallSchema(), answer=AppointmentAnswer()
)
def call(appointment: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Call the person to a window of that day. 422 for a name that no window has; 409
    already_called names the other window that called first."""
    return _step(TakeStep(appointment, Step.CALL, desk=command["desk"]))


@endpoint(
    api,
    "POST",
    "/<uuid:appointment>/no-show",
    who=DESK,
    body=NothingSchema(),
    answer=AppointmentAnswer(),
)
def no_show(appointment: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Mark the person as absent. 409 too_early before the start. Whoever comes later that day can
    still be checked in, once."""
    return _step(TakeStep(appointment, Step.NO_SHOW))


@endpoint(
    api,
    "POST",
    "/<uuid:appointment>/back-to-waiting",
    who=DESK,
    body=NothingSchema(),
    answer=AppointmentAnswer(),
)
def back_to_waiting(appointment: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Undo a call: the person waits again, in the place of their own time, for any desk."""
    return _step(TakeStep(appointment, Step.BACK_TO_WAITING))


@endpoint(
    api,
    "POST",
    "/<uuid:appointment>/not-served",
    who=DESK,
    body=NotServedSchema(),
    answer=AppointmentAnswer(),
)
def not_served(appointment: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Something is missing: why, what to bring, and a pass to come back with the same folio."""
    return _step(TakeStep(appointment, Step.NOT_SERVED, details=command))


@endpoint(
    api,
    "POST",
    "/<uuid:appointment>/complete",
    who=DESK,
    body=CompleteSchema(),
    answer=AppointmentAnswer(),
)
def complete_appointment(appointment: UUID, command: Served) -> dict[str, Any]:
    """The service given, its document number and fee."""
    return deed(
        lambda session: _one(
            session,
            complete(session, appointment, command, now=now(), actor=actor(), vault=vault()),
        )
    )


def _step(command: TakeStep) -> dict[str, Any]:
    return deed(
        lambda session: _one(session, take_step(session, command, now=now(), actor=actor()))
    )


def _one(session: Session, appointment: Any) -> dict[str, Any]:
    return shown(session, [appointment])[0]


def shown(session: Session, appointments: Sequence[Any]) -> list[dict[str, Any]]:
    """As in answers."""
    people = list_attendees(session, [a.id for a in appointments])
    until = list_passes(session, appointments, now=now())
    zones = {
        code: ZoneInfo(get_consulate(session, code).time_zone)
        for code in {a.consulate_code for a in appointments}
    }
    return [
        {
            "id": str(a.id),
            "folio": a.folio,
            "status": a.status,
            "consulate": a.consulate_code,
            "service": a.services[0],
            "services": list(a.services),
            "start": at_office(a.starts_at, zones[a.consulate_code]),
            "end": at_office(a.ends_at, zones[a.consulate_code]),
            "desk": a.desk,
            **_outcome(a, until.get(a.id)),
            "attendees": [_attendee(p) for p in people[a.id]],
        }
        for a in appointments
    ]


def _outcome(found: Any, until: date | None) -> dict[str, Any]:
    if until is None:
        return {"outcome": found.outcome, "return_pass": None}
    noted = found.outcome or {}
    held = {
        "folio": found.folio,
        "valid_until": until.isoformat(),
        "bring": noted.get("bring", []),
    }
    return {"outcome": {**noted, "return_pass": held}, "return_pass": held}


def _attendee(person: Attendee | Any) -> dict[str, Any]:
    return {
        "given_names": person.given_names,
        "first_surname": person.first_surname,
        "second_surname": person.second_surname,
        "birth_date": person.birth_date.isoformat(),
    }
