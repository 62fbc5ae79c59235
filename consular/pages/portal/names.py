"""Offices, services and programs by name, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from consular.db import transaction
from consular.i18n import city_in_language, current_language, in_language, translated
from services.appointments.mobile import Mobile, mobile_places
from services.appointments.queries import list_party
from services.appointments.rules import Status
from services.citizens.people import full_name
from services.consulates.queries import get_consulate, list_consulates, list_services
from services.enrollments.programs.registry import PROGRAMS
from services.kernel.collation import alphabetical

# Passports and matrículas are three in four of the procedures that were published for 2022
# (services/monitoring/data); the rest of the order is ours.
ASKED_MOST = ("PAS10", "PAS6", "PAS3", "MAT", "INE", "ACT", "RCN", "OP7", "POF", "PAS1")


def office(session: Session, code: str) -> dict[str, Any]:
    """An office as pages show it. Raises NotFound."""
    row = get_consulate(session, code)
    return {
        "code": row.code,
        "name": in_language(row, "name"),
        "city": city_in_language(row),
        "time_zone": row.time_zone,
        "website": row.website,
    }


def offices_of(session: Session, appointments: Sequence[Any]) -> dict[UUID, dict[str, Any]]:
    """Where each appointment is: its office, or the place of a mobile consulate."""
    mobile = mobile_places(session, [each.id for each in appointments])
    return {
        each.id: at_mobile(office(session, each.consulate_code), mobile.get(each.id))
        for each in appointments
    }


def at_mobile(consulate: dict[str, Any], mobile: Mobile | None) -> dict[str, Any]:
    """An office as pages show it, at the place of a mobile consulate where it is one."""
    if mobile is None:
        return consulate
    place = mobile.place
    own = {"name": place.name, "city": place.name, "address": place.address}
    return {**consulate, **own, "time_zone": place.time_zone, "mobile": mobile.id}


def which(session: Session, appointment: Any, *, only: int | None = None) -> dict[str, Any]:
    """An appointment as the pages that belong to it name it: for whom (or for the ``only`` one),
    what, where and when."""
    names, party = service_names(session), list_party(session, [appointment.id])[appointment.id]
    coming = (
        each.person
        for each in party
        if each.n == only or (only is None and each.status != Status.CANCELLED)
    )
    return {
        "people": ", ".join(filter(None, map(full_name, coming))),
        "service_name": ", ".join(names.get(code, code) for code in appointment.services),
        "consulate": offices_of(session, [appointment])[appointment.id],
        "start": appointment.starts_at,
    }


def city_of(code: str) -> str:
    """The city of an office, as the reader calls it."""
    return _city_of(code, current_language())


@cache
def _city_of(code: str, _language: str) -> str:
    """Offices don't move, so each is looked up once a process."""
    with transaction() as session:
        return city_in_language(get_consulate(session, code))


def offices(session: Session, *, every: bool = False) -> list[dict[str, Any]]:
    """Offices to choose from, by city; ``every`` one also where no text says that the public is
    attended: staff work there too."""
    rows = [
        {"code": row.code, "name": in_language(row, "name"), "city": city_in_language(row)}
        for row in list_consulates(session, include_assumed=every)
    ]
    return sorted(rows, key=lambda row: alphabetical(f"{row['city']} {row['name']}"))


def service_names(session: Session) -> dict[str, str]:
    """Names of the services by code."""
    return {row.code: in_language(row, "name") for row in list_services(session)}


def bookable_services(session: Session) -> list[dict[str, Any]]:
    """Services to choose from: what most people come for stands first, the rest by name."""
    rows = list_services(session, bookable_only=True)
    first = {code: place for place, code in enumerate(ASKED_MOST)}
    named = [{"code": row.code, "name": in_language(row, "name")} for row in rows]
    return sorted(
        named, key=lambda row: (first.get(row["code"], len(first)), alphabetical(row["name"]))
    )


def program_name(program: str) -> str:
    """A program of enrollment in words."""
    return translated(PROGRAMS[program].name)
