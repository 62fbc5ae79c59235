"""Choose a service and an office, one decision a page, before a time is chosen."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Response, render_template, request, url_for
from sqlalchemy.orm import Session

from consular.auth import ANYONE, allow, now
from consular.db import transaction
from consular.i18n import in_language, weekday_names
from consular.input.catalogue import OfficeQuery, ServiceSearch
from consular.pages.drafts import draft, draft_id
from consular.pages.forms import Errors, check, go, pick
from consular.pages.portal.alternatives import WEEKS, first_place
from consular.pages.portal.blueprint import pages
from consular.pages.portal.catalogue import service_groups
from consular.pages.portal.names import offices
from consular.pages.portal.needs import ATTENDED_IN, Needs, read_needs, without_needs
from consular.unmet import note_nothing_found
from services.appointments.mobile import list_mobile
from services.appointments.searching import (
    Part,
    Search,
    Sort,
    nearest_office,
    offered_services,
    offices_in_reach,
    search,
    what_would_fit,
)
from services.consulates.eligibility import QUESTIONS
from services.consulates.places import Place
from services.consulates.queries import get_service, list_requirements
from services.consulates.ways import list_ways

OFFICES_SHOWN = 6
# Offices at which somebody waits for a place: the nearest ones.
WATCHED = 4
KILOMETERS = (50, 100, 200, 500)
WISHES = ("place", "within_km", "party", "part", "weekday", "around")
# Of a time that was looked at, kept while another service is chosen.
KEPT = ("from", "around", "party")
# The button of the search.
SEARCH = "buscar"


@pages.get("/citas/nueva")
@allow(ANYONE)
def booking_service() -> str:
    """Choose a service."""
    return ask_service({**draft().form, **request.args.to_dict()}, {})


@pages.get("/citas/oficina")
@allow(ANYONE)
def booking_office() -> Response | str:
    """Choose an office: the nearest ones to a place with their first times, or one by its name."""
    asked = request.args.to_dict()
    kept = without_needs(draft().form) if SEARCH in asked else draft().form
    form = {**kept, **asked}
    if not form.get("service"):
        return go(url_for("portal.booking_service", d=draft_id() or None))
    return ask_office(form, {})


def ask_place(form: dict[str, str], errors: Errors) -> str:
    """The page of whichever is missing or wrong: the service, then the office."""
    if "service" in errors or not form.get("service"):
        return ask_service(form, {name: errors[name] for name in ("service",) if name in errors})
    return ask_office(form, errors)


def ask_service(form: dict[str, str], errors: Errors) -> str:
    """Services in groups, or those that the words in the address name."""
    looked_for = (check(ServiceSearch(), pick(form, "q"), errors) or {"q": ""})["q"]
    with transaction() as session:
        groups = service_groups(session, looked_for)
    return render_template(
        "portal/booking_service.html",
        groups=groups,
        looked_for=looked_for,
        consulate=form.get("consulate", ""),
        kept={name: form[name] for name in KEPT if form.get(name)},
        form={**form, "q": form.get("q", "")},
        errors=errors,
    )


def ask_office(form: dict[str, str], errors: Errors) -> str:
    """Where: a place to be near to, with what was found there; and every office by its city."""
    wrong: Errors = {}
    wished = check(OfficeQuery(), pick(form, *WISHES), wrong) if _searched(form) else None
    with transaction() as session:
        service = _service(session, form["service"])
        consulates = offices(session)
        result = _search(session, service["code"], wished, form) if wished else None
        mobile = list_mobile(session, first=now().date(), service=form["service"])
    if result and not result["offices"]:
        note_nothing_found(service["code"], result["nearest"])
    return render_template(
        "portal/booking_office.html",
        service=service,
        consulates=consulates,
        result=result,
        kilometers=KILOMETERS,
        weekdays=weekday_names(),
        attended_in=ATTENDED_IN,
        needs=read_needs(form),
        mobile=mobile,
        form=form,
        errors={**errors, **wrong},
        weeks=WEEKS,
    )


def _service(session: Session, code: str) -> dict[str, Any]:
    """With how it is done without an appointment, where it is, and what to bring then. Raises
    NotFound."""
    service = get_service(session, code)
    offered = service.bookable and code in offered_services(session, now().date())
    needs = [] if offered else list_requirements(session, [code]).get(code, [])
    return {
        "code": service.code,
        "name": in_language(service, "name"),
        "bookable": service.bookable,
        "offered": offered,
        "asks": bool(QUESTIONS.get(code)),
        "ways": [
            {"text": in_language(way, "text"), "program": way.program, "source": way.source}
            for way in list_ways(code, bookable=service.bookable, offered=offered)
        ],
        "requirements": [in_language(each, "text") for each in needs],
    }


def _searched(form: dict[str, str]) -> bool:
    return any(form.get(name, "").strip() for name in ("place", SEARCH))


def _search(
    session: Session, service: str, wished: dict[str, Any], form: dict[str, str]
) -> dict[str, Any]:
    """Offices with their first times, or what stands in the way."""
    today = now().date()
    search_for = _asked(service, wished, read_needs(form), today)
    places = search(session, search_for, now=now())
    would_fit = [] if places else what_would_fit(session, search_for, now=now())
    return {
        "place": _called(wished["located"], form["place"]) if wished["located"] else "",
        "offices": [first_place(session, place, service) for place in places[:OFFICES_SHOWN]],
        "nearest": nearest_office(session, search_for),
        "nearby": list(offices_in_reach(session, search_for))[:WATCHED] if search_for.near else [],
        "would_fit": [(wish, first_place(session, place, service)) for wish, place in would_fit],
    }


def _called(place: Place, written: str) -> str:
    """A place as it was understood; a ZIP code as it was typed."""
    if place.kind == "zip":
        return written.strip()
    return place.name if place.kind == "state" else f"{place.name}, {place.region}"


def _asked(service: str, wished: dict[str, Any], needs: Needs, today: date) -> Search:
    return Search(
        service,
        today,
        today + timedelta(weeks=WEEKS),
        near=wished["near"],
        within_km=wished["within_km"],
        party=wished["party"],
        part=Part(wished["part"]),
        weekdays=(wished["weekday"],) if wished["weekday"] else (),
        around=wished["around"],
        skills=needs.skills,
        share=needs.share,
        sort=Sort.DISTANCE if wished["near"] else Sort.TIME,
        each=1,
    )
