"""Book an appointment, one decision a page; see it, cancel it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, g, render_template, request, url_for
from flask_babel import gettext as _
from marshmallow import Schema

from consular import commands
from consular.auth import ANYONE, CITIZEN, allow, now, vault
from consular.db import transaction
from consular.errors import FieldsInvalid
from consular.i18n import current_language, in_language
from consular.input.appointments import MOST_PEOPLE, ContactSchema
from consular.input.catalogue import party_size
from consular.input.fields import Code, Day, Moment
from consular.messages import messages_about
from consular.pages.drafts import answers, draft, draft_id, drop, keep_draft
from consular.pages.forms import Errors, check, go, phone_of, pick, read_or_refuse
from consular.pages.portal.alternatives import find_alternatives
from consular.pages.portal.blueprint import pages
from consular.pages.portal.choosing import ask_place
from consular.pages.portal.form_prefill import prefilled_form
from consular.pages.portal.names import office
from consular.pages.portal.names import service_names as all_service_names
from consular.pages.portal.party import (
    ADD,
    NAMES,
    REMOVE,
    anybody_minor,
    labels,
    party_of,
    read_people,
    with_another,
    without,
)
from consular.pages.portal.proved import remember_proved
from consular.pages.portal.ready_documents import of_appointment
from consular.pages.portal.signing_in import (
    CODE_SENT,
    MINUTES,
    SENT_AGAIN,
    code_sent,
    destination,
    enter_with_code,
    mask,
    send_code_to,
    sent_at,
)
from consular.pages.portal.turn import turn_address
from consular.pages.posting import reopen, submission_key
from consular.pages.rescheduling import add_rescheduling
from consular.pages.session import keep
from consular.pages.times import free_week
from consular.printing.appointments import calendar_file, print_appointment
from consular.printing.enrollments import as_file
from consular.unmet import note_nothing_found
from services.appointments import pre_applying
from services.appointments.booking import BookAppointment
from services.appointments.closing import NOT_CLOSED
from services.appointments.errors import SlotNotOffered, SlotTaken
from services.appointments.queries import Coming, get_appointment, list_party
from services.appointments.returning import list_passes
from services.appointments.rules import AT_THE_OFFICE, EARLY_MINUTES, Status, Step
from services.appointments.steps import list_actions, list_member_actions
from services.citizens.codes import Destination
from services.citizens.people import full_name
from services.consulates.queries import fees_on, get_service, list_requirements
from services.kernel.audit import Actor, Role
from services.kernel.errors import Conflict, DomainError
from services.kernel.identifiers import format_phone
from services.kernel.money import Money

SLOT = ("consulate", "service", "start")


class _Place(Schema):
    consulate = Code(required=True)
    service = Code(required=True)
    party = party_size()
    from_ = Day(data_key="from", load_default=None)


class _Slot(Schema):
    consulate = Code(required=True)
    service = Code(required=True)
    start = Moment(required=True)


@pages.get("/citas/horarios")
@allow(ANYONE)
def booking_time() -> str:
    """Choose a time; with a draft, for the person who is in it."""
    form = {**draft().form, **request.args.to_dict()}
    errors: Errors = {}
    place = check(_Place(), pick(form, "consulate", "service", "party", "from"), errors)
    return _ask_time(place, draft().errors()) if place else ask_place(form, errors)


@pages.get("/citas/persona")
@allow(ANYONE)
def booking_person() -> str:
    """Say for whom it is."""
    form = {**prefilled_form(), **draft().form, **request.args.to_dict()}
    slot_errors: Errors = {}
    slot = check(_Slot(), pick(form, *SLOT), slot_errors)
    if slot is None:
        return ask_place(form, slot_errors)
    return render_template(
        "portal/booking_person.html",
        form=form,
        party=party_of(form),
        most=MOST_PEOPLE,
        labels=labels(party_of(form)),
        errors=draft().errors(_command),
        **_slot_context(slot),
    )


@pages.post("/citas/persona")
@allow(ANYONE)
def booking_person_save() -> Response:
    """Keep who it is for; go on, or back to another time with what was typed."""
    form = answers()
    if "change_time" in request.form:
        return _to_times(form, keep_draft(form))
    if ADD in request.form or REMOVE in request.form:
        person = form.pop(REMOVE, "")
        changed = without(form, person) if person else with_another(form)
        changed.pop(ADD, None)
        return go(url_for("portal.booking_person", d=keep_draft(changed), _anchor="people"))
    read_or_refuse(form, _command)
    return go(url_for("portal.booking_check", d=keep_draft(form)))


@pages.get("/citas/revisar")
@allow(ANYONE)
def booking_check() -> Any:
    """Check answers before booking."""
    command = _command(draft().form, {})
    if command is None:
        return go(url_for("portal.booking_person", d=draft_id() or None))
    return _ask_check(draft().form, command, draft().errors())


@pages.post("/citas/revisar")
@allow(ANYONE)
def booking_confirm() -> Any:
    """Book, when signed in; else prove the contact first."""
    return _book_or(_send_code)


@pages.get("/citas/codigo")
@allow(ANYONE)
def booking_code() -> Any:
    """Ask for the code that proves the contact."""
    command = _command(draft().form, {})
    if command is None or CODE_SENT not in draft().form:
        return go(url_for("portal.booking_check", d=draft_id() or None))
    return _ask_code(draft().form, command)


@pages.post("/citas/codigo")
@allow(ANYONE)
def booking_code_use() -> Any:
    """Use the code: sign in and book at once; or send another code."""
    return _book_or(_use_code)


def _book_or(prove: Callable[[dict[str, str], BookAppointment], Response]) -> Response:
    """Book when signed in, else ``prove`` the contact; where something is missing, ask for it."""
    form = answers()
    command = _command(form, {})
    if command is None:
        return go(url_for("portal.booking_person", d=keep_draft(form)))
    if g.actor is not None and g.actor.is_citizen:
        return _book(form, command)
    return prove(form, command)


def _use_code(form: dict[str, str], command: BookAppointment) -> Response:
    if "again" in request.form:
        return _send_code(form, command)
    to = _contact(command)
    account, secret = enter_with_code(to, request.form.get("code", ""))
    g.actor, g.session_secret = Actor(Role.CITIZEN, account, None, g.request_id), secret
    return keep(remember_proved(_book(form, command), to), secret)


@pages.get("/citas/<uuid:id>")
@allow(CITIZEN)
def appointment(id: UUID) -> str:
    """Show one appointment to its owner."""
    return _show(
        id,
        just_booked="nueva" in request.args,
        moved="cambiada" in request.args,
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
    return go(url_for("portal.appointment", id=id))


def _command(form: dict[str, str], errors: Errors) -> BookAppointment | None:
    """The booking that the form describes, or None with what is wrong."""
    slot = check(_Slot(), pick(form, *SLOT), errors)
    contact = check(ContactSchema(), {**pick(form, "email"), **phone_of(form)}, errors)
    people = read_people(form, errors)
    signed_in = g.actor is not None and g.actor.is_citizen
    if contact is not None and not signed_in and not (contact["email"] or contact["phone"]):
        errors["email"] = [_("Escribe tu correo o tu teléfono: ahí te mandamos el código.")]
    if errors:
        return None
    return BookAppointment(
        consulate=slot["consulate"],
        services=(slot["service"],),
        start=slot["start"],
        attendees=people,
        email=contact["email"],
        phone=contact["phone"],
        language=current_language(),
    )


def _book(form: dict[str, str], command: BookAppointment) -> Response:
    try:
        booked = commands.book(submission_key(command), command)
    except (SlotTaken, SlotNotOffered) as taken:
        over = Conflict("slot_over") if command.start <= now() else taken
        return _to_times(form, keep_draft(form, over, at=url_for("portal.booking_time")))
    except DomainError as refused:
        at = url_for("portal.booking_check")
        return go(url_for("portal.booking_check", d=keep_draft(form, refused, at=at)))
    drop()
    return go(url_for("portal.appointment", id=booked.id, nueva=1))


def _to_times(form: dict[str, str], draft: UUID) -> Response:
    """Other times of the same office, from the wanted day on."""
    wanted: dict[str, Any] = {name: form.get(name) for name in ("consulate", "service")}
    slot = check(_Slot(), pick(form, *SLOT), {})
    wanted["from"] = _local_day(slot) if slot else None
    return go(url_for("portal.booking_time", d=draft, **wanted))


def _local_day(slot: dict[str, Any]) -> str:
    with transaction() as session:
        zone = ZoneInfo(office(session, slot["consulate"])["time_zone"])
    day: date = slot["start"].astimezone(zone).date()
    return day.isoformat()


def _contact(command: BookAppointment) -> Destination:
    """Return the address for the code. Raises FieldsInvalid."""
    errors: Errors = {}
    to = destination(command.email or command.phone or "", errors)
    if to is None:
        raise FieldsInvalid(errors)
    return to


def _send_code(form: dict[str, str], command: BookAppointment) -> Response:
    send_code_to(_contact(command))
    return go(url_for("portal.booking_code", d=keep_draft({**form, **code_sent()})))


def _ask_time(place: dict[str, Any], errors: Errors) -> str:
    with transaction() as session:
        where = office(session, place["consulate"])
        service = get_service(session, place["service"])
        zone = ZoneInfo(where["time_zone"])
        party = place["party"]
        week = free_week(
            session, where["code"], zone, service.code, first=place["from_"], party=party
        )
        further = None
        if not week.days:
            further = find_alternatives(session, where["code"], service.code, week.begin, party)
        shown = _shown_service(service)
    later: date | None = week.later
    if further and further.start is None:
        note_nothing_found(place["service"], place["consulate"])
    if further:
        later = further.start.astimezone(zone).date() if further.start else None
    return render_template(
        "portal/booking_time.html",
        consulate=where,
        service=shown,
        days=week.days,
        party=party,
        further=further,
        person=_person_of(draft().form),
        errors=errors,
        later=later,
        earlier=week.earlier,
    )


def _shown_service(service: Any) -> dict[str, Any]:
    return {
        "code": service.code,
        "name": in_language(service, "name"),
        "who": in_language(service, "who"),
    }


def _person_of(form: dict[str, str]) -> str:
    """Whose time is chosen, as far as it was said."""
    return " ".join(form[name].strip() for name in NAMES if form.get(name, "").strip())


def _ask_check(form: dict[str, str], command: BookAppointment, errors: Errors) -> str:
    slot = {
        "consulate": command.consulate,
        "service": command.services[0],
        "start": command.start,
    }
    context = _slot_context(slot)
    with transaction() as session:
        fee = fees_on(session, command.start.date()).get(command.services[0])
        free = get_service(session, command.services[0]).free
    party = len(command.attendees)
    return render_template(
        "portal/booking_check.html",
        form=form,
        errors=errors,
        people=[
            {"names": full_name(each), "birth_date": each.birth_date, "curp": each.curp}
            for each in command.attendees
        ],
        minors=anybody_minor(command.attendees, command.start.date()),
        phone=format_phone(command.phone) if command.phone else "",
        fee=None if free or fee is None else sum([fee.money] * (party - 1), fee.money),
        **context,
    )


def _ask_code(form: dict[str, str], command: BookAppointment) -> str:
    slot = check(_Slot(), pick(form, *SLOT), {})
    return render_template(
        "portal/booking_code.html",
        sent_to=mask(_contact(command)),
        sent_at=sent_at(form),
        sent_again=SENT_AGAIN in form,
        person=", ".join(full_name(each) for each in command.attendees),
        errors=draft().errors(),
        minutes=MINUTES,
        **_slot_context(slot),
    )


def _slot_context(slot: dict[str, Any]) -> dict[str, Any]:
    with transaction() as session:
        where = office(session, slot["consulate"])
        service = get_service(session, slot["service"])
        return {
            "consulate": where,
            "service": _shown_service(service),
            "start": slot["start"],
        }


def _attendee(coming: Coming, can_cancel: bool) -> dict[str, Any]:
    return {
        "n": coming.n,
        "name": full_name(coming.person),
        "folio": coming.folio,
        "status": coming.status,
        "can_cancel": can_cancel,
        "turn": turn_address(coming.folio) if Status(coming.status) in AT_THE_OFFICE else None,
    }


def _show(id: UUID, *, just_booked: bool, moved: bool, errors: Errors) -> str:
    with transaction() as session:
        appointment = get_appointment(session, id)
        party = list_party(session, [id])[id]
        may_each = list_member_actions(session, [appointment], now=now())
        names = all_service_names(session)
        fees = fees_on(session, appointment.day)
        needs = list_requirements(session, appointment.services)
        where = office(session, appointment.consulate_code)
        known = [fees[code].money for code in appointment.services if code in fees]
        until = list_passes(session, [appointment], now=now()).get(id)
        may = list_actions(session, [appointment], now=now())[id]
        lost = messages_about(session, id)["lost"]
        documents = of_appointment(session, id)
        before = pre_applying.read_all(session, appointment, vault())
        noted = (appointment.outcome or {}) if appointment.status == Status.NOT_SERVED else {}
    return render_template(
        "portal/appointment.html",
        early_minutes=EARLY_MINUTES,
        appointment={
            "id": appointment.id,
            "folio": appointment.folio,
            "status": appointment.status,
            "service_name": ", ".join(names.get(code, code) for code in appointment.services),
            "consulate": where,
            "start": appointment.starts_at,
            "end": appointment.ends_at,
            "minutes": round((appointment.ends_at - appointment.starts_at).total_seconds() / 60),
            "attendees": [
                _attendee(each, len(party) > 1 and Step.CANCEL in may_each[id, each.n])
                for each in party
            ],
            "before": [
                {"person": w.person, "name": full_name(w.who), "written": bool(w.answers)}
                for w in before
            ],
            "requirements": _unique(
                in_language(row, "text")
                for code in appointment.services
                for row in needs.get(code, [])
            ),
            "fee": _of_all(sum(known[1:], known[0]), party) if known else None,
            "can_cancel": Step.CANCEL in may,
            "can_move": Step.RESCHEDULE in may,
            "orphaned": Step.RESCHEDULE in may and appointment.orphaned_at is not None,
            "reason": None if noted.get("reason") == NOT_CLOSED else noted.get("reason"),
            "bring": noted.get("bring", []),
            "return_until": until,
        },
        just_booked=just_booked,
        documents=documents,
        lost=lost,
        moved=moved,
        errors=errors,
    )


def _of_all(fee: Money, party: Sequence[Coming]) -> Money:
    """What all who come pay together."""
    coming = sum(each.status != Status.CANCELLED for each in party) or len(party)
    return sum([fee] * (coming - 1), fee)


def _unique(words: Any) -> Sequence[str]:
    return list(dict.fromkeys(words))
