"""Book an appointment, one decision a page; see it, cancel it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from flask import g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema

from consular import deeds
from consular.api.fields import Code, Day, Moment
from consular.api.v1.appointments.schemas import AttendeeSchema, ContactSchema
from consular.auth import ANYONE, CITIZEN, allow, now
from consular.db import transaction
from consular.errors import FieldsInvalid
from consular.i18n import current_language
from consular.pages.forms import (
    DATE_PARTS,
    Errors,
    check,
    date_of,
    go,
    hash_of,
    pick,
    typed,
    words_of,
)
from consular.pages.portal.blueprint import pages
from consular.pages.portal.further import look_further
from consular.pages.portal.known import known_form
from consular.pages.portal.names import (
    bookable_services,
    full_name,
    in_language,
    office,
    offices,
)
from consular.pages.portal.names import service_names as all_service_names
from consular.pages.portal.signing_in import (
    MINUTES,
    destination,
    enter_with_code,
    mask,
    send_code_to,
)
from consular.pages.session import keep
from services.appointments.booking import BookAppointment
from services.appointments.closing import NOT_CLOSED
from services.appointments.errors import SlotNotOffered, SlotTaken
from services.appointments.queries import FreeTime, availability, get_appointment, list_attendees
from services.appointments.returning import list_passes
from services.appointments.rules import Status, Step
from services.appointments.steps import list_actions
from services.consulates.queries import fees_on, get_service, list_requirements
from services.kernel.audit import Actor, Role
from services.kernel.errors import DomainError

DAYS_SHOWN = 7
NAMES = ("given_names", "first_surname", "second_surname")
# What a person typed about themselves: kept whatever else of the booking they change.
OWN = (*NAMES, *(f"birth_date-{part}" for part in DATE_PARTS), "curp", "email", "phone")


class _Place(Schema):
    consulate = Code(required=True)
    service = Code(required=True)
    from_ = Day(data_key="from", load_default=None)


class _Slot(Schema):
    consulate = Code(required=True)
    service = Code(required=True)
    start = Moment(required=True)


@pages.route("/citas/nueva", methods=["GET", "POST"])
@allow(ANYONE)
def booking_service() -> str:
    """Where, and what for; posted when there are answers to keep out of addresses."""
    return _ask_place(typed() or request.args.to_dict(), {})


@pages.route("/citas/horarios", methods=["GET", "POST"])
@allow(ANYONE)
def booking_time() -> str:
    """When; posted when there are answers to keep out of addresses."""
    form = typed() or request.args.to_dict()
    errors: Errors = {}
    place = check(_Place(), pick(form, "consulate", "service", "from"), errors)
    return _ask_time(place, form, {}) if place else _ask_place(form, errors)


@pages.get("/citas/persona")
@allow(ANYONE)
def booking_person() -> str:
    """Who."""
    return _ask_person({**known_form(), **request.args.to_dict()}, {})


@pages.post("/citas/persona")
@allow(ANYONE)
def booking_person_again() -> str:
    """Who, coming back to change it: what was typed is kept."""
    return _ask_person(typed(), {})


@pages.post("/citas/revisar")
@allow(ANYONE)
def booking_check() -> str:
    """Check answers before booking."""
    form = typed()
    errors: Errors = {}
    command = _command(form, errors)
    return _ask_check(form, command, {}) if command else _ask_person(form, errors)


@pages.post("/citas/confirmar")
@allow(ANYONE)
def booking_confirm() -> Any:
    """Book, when signed in; else prove the contact first."""
    form = typed()
    errors: Errors = {}
    command = _command(form, errors)
    if command is None:
        return _ask_person(form, errors)
    if g.actor is not None and g.actor.is_citizen:
        return _book(form, command)
    to = destination(command.email or command.phone or "", errors)
    try:
        if to is not None:
            send_code_to(to)
            return _ask_code(form, command, {})
    except DomainError as refused:
        errors = words_of(refused)
    return _ask_check(form, command, errors)


@pages.post("/citas/codigo")
@allow(ANYONE)
def booking_code() -> Any:
    """The code: sign in and book in one go."""
    form = typed()
    errors: Errors = {}
    command = _command(form, errors)
    if command is None:
        return _ask_person(form, errors)
    to = destination(command.email or command.phone or "", errors)
    try:
        if to is None:
            raise FieldsInvalid(errors)
        account, secret = enter_with_code(to, form.get("code", ""))
    except DomainError as refused:
        return _ask_code(form, command, words_of(refused))
    g.actor, g.session_secret = Actor(Role.CITIZEN, account, None, g.request_id), secret
    return keep(make_response(_book(form, command)), secret)


@pages.get("/citas/<uuid:id>")
@allow(CITIZEN)
def appointment(id: UUID) -> str:
    """One appointment, for its owner."""
    return _show(id, just_booked="nueva" in request.args, errors={})


@pages.post("/citas/<uuid:id>/cancelar")
@allow(CITIZEN)
def appointment_cancel(id: UUID) -> Any:
    """Give the place back."""
    try:
        with transaction() as session:
            deeds.cancel(session, id)
    except DomainError as refused:
        return _show(id, just_booked=False, errors=words_of(refused))
    return go(url_for("portal.appointment", id=id))


def _command(form: dict[str, str], errors: Errors) -> BookAppointment | None:
    """The booking that the form describes, or None with what is wrong."""
    slot = check(_Slot(), pick(form, "consulate", "service", "start"), errors)
    contact = check(ContactSchema(), pick(form, "email", "phone"), errors)
    values: dict[str, Any] = pick(form, *NAMES, "curp")
    born = date_of(form, "birth_date")
    person = check(AttendeeSchema(), {**values, **({"birth_date": born} if born else {})}, errors)
    signed_in = g.actor is not None and g.actor.is_citizen
    if contact is not None and not signed_in and not (contact["email"] or contact["phone"]):
        errors["email"] = [_("Escribe tu correo o tu teléfono: ahí te mandamos el código.")]
    if errors:
        return None
    key = form.setdefault("idempotency_key", str(uuid4()))[:128]
    return BookAppointment(
        consulate=slot["consulate"],
        services=(slot["service"],),
        start=slot["start"],
        attendees=(person,),
        email=contact["email"],
        phone=contact["phone"],
        language=current_language(),
        idempotency_key=key if key.isascii() and key.isprintable() else None,
        request_hash=hash_of({**slot, **contact, **asdict(person)}),
    )


def _book(form: dict[str, str], command: BookAppointment) -> Any:
    try:
        booked = deeds.book(command)
    except (SlotTaken, SlotNotOffered) as taken:
        place = {"consulate": command.consulate, "service": command.services[0], "from_": None}
        return _ask_time(place, form, words_of(taken))
    except DomainError as refused:
        return _ask_check(form, command, words_of(refused))
    return go(url_for("portal.appointment", id=booked.id, nueva=1))


def _ask_place(form: dict[str, str], errors: Errors) -> str:
    with transaction() as session:
        return render_template(
            "portal/booking_service.html",
            consulates=offices(session),
            services=bookable_services(session),
            form=form,
            kept=pick(form, *OWN),
            errors=errors,
        )


def _ask_time(place: dict[str, Any], form: dict[str, str], errors: Errors) -> str:
    with transaction() as session:
        where = office(session, place["consulate"])
        service = get_service(session, place["service"])
        zone = ZoneInfo(where["time_zone"])
        today = now().astimezone(zone).date()
        first: date = max(place["from_"] or today, today)
        begin, after = max(_midnight(first, zone), now()), first + timedelta(days=DAYS_SHOWN)
        times = availability(
            session,
            consulate=where["code"],
            service=service.code,
            first=begin,
            last=_midnight(after, zone),
        )
        further = None if times else look_further(session, where["code"], service.code, begin)
        shown = {"code": service.code, "name": in_language(service, "name")}
    later: date | None = after
    if further:
        later = further.start.astimezone(zone).date() if further.start else None
    return render_template(
        "portal/booking_time.html",
        consulate=where,
        service=shown,
        days=_by_day(times, zone),
        further=further,
        kept=pick(form, *OWN),
        errors=errors,
        later=later,
        earlier=first - timedelta(days=DAYS_SHOWN) if first > today else None,
    )


def _by_day(times: Sequence[FreeTime], zone: ZoneInfo) -> list[dict[str, Any]]:
    moments: list[dict[str, Any]] = [
        {"start": t.start.astimezone(zone), "free": t.free} for t in times
    ]
    return [
        {"date": day, "times": list(group)}
        for day, group in groupby(moments, key=lambda t: t["start"].date())
    ]


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), tzinfo=zone).astimezone(UTC)


def _ask_person(form: dict[str, str], errors: Errors) -> str:
    slot_errors: Errors = {}
    slot = check(_Slot(), pick(form, "consulate", "service", "start"), slot_errors)
    if slot is None:
        return _ask_place(form, slot_errors)
    return render_template(
        "portal/booking_person.html", form=form, errors=errors, **_slot_context(slot)
    )


def _ask_check(form: dict[str, str], command: BookAppointment, errors: Errors) -> str:
    slot = {
        "consulate": command.consulate,
        "service": command.services[0],
        "start": command.start,
    }
    person = command.attendees[0]
    context = _slot_context(slot)
    with transaction() as session:
        fee = fees_on(session, command.start.date()).get(command.services[0])
        free = get_service(session, command.services[0]).free
    return render_template(
        "portal/booking_check.html",
        form=form,
        errors=errors,
        names=full_name(person),
        birth_date=person.birth_date,
        fee=None if free or fee is None else fee.money,
        **context,
    )


def _ask_code(form: dict[str, str], command: BookAppointment, errors: Errors) -> str:
    to = destination(command.email or command.phone or "", {})
    return render_template(
        "portal/booking_code.html",
        sent_to=mask(to) if to else "",
        form=form,
        errors=errors,
        minutes=MINUTES,
    )


def _slot_context(slot: dict[str, Any]) -> dict[str, Any]:
    with transaction() as session:
        where = office(session, slot["consulate"])
        service = get_service(session, slot["service"])
        return {
            "consulate": where,
            "service": {"code": service.code, "name": in_language(service, "name")},
            "start": slot["start"],
        }


def _show(id: UUID, *, just_booked: bool, errors: Errors) -> str:
    with transaction() as session:
        found = get_appointment(session, id)
        people = list_attendees(session, [id])[id]
        names = all_service_names(session)
        fees = fees_on(session, found.day)
        needs = list_requirements(session, found.services)
        where = office(session, found.consulate_code)
        known = [fees[code].money for code in found.services if code in fees]
        until = list_passes(session, [found], now=now()).get(id)
        may = list_actions(session, [found], now=now())[id]
        noted = (found.outcome or {}) if found.status == Status.NOT_SERVED else {}
    return render_template(
        "portal/appointment.html",
        appointment={
            "id": found.id,
            "folio": found.folio,
            "status": found.status,
            "service_name": ", ".join(names.get(code, code) for code in found.services),
            "consulate": where,
            "start": found.starts_at,
            "end": found.ends_at,
            "attendees": [full_name(p) for p in people],
            "requirements": _unique(
                in_language(row, "text") for code in found.services for row in needs.get(code, [])
            ),
            "fee": sum(known[1:], known[0]) if known else None,
            "can_cancel": Step.CANCEL in may,
            "reason": None if noted.get("reason") == NOT_CLOSED else noted.get("reason"),
            "bring": noted.get("bring", []),
            "return_until": until,
        },
        just_booked=just_booked,
        errors=errors,
    )


def _unique(words: Any) -> Sequence[str]:
    return list(dict.fromkeys(words))
