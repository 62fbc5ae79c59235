"""Alternatives when an office has no free times: its next one, and nearby offices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from consular.i18n import city_in_language, in_language
from consular.pages.portal.names import at_mobile
from consular.pages.times import NOTHING, Wanted
from services.appointments.mobile import mobile_at
from services.appointments.searching import FreePlace, Search, Sort, search
from services.consulates.queries import get_consulate

WEEKS = 8
MOST_OFFICES = 3


@dataclass(frozen=True)
class Alternatives:
    """``start`` is the office's own next free time within the weeks, or None."""

    weeks: int
    start: datetime | None
    offices: list[dict[str, Any]]


def find_alternatives(
    session: Session,
    consulate: str,
    services: Sequence[str],
    first: datetime,
    party: int = 1,
    needs: Wanted = NOTHING,
) -> Alternatives:
    """The next free time here, and the nearest other offices that have any, each with its first."""
    here = get_consulate(session, consulate)
    day = first.astimezone(ZoneInfo(here.time_zone)).date()
    wanted = Search(
        services[0],
        day,
        day + timedelta(weeks=WEEKS),
        further=tuple(services[1:]),
        near=(float(here.latitude), float(here.longitude)),
        party=party,
        skills=needs.skills,
        share=needs.share,
        sort=Sort.DISTANCE,
        each=1,
    )
    places = {place.consulate: place for place in search(session, wanted, now=first)}
    own = places.pop(consulate, None)
    nearest = list(places.values())[:MOST_OFFICES]
    return Alternatives(
        WEEKS, own and own.start, [first_place(session, each, services[0]) for each in nearest]
    )


def first_place(session: Session, place: FreePlace, service: str) -> dict[str, Any]:
    """An office, or its mobile consulate, with its first free time, as pages list them."""
    office = get_consulate(session, place.consulate)
    named = {
        "code": office.code,
        "name": in_language(office, "name"),
        "city": city_in_language(office),
        "time_zone": office.time_zone,
    }
    there = at_mobile(named, mobile_at(session, office.code, service, place.start))
    day = place.start.astimezone(ZoneInfo(there["time_zone"])).date()
    return {**there, "start": place.start, "day": day.isoformat(), "km": place.km}
