"""What anyone may ask: offices, services, free times."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint

from consular.api.contract import endpoint
from consular.api.v1.catalogue.answers import (
    AvailabilityAnswer,
    ConsulateAnswer,
    ConsulateList,
    FeeAnswer,
    MobileAnswer,
    MobileList,
    NetworkAnswer,
    NetworkSlot,
    ServiceAnswer,
    ServiceList,
    SlotAnswer,
)
from consular.auth import ANYONE, actor, actor_id, now
from consular.db import transaction
from consular.i18n import in_language
from consular.input.catalogue import AvailabilityQuery, NetworkQuery, ServiceQuery
from consular.input.needs import skills_needed
from consular.input.paging import SliceQuery, slice_of
from consular.unmet import note_nothing_found
from services.appointments.errors import ShareNotAllowed
from services.appointments.mobile import get_mobile, list_mobile
from services.appointments.queries import availability
from services.appointments.reserves import may_use
from services.appointments.searching import FreePlace, Part, Search, Sort, nearest_office, search
from services.consulates.queries import (
    fees_on,
    get_consulate,
    get_service,
    list_consulates,
    list_requirements,
    list_services,
)
from services.kernel.audit import Role

api = Blueprint("catalogue", __name__, url_prefix="/api/v1")
DEFAULT_DAYS = 30


@endpoint(
    api,
    "GET",
    "/consulates",
    operation="listConsulates",
    who=ANYONE,
    query=SliceQuery(),
    answer=ConsulateList(),
)
def list_all_consulates(query: dict[str, Any]) -> dict[str, Any]:
    """List the offices of the network.

    All of them in one answer, unless ``limit`` asks for pages.
    """
    with transaction() as session:
        return slice_of([_consulate(c) for c in list_consulates(session)], query)


@endpoint(
    api,
    "GET",
    "/consulates/<code:consulate>",
    operation="showConsulate",
    who=ANYONE,
    answer=ConsulateAnswer(),
)
def show_consulate(consulate: str) -> dict[str, Any]:
    """Return one office."""
    with transaction() as session:
        return _consulate(get_consulate(session, consulate))


@endpoint(
    api,
    "GET",
    "/services",
    operation="listServices",
    who=ANYONE,
    query=ServiceQuery(),
    answer=ServiceList(),
)
def list_all_services(query: dict[str, Any]) -> dict[str, Any]:
    """List the services with names, requirements and the fees in force."""
    day: date = query["date"] or now().date()
    with transaction() as session:
        dollars, needs = fees_on(session, day), list_requirements(session)
        items = [
            _service(s, dollars.get(s.code), needs.get(s.code, [])) for s in list_services(session)
        ]
    return slice_of(items, query)


@endpoint(
    api,
    "GET",
    "/consulates/<code:consulate>/availability",
    operation="showAvailability",
    who=ANYONE,
    query=AvailabilityQuery(),
    answer=AvailabilityAnswer(),
    errors={404: ("not_found",), 422: ("share_not_allowed",)},
)
def show_availability(consulate: str, query: dict[str, Any]) -> dict[str, Any]:
    """List the free times of an office for a service."""
    with transaction() as session:
        office = get_consulate(session, consulate)
        mobile = get_mobile(session, consulate, query["place"]) if query["place"] else None
        zone = ZoneInfo(mobile.place.time_zone if mobile else office.time_zone)
        get_service(session, query["service"])
        first, last = _days(query["from_"], query["to"], zone)
        begins, ends = _midnights(first, last, zone)
        times = availability(
            session,
            consulate=consulate,
            service=query["service"],
            first=max(begins, now()),
            last=ends,
            party=query["party"],
            further=query["further"],
            skills=skills_needed(query),
            share=_share(query),
            place=str(query["place"] or ""),
        )
    if not times:
        note_nothing_found(query["service"], consulate)
    slots = [
        SlotAnswer.render(t, start=t.start.astimezone(zone), end=t.end.astimezone(zone))
        for t in times
    ]
    return AvailabilityAnswer.render(office, time_zone=str(zone), from_=first, to=last, slots=slots)


@endpoint(
    api,
    "GET",
    "/consulates/<code:consulate>/places",
    operation="listMobileConsulates",
    who=ANYONE,
    answer=MobileList(),
    errors={404: ("not_found",)},
)
def list_mobile_consulates(consulate: str) -> dict[str, Any]:
    """List the mobile consulates of an office that are to come, by day.

    Their times are searched and booked by the ``place``'s id.
    """
    with transaction() as session:
        get_consulate(session, consulate)
        rows = list_mobile(session, consulate=consulate, first=now().date())
    return MobileList.page(
        [MobileAnswer.render(each.place, id=each.id, date=each.day) for each in rows]
    )


@endpoint(
    api,
    "GET",
    "/availability",
    operation="showNetworkAvailability",
    who=ANYONE,
    query=NetworkQuery(),
    answer=NetworkAnswer(),
    errors={404: ("not_found",), 422: ("share_not_allowed",)},
)
def show_network_availability(query: dict[str, Any]) -> dict[str, Any]:
    """Search the free times of several offices, or of the whole network.

    The three earliest of every office that has any, by time; with a place the nearest office
    first, then by time.
    """
    with transaction() as session:
        get_service(session, query["service"])
        for code in query["consulates"]:
            get_consulate(session, code)
        wanted = _search(query)
        places = search(session, wanted, now=now())
        office = nearest_office(session, wanted)
        zones = {c.code: ZoneInfo(c.time_zone) for c in list_consulates(session)}
    if not places:
        note_nothing_found(wanted.service, office)
    slots = [_network_slot(place, zones[place.consulate]) for place in places]
    return NetworkAnswer.render(from_=wanted.first, to=wanted.last, slots=slots)


def _search(query: dict[str, Any]) -> Search:
    first, last = _days(query["from_"], query["to"], UTC)
    return Search(
        query["service"],
        first,
        last,
        consulates=query["consulates"],
        near=query["near"],
        within_km=query["within_km"],
        party=query["party"],
        further=query["further"],
        skills=frozenset(skills_needed(query)),
        share=_share(query),
        part=Part(query["part"]),
        weekdays=query["weekdays"],
        around=query["around"],
        sort=Sort(query["sort"] or (Sort.DISTANCE if query["near"] else Sort.TIME)),
    )


def _share(query: dict[str, Any]) -> str:
    """The share that is asked for; raises `ShareNotAllowed` unless the caller may book in it."""
    share: str = query["share"] or ""
    role = actor().role if actor_id() else Role.CITIZEN
    if not may_use(share, role):
        raise ShareNotAllowed()
    return share


def _network_slot(place: FreePlace, zone: ZoneInfo) -> dict[str, Any]:
    return NetworkSlot.render(
        consulate=place.consulate,
        start=place.start.astimezone(zone),
        end=place.end.astimezone(zone),
        free=place.free,
        km=place.km,
    )


def _days(first: date | None, last: date | None, zone: tzinfo) -> tuple[date, date]:
    begins = first or now().astimezone(zone).date()
    return begins, last or begins + timedelta(days=DEFAULT_DAYS)


def _midnights(first: date, last: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """Where the days begin and end at the office, in UTC."""
    midnight = time(0, 0, tzinfo=zone)
    return (
        datetime.combine(first, midnight).astimezone(UTC),
        datetime.combine(last + timedelta(days=1), midnight).astimezone(UTC),
    )


def _consulate(office: Any) -> dict[str, Any]:
    return ConsulateAnswer.render(office, name=in_language(office, "name"))


def _service(service: Any, fee: Any, needs: list[Any]) -> dict[str, Any]:
    fees = (
        [FeeAnswer.render(fee.money, year=fee.year, latest_known=fee.is_latest_known)]
        if fee
        else []
    )
    return ServiceAnswer.render(
        service,
        name=in_language(service, "name"),
        requirements=[in_language(need, "text") for need in needs],
        fees=fees,
    )
