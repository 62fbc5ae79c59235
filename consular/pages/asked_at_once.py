"""What is asked for a booking in one form, in any order: who, what, where and when."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from marshmallow import Schema
from sqlalchemy.orm import Session

from consular.auth import now
from consular.i18n import date_long, time_at
from consular.input.appointments import AttendeeSchema, ContactSchema
from consular.input.fields import Code, Day, Moment
from consular.pages.forms import Errors, check, date_of, phone_of, pick
from consular.pages.portal.names import office, offices
from consular.pages.portal.needs import at_place, read_needs
from consular.pages.times import free_week
from services.appointments.booking import BookAppointment
from services.appointments.mobile import list_mobile
from services.appointments.seating import Party
from services.consulates.queries import get_service
from services.kernel.errors import NotFound

NAMES = ("given_names", "first_surname", "second_surname", "curp")


class _Place(Schema):
    consulate = Code(required=True)
    service = Code(required=True)
    from_ = Day(data_key="from", load_default=None)


class _Slot(Schema):
    consulate = Code(required=True)
    service = Code(required=True)
    start = Moment(required=True)


def wants_times(form: dict[str, str]) -> bool:
    """Whether the form asks to see free times, those from a later day on if it says so."""
    if "later" in request.form:
        form["from"] = request.form["later"]
    return "times" in request.form or "later" in request.form


def week_of(
    session: Session, form: dict[str, str], *, moving: Party | None = None
) -> dict[str, Any]:
    """The free times of the week that was asked for, once office and service are known: ``there``,
    ``times`` to choose from, ``later``, and the office's ``mobile`` consulates. For one person, or
    for who is ``moving``."""
    place = check(_Place(), pick(form, "consulate", "service", "from"), {})
    if place is None:
        return {"there": None}
    needs = replace(moving, place="") if moving else read_needs(form)
    try:
        there = at_place(session, office(session, place["consulate"]), needs.place)
        service = get_service(session, place["service"])
    except NotFound:
        return {"there": None}
    zone = there["time_zone"]
    week = free_week(
        session, there["code"], ZoneInfo(zone), service.code,
        first=place["from_"],
        party=(moving and moving.people) or 1,
        further=moving.services[1:] if moving else (),
        needs=needs,
    )  # fmt: skip
    times = [each for day in week.days for each in day["times"]]
    return {
        "there": there,
        "mobile": list_mobile(
            session, first=now().date(), consulate=there["code"], service=service.code
        ),
        "later": week.later.isoformat(),
        "times": [{"value": each["start"].isoformat(), "label": _label(each)} for each in times],
    }


def _label(time: dict[str, Any]) -> str:
    """Day and time, and where that isn't the office."""
    start, zone = time["start"], time["zone"]
    said = [date_long(start, zone), time_at(start, zone), time["place"]]
    return ", ".join(filter(None, said))


def read_person(form: dict[str, str], errors: Errors) -> Any:
    """Who comes, or None with what is wrong."""
    born = date_of(form, "birth_date")
    values: dict[str, Any] = pick(form, *NAMES)
    return check(AttendeeSchema(), {**values, **({"birth_date": born} if born else {})}, errors)


def read_booking(form: dict[str, str], errors: Errors, *, language: str) -> BookAppointment | None:
    """The booking that the form describes, or None with what is wrong."""
    person = read_person(form, errors)
    slot = check(_Slot(), pick(form, "consulate", "service", "start"), errors)
    contact = check(ContactSchema(), {**pick(form, "email"), **phone_of(form)}, errors)
    if errors:
        return None
    needs = read_needs(form)
    return BookAppointment(
        consulate=slot["consulate"],
        services=(slot["service"],),
        start=slot["start"],
        attendees=(person,),
        email=contact["email"],
        phone=contact["phone"],
        language=language,
        skills=tuple(sorted(needs.skills)),
        share=needs.share,
        place=needs.place,
    )


def office_choices(session: Session) -> list[dict[str, str]]:
    """Offices to choose from, by city."""
    return [
        {"value": each["code"], "label": f"{each['city']} — {each['name']}"}
        for each in offices(session)
    ]
