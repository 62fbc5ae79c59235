"""Book an appointment, one decision a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, g, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular import commands
from consular.auth import ANYONE, CITIZEN, account, allow, now, vault
from consular.db import transaction
from consular.errors import FieldsInvalid
from consular.i18n import current_language
from consular.input.appointments import MOST_PEOPLE, MOST_SERVICES, ContactSchema
from consular.pages.drafts import answers, draft, draft_id, finish, keep_draft
from consular.pages.forms import Errors, check, go, phone_of, pick, read_or_refuse
from consular.pages.portal.alternatives import find_alternatives
from consular.pages.portal.blueprint import pages
from consular.pages.portal.choosing import ask_place
from consular.pages.portal.form_prefill import prefilled_with_contact
from consular.pages.portal.names import bookable_services, office, service_names
from consular.pages.portal.needs import read_needs
from consular.pages.portal.party import (
    ADD,
    FILL,
    JOIN,
    NAMES,
    REMOVE,
    filled,
    is_in,
    labels,
    minors_of,
    party_of,
    read_people,
    with_another,
    without,
)
from consular.pages.portal.place_hold import (
    HELD,
    HOLD_MINUTES,
    MORE_TIME,
    fit_people,
    keep_longer,
    keep_place,
    shown_hold,
)
from consular.pages.portal.proved import remember_proved
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
from consular.pages.portal.visit import (
    asked_form,
    near,
    read_place,
    read_slot,
    shown_before,
    shown_visit,
)
from consular.pages.posting import submission_key
from consular.pages.session import keep
from consular.pages.times import free_week
from consular.unmet import note_nothing_found
from services.appointments.booking import BookAppointment
from services.appointments.errors import SlotNotOffered, SlotTaken
from services.appointments.searching import offered_services
from services.citizens.codes import Destination
from services.citizens.dependants import Saved, list_dependants
from services.citizens.people import PersonData, full_name
from services.consulates.eligibility import find_of_age
from services.consulates.queries import fees_on
from services.kernel.audit import Actor, Role
from services.kernel.errors import Conflict, DomainError
from services.kernel.identifiers import format_phone

# Times nearest to an hour that are shown before all others.
NEAREST = 3


@pages.get("/citas/horarios")
@allow(ANYONE)
def booking_time() -> str:
    """Choose a time; with a draft, for the person who is in it."""
    form = asked_form(draft().form)
    errors: Errors = {}
    place = read_place(form, errors)
    return _ask_time(form, place, draft().errors()) if place else ask_place(form, errors)


@pages.post("/citas/horarios")
@allow(CITIZEN)
def booking_hold() -> Response:
    """Hold the time that was chosen while the reader says for whom it is."""
    form = {**answers(), HELD: "1"}
    slot = read_slot(form, {})
    if slot is None:
        return go(url_for("portal.booking_service", d=keep_draft(form)))
    try:
        keep_place(slot, party_of(form))
    except (SlotTaken, SlotNotOffered) as taken:
        return _to_times(form, keep_draft(form, taken))
    return go(url_for("portal.booking_person", d=keep_draft(form)))


@pages.get("/citas/persona")
@allow(ANYONE)
def booking_person() -> str:
    """Say for whom it is."""
    form = asked_form({**prefilled_with_contact(), **draft().form})
    slot_errors: Errors = {}
    slot = read_slot(form, slot_errors)
    if slot is None:
        return ask_place(form, slot_errors)
    return render_template(
        "portal/booking_person.html",
        form=form,
        party=party_of(form),
        most=MOST_PEOPLE,
        labels=labels(party_of(form)),
        saved=[
            {"id": each.id, "name": full_name(each.person)}
            for each in _saved()
            if not is_in(form, each.person)
        ],
        errors=draft().errors(_command),
        **_slot_context(slot, form),
    )


@pages.post("/citas/persona")
@allow(ANYONE)
def booking_person_save() -> Response:
    """Keep who it is for; go on, or back to another time with what was typed."""
    form = answers()
    if "change_time" in request.form:
        return _to_times(form, keep_draft(form))
    if MORE_TIME in request.form:
        return _keep_longer(form, "portal.booking_person")
    if any(button in request.form for button in (ADD, REMOVE, FILL, JOIN)):
        return _change_people(form)
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
    if MORE_TIME in request.form:
        return _keep_longer(answers(), "portal.booking_check")
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


def _signed_in() -> bool:
    return g.actor is not None and g.actor.is_citizen


def _keep_longer(form: dict[str, str], page: str) -> Response:
    """More time for the place, and back to the page with what was typed."""
    form = {**form, HELD: "1"}
    form.pop(MORE_TIME, None)
    slot = read_slot(form, {})
    try:
        if slot is not None:
            keep_longer(slot, party_of(form))
    except (SlotTaken, SlotNotOffered) as taken:
        return _to_times(form, keep_draft(form, taken, at=url_for("portal.booking_time")))
    except DomainError as refused:
        return go(url_for(page, d=keep_draft(form, refused)))
    return go(url_for(page, d=keep_draft(form)))


def _change_people(form: dict[str, str]) -> Response:
    """The form with one person more or less, and as many places held."""
    changed = _changed(form)
    slot, refused = read_slot(changed, {}), None
    try:
        if slot is not None:
            fit_people(slot, party_of(changed))
    except DomainError as error:
        refused = error
    kept = keep_draft(changed, refused)
    return go(url_for("portal.booking_person", d=kept, _anchor=None if refused else "people"))


def _changed(form: dict[str, str]) -> dict[str, str]:
    pressed = {button: form.pop(button, "") for button in (ADD, REMOVE, FILL, JOIN)}
    if pressed[REMOVE]:
        return without(form, pressed[REMOVE])
    saved = _find_saved(pressed[FILL] or pressed[JOIN])
    if pressed[FILL]:
        return filled(form, 1, saved) if saved else form
    another = with_another(form)
    return filled(another, party_of(another), saved) if saved else another


def _find_saved(id: str) -> PersonData | None:
    return next((each.person for each in _saved() if str(each.id) == id), None)


def _saved() -> list[Saved]:
    """Whom the reader saved, to book for."""
    if not _signed_in():
        return []
    with transaction() as session:
        return list_dependants(session, account(), vault())


def _book_or(prove: Callable[[dict[str, str], BookAppointment], Response]) -> Response:
    """Book when signed in, else ``prove`` the contact; where something is missing, ask for it."""
    form = answers()
    command = _command(form, {})
    if command is None:
        return go(url_for("portal.booking_person", d=keep_draft(form)))
    if _signed_in():
        return _book(form, command)
    return prove(form, command)


def _use_code(form: dict[str, str], command: BookAppointment) -> Response:
    if "again" in request.form:
        return _send_code(form, command)
    to = _contact(command)
    account, secret = enter_with_code(to, request.form.get("code", ""))
    g.actor, g.session_secret = Actor(Role.CITIZEN, account, None, g.request_id), secret
    return keep(remember_proved(_book(form, command), to), secret)


def _command(form: dict[str, str], errors: Errors) -> BookAppointment | None:
    """The booking that the form describes, or None with what is wrong."""
    slot = read_slot(form, errors)
    contact = check(ContactSchema(), {**pick(form, "email"), **phone_of(form)}, errors)
    people = read_people(form, errors)
    if contact is not None and not _signed_in() and not (contact["email"] or contact["phone"]):
        errors["email"] = [_("Escribe tu correo o tu teléfono: ahí te mandamos el código.")]
    if errors or slot is None:
        return None
    return BookAppointment(
        consulate=slot["consulate"],
        services=slot["services"],
        start=slot["start"],
        attendees=people,
        email=contact["email"],
        phone=contact["phone"],
        language=current_language(),
        skills=tuple(sorted(slot["needs"].skills)),
        share=slot["needs"].share,
        place=slot["needs"].place,
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
    return finish(url_for("portal.appointment", id=booked.id, nueva=1))


def _to_times(form: dict[str, str], draft: UUID) -> Response:
    """Other times of the same office, from the wanted day on."""
    wanted: dict[str, Any] = {name: form.get(name) for name in ("consulate", "service")}
    slot = read_slot(form, {})
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


def _ask_time(form: dict[str, str], place: dict[str, Any], errors: Errors) -> str:
    services, party = place["services"], place["party"]
    with transaction() as session:
        visit = shown_visit(session, place["consulate"], services, place["needs"])
        zone = ZoneInfo(visit["consulate"]["time_zone"])
        week = free_week(
            session, place["consulate"], zone, services[0],
            first=place["from_"], party=party, further=services[1:], needs=place["needs"],
        )  # fmt: skip
        further = None
        if not week.days:
            further = find_alternatives(
                session, place["consulate"], services, week.begin, party, place["needs"]
            )
        others = _other_services(session, place)
        slot = read_slot(form, {})
        held = shown_hold(session, slot) if slot else None
    later: date | None = week.later
    if further and further.start is None:
        note_nothing_found(place["service"], place["consulate"])
    if further:
        later = further.start.astimezone(zone).date() if further.start else None
    return render_template(
        "portal/booking_time.html",
        days=week.days,
        nearest=_nearest(week.days, place["around"]),
        around=place["around"],
        party=party,
        alternatives=further,
        others=others,
        first=place["from_"],
        may_hold=_signed_in(),
        hold_minutes=HOLD_MINUTES,
        most_further=MOST_SERVICES - 1,
        hold=held if held and held["until"] else None,
        start=slot and slot["start"],
        person=_person_of(form),
        errors=errors,
        later=later,
        earlier=week.earlier,
        **visit,
    )


def _nearest(days: Sequence[Mapping[str, Any]], around: time | None) -> list[Any]:
    """Of the first day that has times, those nearest to an hour that was asked for."""
    if around is None or not days:
        return []
    wanted = datetime.combine(days[0]["date"], around)
    starts = [each["start"] for each in days[0]["times"]]
    return sorted(starts, key=lambda start: abs(start.replace(tzinfo=None) - wanted))[:NEAREST]


def _other_services(session: Session, place: dict[str, Any]) -> list[dict[str, Any]]:
    """What can be done in the same visit, with whether it was chosen."""
    offered = offered_services(session, now().date(), place["consulate"])
    return [
        {**each, "chosen": each["code"] in place["services"]}
        for each in bookable_services(session)
        if each["code"] in offered and each["code"] != place["service"]
    ]


def _person_of(form: dict[str, str]) -> str:
    """Whose time is chosen, as far as it was said."""
    return " ".join(form[name].strip() for name in NAMES if form.get(name, "").strip())


def _ask_check(form: dict[str, str], command: BookAppointment, errors: Errors) -> str:
    party = len(command.attendees)
    with transaction() as session:
        fees = fees_on(session, command.start.date())
        before = shown_before(
            session, command.consulate, command.services, command.start, fees, party
        )
        of_age = _of_age(session, command)
    return render_template(
        "portal/booking_check.html",
        form=form,
        errors=errors,
        people=[
            {"names": full_name(each), "birth_date": each.birth_date, "curp": each.curp}
            for each in command.attendees
        ],
        minors=[full_name(each) for each in minors_of(command.attendees, command.start.date())],
        of_age=of_age,
        phone=format_phone(command.phone) if command.phone else "",
        **before,
        **_slot_context(_slot_of(command, form), form),
    )


def _of_age(session: Session, command: BookAppointment) -> dict[str, Any] | None:
    """Of a service for people of age: what to do for a minor, and the times of what they may have
    around the one that was chosen."""
    question = next(filter(None, map(find_of_age, command.services)), None)
    if question is None:
        return None
    zone = office(session, command.consulate)["time_zone"]
    kept: dict[str, Any] = {"d": draft_id() or None, **near(command.start, zone)}
    names = service_names(session)
    return {
        "advice": question.advice,
        "services": [
            (
                names[code],
                url_for(
                    "portal.booking_time",
                    consulate=command.consulate,
                    service=code,
                    party=len(command.attendees),
                    **kept,
                ),
            )
            for code in question.services
        ],
    }


def _ask_code(form: dict[str, str], command: BookAppointment) -> str:
    return render_template(
        "portal/booking_code.html",
        sent_to=mask(_contact(command)),
        sent_at=sent_at(form),
        sent_again=SENT_AGAIN in form,
        person=", ".join(full_name(each) for each in command.attendees),
        errors=draft().errors(),
        minutes=MINUTES,
        **_slot_context(_slot_of(command, form), form),
    )


def _slot_of(command: BookAppointment, form: dict[str, str]) -> dict[str, Any]:
    return {
        "consulate": command.consulate,
        "services": command.services,
        "start": command.start,
        "needs": read_needs(form),
    }


def _slot_context(slot: dict[str, Any], form: dict[str, str]) -> dict[str, Any]:
    """Where, what for and when, and whether the place is held for the reader, or was."""
    with transaction() as session:
        visit = shown_visit(
            session, slot["consulate"], slot["services"], slot["needs"], slot["start"]
        )
        hold = shown_hold(session, slot)
    return {
        **visit,
        "start": slot["start"],
        "hold": hold,
        "held_before": HELD in form,
        "hold_minutes": HOLD_MINUTES,
    }
