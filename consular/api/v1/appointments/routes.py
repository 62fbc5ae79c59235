"""Appointments over the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import wraps
from itertools import repeat
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, url_for
from marshmallow import Schema
from sqlalchemy.orm import Session

from consular import commands
from consular.access_log import read_appointment, record_agenda
from consular.api.contract import Errors, Register, endpoint, request_key, run_once
from consular.api.v1.appointments.answers import (
    AppointmentAnswer,
    AppointmentList,
    AttendeeAnswer,
    FeeLineAnswer,
    FindAnswer,
    PreApplicationAnswer,
    RenderedAnswer,
    ReturnPassAnswer,
)
from consular.auth import ANYONE, BOOKERS, DESK, HELPERS, actor, now, vault
from consular.db import transaction
from consular.finding import find_for_staff, find_for_visitor, words_for
from consular.input.appointments import (
    AppointmentQuery,
    BookSchema,
    CallSchema,
    CheckInSchema,
    CompleteSchema,
    FindSchema,
    NothingSchema,
    NotServedSchema,
    PersonSearchSchema,
    RescheduleSchema,
    SpellingSchema,
)
from consular.input.pre_applications import (
    AttendeeQuery,
    PreApplicationSchema,
    load_pre_application,
)
from consular.printing.appointments import calendar_file, print_appointment
from consular.printing.enrollments import as_file
from services.appointments import pre_applying
from services.appointments.booking import BookAppointment
from services.appointments.calendar import MEDIA_TYPE
from services.appointments.completing import Served, complete, outcome_of
from services.appointments.desk import TakeStep, take_step
from services.appointments.hours import Place
from services.appointments.mobile import get_mobile, mobile_places
from services.appointments.people import Attendee
from services.appointments.pre_application_forms import fields_of
from services.appointments.pre_applying import Written
from services.appointments.queries import get_appointment, list_appointments, list_party
from services.appointments.queueing import note_at_desk
from services.appointments.rescheduling import RescheduleAppointment
from services.appointments.returning import list_passes
from services.appointments.rules import Step
from services.appointments.spelling import CorrectSpelling, correct_spelling
from services.cashier.queries import RenderedService, list_rendered
from services.collection.queries import list_of_services
from services.consulates.queries import get_consulate
from services.kernel.money import format_minor
from services.kernel.name_checks import Named

api = Blueprint("appointments", __name__, url_prefix="/api/v1/appointments")
PRICE_ERRORS = (
    "case_not_for_service",
    "case_too_young",
    "cases_exclude",
    "ground_required",
    "price_unknown",
)


@endpoint(
    api,
    "POST",
    "",
    operation="bookAppointment",
    who=BOOKERS,
    body=BookSchema(),
    answer=AppointmentAnswer(),
    status=201,
    errors={
        429: ("too_many_requests",),
        404: ("not_found",),
        409: (
            "slot_taken",
            "slot_not_offered",
            "already_booked",
            "identity_check_pending",
            "booking_limit",
        ),
        422: ("service_not_offered", "person_repeated", "share_not_allowed"),
    },
)
def create_appointment(command: BookAppointment) -> Any:
    """Book one appointment for one person, a household or several services.

    All are seated, or nobody is.
    """
    booked = commands.book(request_key(), command)
    place = _mobile_place(command.consulate, booked.place_id)
    zone = ZoneInfo(place.time_zone if place else booked.time_zone)
    body = AppointmentAnswer.render(
        booked,
        consulate=command.consulate,
        service=command.services[0],
        services=command.services,
        start=command.start.astimezone(zone),
        end=booked.ends_at.astimezone(zone),
        **({"place": place} if place else {}),
        desk=None,
        outcome=None,
        services_rendered=(),
        return_pass=None,
        attendees=[
            attendee(person, n=n, folio=folio, status=booked.status)
            for n, (person, folio) in enumerate(
                zip(command.attendees, booked.folios or repeat(booked.folio), strict=False), start=1
            )
        ],
    )
    return body, {"Location": url_for("appointments.show_appointment", appointment=booked.id)}


def _mobile_place(consulate: str, place: UUID | None) -> Place | None:
    """Where a booking is that isn't at the office: only then a look-up more."""
    if place is None:
        return None
    with transaction() as session:
        return get_mobile(session, consulate, place).place


@endpoint(
    api,
    "GET",
    "",
    operation="listAppointments",
    who=BOOKERS,
    query=AppointmentQuery(),
    answer=AppointmentList(),
)
def list_own_appointments(query: dict[str, Any]) -> dict[str, Any]:
    """List one's own appointments; for staff, those of their consulate.

    Staff are written down for each person listed, but for today's agenda of their own office.
    """
    asking = actor()
    wanted = query["consulate"]
    if asking.consulate and wanted not in (None, asking.consulate):
        return AppointmentList.page([])
    with transaction() as session:
        page = list_appointments(
            session,
            account=asking.account_id if asking.is_citizen else None,
            consulate=asking.consulate or wanted,
            day=query["date"],
            status=query["status"],
            limit=query["limit"],
            after=query["next"],
        )
        record_agenda(session, page.items)
        return AppointmentList.page(shown(session, page.items), page.next)


@endpoint(
    api,
    "POST",
    "/find",
    operation="findAppointment",
    who=ANYONE,
    body=FindSchema(),
    answer=FindAnswer(),
    errors={404: ("not_found",), 429: ("too_many_requests",)},
)
def find_appointment(command: dict[str, Any]) -> dict[str, Any]:
    """Tell how an appointment stands, by its folio and the birth date of who comes."""
    appointment = find_for_visitor(**command)
    row = appointment.row
    return FindAnswer.render(
        row,
        folio=appointment.folio,
        status=appointment.status,
        service=row.services[0],
        start=row.starts_at.astimezone(appointment.zone),
        end=row.ends_at.astimezone(appointment.zone),
        message=words_for(appointment),
        book_url=url_for("portal.booking_service", _external=False) if appointment.over else None,
    )


@endpoint(
    api,
    "POST",
    "/search",
    operation="searchAppointments",
    who=HELPERS,
    body=PersonSearchSchema(),
    answer=AppointmentList(),
    errors={429: ("too_many_requests",)},
)
def search_appointments(command: Attendee) -> dict[str, Any]:
    """List somebody's appointments of the last months and to come, by name and birth date.

    For staff whom a person asks without a folio. Each search is limited and audited.
    """
    with transaction() as session:
        return AppointmentList.page(shown(session, find_for_staff(session, command)))


@endpoint(
    api,
    "GET",
    "/<uuid:appointment>",
    operation="showAppointment",
    who=BOOKERS,
    answer=AppointmentAnswer(),
)
def show_appointment(appointment: UUID) -> dict[str, Any]:
    """Return one appointment.

    A look by staff is an entry that the person can list.
    """
    with transaction() as session:
        row = read_appointment(session, appointment)
        return _one(session, row)


@endpoint(
    api,
    "GET",
    "/<uuid:appointment>.ics",
    operation="getCalendarFile",
    who=BOOKERS,
    content=(MEDIA_TYPE,),
)
def get_calendar_file(appointment: UUID) -> Response:
    """Return an appointment as a calendar file; of a canceled one, what takes it away."""
    with transaction() as session:
        row = read_appointment(session, appointment)
        return calendar_file(session, row)


@endpoint(
    api,
    "GET",
    "/<uuid:appointment>.pdf",
    operation="printAppointment",
    who=BOOKERS,
    content=("application/pdf",),
)
def get_appointment_pdf(appointment: UUID) -> Response:
    """Return an appointment as PDF: when, where, what to bring and to pay."""
    with transaction() as session:
        row = read_appointment(session, appointment)
        document = print_appointment(session, row)
    return as_file(document, "appointment")


@endpoint(
    api,
    "POST",
    "/<uuid:appointment>/cancel",
    operation="cancelAppointment",
    who=BOOKERS,
    body=NothingSchema(),
    answer=AppointmentAnswer(),
    errors={409: ("wrong_state",)},
)
def cancel_appointment(appointment: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Cancel an appointment that hasn't begun. Its place is free for others after a while."""
    return run_once(lambda session: _one(session, commands.cancel(session, appointment)))


@endpoint(
    api,
    "POST",
    "/<uuid:appointment>/reschedule",
    operation="rescheduleAppointment",
    who=BOOKERS,
    body=RescheduleSchema(),
    answer=AppointmentAnswer(),
    errors={
        409: ("wrong_state", "slot_taken", "slot_not_offered"),
        422: ("consulate_not_found",),
        429: ("too_many_requests",),
    },
)
def reschedule_appointment(appointment: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Move an appointment that hasn't begun to another time or office, all of it or not at all.

    It keeps its folio. The place that it leaves is free for others after a while.
    """
    wanted = RescheduleAppointment(appointment, **command)
    return run_once(lambda session: _one(session, commands.reschedule(session, wanted)))


@endpoint(
    api,
    "POST",
    "/<uuid:appointment>/attendees/<int:n>/cancel",
    operation="cancelAttendee",
    who=BOOKERS,
    body=NothingSchema(),
    answer=AppointmentAnswer(),
    errors={409: ("wrong_state",)},
)
def cancel_attendee(appointment: UUID, n: int, command: dict[str, Any]) -> dict[str, Any]:
    """Cancel one person of an appointment that hasn't begun; the others keep their places."""
    return run_once(lambda session: _one(session, commands.cancel(session, appointment, only=n)))


@endpoint(
    api,
    "GET",
    "/<uuid:appointment>/pre-application",
    operation="showPreApplication",
    who=BOOKERS,
    query=AttendeeQuery(),
    answer=PreApplicationAnswer(),
)
def show_pre_application(appointment: UUID, query: dict[str, Any]) -> dict[str, Any]:
    """Return what a person wrote down before coming.

    A look by staff is an entry that the person can list. Services that ask for nothing: 404.
    """
    with transaction() as session:
        row = read_appointment(session, appointment)
        written = pre_applying.read(session, row, query["attendee"], vault())
        return _pre_application(row, written)


@endpoint(
    api,
    "PUT",
    "/<uuid:appointment>/pre-application",
    operation="writePreApplication",
    who=BOOKERS,
    query=AttendeeQuery(),
    body=PreApplicationSchema(),
    answer=PreApplicationAnswer(),
    errors={409: ("wrong_state",)},
)
def write_pre_application(
    appointment: UUID, query: dict[str, Any], command: dict[str, Any]
) -> dict[str, Any]:
    """Write down before coming what the desk would ask; an officer then only verifies it.

    As a whole, as often as one likes, until the appointment begins.
    """
    with transaction() as session:
        row = get_appointment(session, appointment)
        written = pre_applying.write(
            session,
            appointment,
            query["attendee"],
            load_pre_application(row.services, command["data"]),
            now=now(),
            vault=vault(),
        )
        return _pre_application(row, written)


def _pre_application(appointment: Any, written: Written) -> dict[str, Any]:
    fields = [field.name for field in fields_of(appointment.services)]
    return PreApplicationAnswer.render(written, asks=fields)


def _desk_step(
    path: str,
    operation: str,
    body: Schema | None = None,
    conflicts: tuple[str, ...] = (),
    errors: Errors | None = None,
) -> Register:
    """A step that the desk takes with everybody of one appointment who may take it, in its time
    and order, and under ``attendees`` with one of them."""
    at: dict[str, Any] = {
        "who": DESK,
        "body": body or NothingSchema(),
        "answer": AppointmentAnswer(),
        "errors": {409: ("wrong_state", "too_early", *conflicts), **(errors or {})},
    }
    of_all = endpoint(api, "POST", f"/<uuid:appointment>/{path}", operation=operation, **at)
    of_one = endpoint(
        api,
        "POST",
        f"/<uuid:appointment>/attendees/<int:n>/{path}",
        operation=f"{operation}OfOne",
        **at,
    )

    def register(view: Callable[..., Any]) -> Callable[..., Response]:
        @wraps(view)
        def one(**values: Any) -> Any:
            return view(**values)

        one.__name__ = f"{view.__name__}_of_one"
        of_one(one)
        return of_all(view)

    return register


@_desk_step(
    "check-in", "checkInAppointment", CheckInSchema(), ("already_booked", "person_forgotten")
)
def check_in(appointment: UUID, command: dict[str, Any], n: int | None = None) -> dict[str, Any]:
    """Check a person in who showed their document, or who is back with a valid return pass.

    From the appointment's day on.
    """
    return _step(TakeStep(appointment, Step.CHECK_IN, details=command, only=n))


@_desk_step("call", "callAppointment", CallSchema(), ("already_called",), {422: ("desk_not_open",)})
def call(appointment: UUID, command: dict[str, Any], n: int | None = None) -> dict[str, Any]:
    """Call the person to a window of that day."""
    return _step(TakeStep(appointment, Step.CALL, desk=command["desk"], only=n))


@_desk_step("no-show", "markNoShow")
def no_show(appointment: UUID, command: dict[str, Any], n: int | None = None) -> dict[str, Any]:
    """Mark an appointment as a no-show, once it should have begun.

    Whoever comes later that day can still be checked in, once.
    """
    return _step(TakeStep(appointment, Step.NO_SHOW, only=n))


@_desk_step("back-to-waiting", "sendBackToWaiting")
def back_to_waiting(
    appointment: UUID, command: dict[str, Any], n: int | None = None
) -> dict[str, Any]:
    """Undo a call: the person waits again, in the place of their own time, for any desk."""
    return _step(TakeStep(appointment, Step.BACK_TO_WAITING, only=n))


@_desk_step("not-served", "markNotServed", NotServedSchema())
def not_served(appointment: UUID, command: dict[str, Any], n: int | None = None) -> dict[str, Any]:
    """Mark an appointment as not served, with a return pass.

    Says why and what to bring; with the pass the person comes back under the same folio.
    """
    return _step(TakeStep(appointment, Step.NOT_SERVED, details=command, only=n))


@_desk_step(
    "complete",
    "completeAppointment",
    CompleteSchema(),
    ("person_forgotten",),
    {422: ("service_not_offered", *PRICE_ERRORS)},
)
def complete_appointment(
    appointment: UUID, command: Served, n: int | None = None
) -> dict[str, Any]:
    """Complete an appointment: the services given, the document's number and the fee.

    A fee other than what the list and the cases give is kept as a difference.
    """
    return run_once(
        lambda session: _one(
            session,
            complete(
                session, appointment, command, now=now(), actor=actor(), vault=vault(), only=n
            ),
        )
    )


@endpoint(
    api,
    "POST",
    "/<uuid:appointment>/attendees/<int:n>/correct",
    operation="correctAttendee",
    who=DESK,
    body=SpellingSchema(),
    answer=AppointmentAnswer(),
    errors={
        409: ("wrong_state", "already_booked", "person_forgotten"),
        422: ("not_a_spelling",),
    },
)
def correct_attendee(appointment: UUID, n: int, command: dict[str, Any]) -> dict[str, Any]:
    """Correct how a person's names are written, against their document.

    The birth date stays, and so does the place. Names that are nothing like those of who was booked
    are refused, also step by step.
    """
    names = {name: value for name, value in command.items() if name != "identity_checked"}
    wanted = CorrectSpelling(appointment, n, **names)
    return run_once(
        lambda session: _one(
            session,
            correct_spelling(session, wanted, now=now(), actor=actor(), vault=vault()),
        )
    )


@endpoint(
    api,
    "POST",
    "/<uuid:appointment>/attendees/<int:n>/at-desk",
    operation="noteAtDesk",
    who=DESK,
    body=NothingSchema(),
    answer=AppointmentAnswer(),
    errors={409: ("wrong_state",)},
)
def at_desk(appointment: UUID, n: int, command: dict[str, Any]) -> dict[str, Any]:
    """Note that somebody who was called has come to the window.

    Their way there is neither waiting nor service in the office's figures.
    """
    return run_once(
        lambda session: _one(
            session, note_at_desk(session, appointment, n, now=now(), actor=actor())
        )
    )


def _step(command: TakeStep) -> dict[str, Any]:
    return run_once(
        lambda session: _one(session, take_step(session, command, now=now(), actor=actor()))
    )


def _one(session: Session, appointment: Any) -> dict[str, Any]:
    return shown(session, [appointment])[0]


def shown(session: Session, appointments: Sequence[Any]) -> list[dict[str, Any]]:
    """As they are answered."""
    people = list_party(session, [a.id for a in appointments])
    until = list_passes(session, appointments, now=now())
    given = list_rendered(session, [a.id for a in appointments])
    services = [each.row.id for of_one in given.values() for each in of_one]
    ready = list_of_services(session, services)
    mobile = mobile_places(session, [a.id for a in appointments])
    zones = {
        code: ZoneInfo(get_consulate(session, code).time_zone)
        for code in {a.consulate_code for a in appointments}
    }
    return [
        _answer(
            a,
            zones[a.consulate_code],
            people[a.id],
            until.get(a.id),
            given.get(a.id, []),
            ready,
            mobile[a.id].place if a.id in mobile else None,
        )
        for a in appointments
    ]


def _answer(
    appointment: Any,
    zone: ZoneInfo,
    people: Sequence[Any],
    until: date | None,
    given: Sequence[RenderedService],
    ready: Mapping[UUID, Any],
    place: Place | None,
) -> Any:
    zone = ZoneInfo(place.time_zone) if place else zone
    noted = outcome_of(appointment, given)
    held = until and ReturnPassAnswer.render(
        appointment, valid_until=until, bring=noted.get("bring", [])
    )
    return AppointmentAnswer.render(
        appointment,
        service=appointment.services[0],
        start=appointment.starts_at.astimezone(zone),
        end=appointment.ends_at.astimezone(zone),
        **({"place": place} if place else {}),
        outcome={**noted, "return_pass": held} if held else noted or None,
        services_rendered=[_rendered(each, ready.get(each.row.id)) for each in given],
        return_pass=held,
        attendees=[
            attendee(each.person, n=each.n, folio=each.folio, status=each.status) for each in people
        ],
    )


def _rendered(given: RenderedService, ready: Any) -> Any:
    row = given.row
    lines = [FeeLineAnswer.render(line, amount=format_minor(line.minor)) for line in given.lines]
    return RenderedAnswer.render(
        row,
        service=row.service_code,
        listed=None if row.listed_minor is None else format_minor(row.listed_minor),
        lines=lines,
        charged=given.charged.amount,
        payment=given.receipt.means if given.receipt else None,
        receipt_number=given.receipt.number if given.receipt else None,
        reverses=row.reverses_id,
        ready_at=ready.ready_at if ready else None,
        collected_at=ready.collected_at if ready else None,
    )


def attendee(person: Named, *, n: int, folio: str, status: str) -> dict[str, Any]:
    """Somebody of an appointment, as they are answered."""
    return AttendeeAnswer.render(person, n=n, folio=folio, status=status)
