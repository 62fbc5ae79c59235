"""Show an office's agenda of a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for
from sqlalchemy.orm import Session

from consular.access_log import record_agenda
from consular.auth import DESK, actor, allow, now
from consular.db import transaction
from consular.input.fields import FOLIO_FORM
from consular.input.loading import load_fields
from consular.input.paging import cursor
from consular.pages.desk import presenters
from consular.pages.desk.blueprint import pages
from consular.pages.desk.schemas import AgendaQuery
from consular.pages.forms import Errors, check
from consular.pages.portal.names import bookable_services, office
from services.appointments.queries import (
    count_by_status,
    find_by_folio,
    list_appointments,
    list_sessions,
)
from services.appointments.rules import Status
from services.kernel.audit import Role
from services.kernel.collation import alphabetical
from services.kernel.ids import parse_folio
from services.kernel.tables import Page

LINES = 100
FILTERS = ("day", "service", "status", "desk", "q", "next")
KEPT_ON_OTHER_DAYS = ("service", "status", "desk")


@pages.get("/")
@allow(DESK)
def today() -> str:
    """The day's agenda. Reading today's is no entry of the audit, other days and searches are."""
    values = {name: request.args[name] for name in FILTERS if request.args.get(name, "").strip()}
    errors: Errors = {}
    query = check(AgendaQuery(), values, errors) or load_fields(AgendaQuery(), {})
    # No name has a digit.
    if any(c.isdigit() for c in query["q"] or "") and not parse_folio(query["q"]):
        errors["q"] = [str(FOLIO_FORM)]
    with transaction() as session:
        return render_template("desk/today.html", errors=errors, **_agenda(session, query, values))


def today_at(place: dict[str, Any]) -> date:
    """The day that the office's wall calendar shows."""
    return cast(date, now().astimezone(ZoneInfo(place["time_zone"])).date())


def _agenda(session: Session, query: dict[str, Any], values: dict[str, str]) -> dict[str, Any]:
    place = office(session, actor().consulate or "")
    day, page = _find(session, place["code"], query, query["day"] or today_at(place))
    back = _back(session, place["code"], query, day)
    record_agenda(session, [*back, *page.items], searched=bool(query["q"]))
    lines = presenters.agenda(session, [*back, *page.items])
    return {
        "consulate": place,
        "day": day,
        "links": _links(day, today_at(place), values, cursor(page.next)),
        "services": bookable_services(session),
        "desks": _desks(session, place["code"], day, query["desk"]),
        "statuses": [status.value for status in Status],
        "filters": {**values, "day": day.isoformat()},
        "returning": lines[: len(back)],
        "appointments": lines[len(back) :],
        "sums": count_by_status(session, consulate=place["code"], day=day),
        "may_plan": actor().role is Role.SUPERVISOR,
    }


def _find(
    session: Session, consulate: str, query: dict[str, Any], day: date
) -> tuple[date, Page[Any, Any]]:
    """The day and its lines. A folio is found on whatever day it is for: people come early."""
    folio = parse_folio(query["q"] or "")
    appointment = find_by_folio(session, folio) if folio else None
    if appointment:
        return appointment.day, Page([appointment], None)
    page = list_appointments(
        session,
        consulate=consulate,
        day=day,
        after=query["next"],
        **_filters(query),
    )
    return day, page


def _back(session: Session, consulate: str, query: dict[str, Any], day: date) -> Sequence[Any]:
    """Appointments of other days whose people are back with a pass; on the first page only."""
    if query["next"] or parse_folio(query["q"] or ""):
        return []
    return list_appointments(session, consulate=consulate, back_on=day, **_filters(query)).items


def _filters(query: dict[str, Any]) -> dict[str, Any]:
    return {
        "status": query["status"],
        "service": query["service"],
        "name": query["q"],
        "limit": LINES,
    }


def _desks(session: Session, consulate: str, day: date, own: str | None) -> list[str]:
    """Windows of the day, and the reader's own, wherever that one is from."""
    planned = list_sessions(session, consulate=consulate, first=day, last=day).items
    names = {desk.name for _row, desks in planned for desk in desks}
    return sorted(names | ({own} if own else set()), key=alphabetical)


def _links(
    day: date, current: date, values: dict[str, Any], following: str | None
) -> dict[str, str | None]:
    """Addresses of other days and of the lines that follow, with the filters kept."""
    kept: dict[str, Any] = {name: values[name] for name in KEPT_ON_OTHER_DAYS if name in values}
    step = timedelta(days=1)
    return {
        "previous": url_for("desk.today", day=(day - step).isoformat(), **kept),
        "today": url_for("desk.today", **kept) if day != current else None,
        "next": url_for("desk.today", day=(day + step).isoformat(), **kept),
        "more": url_for("desk.today", **{**values, "next": following}) if following else None,
    }
