"""Show an office's agenda of a day, and one of its people beside it with what to do next."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, cast
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, make_response, render_template, request, url_for
from sqlalchemy.orm import Session

from consular.access_log import record_agenda
from consular.auth import DESK, actor, allow, now
from consular.db import transaction
from consular.i18n import current_language
from consular.input.fields import FOLIO_FORM
from consular.input.loading import load_fields
from consular.input.paging import cursor
from consular.pages.desk import presenters
from consular.pages.desk.blueprint import pages
from consular.pages.desk.schemas import AgendaAddress
from consular.pages.drafts import draft
from consular.pages.forms import Errors, check, pick
from consular.pages.portal.names import bookable_services, office, service_names
from services.appointments.agenda import (
    AgendaLine,
    AgendaQuery,
    count_lines,
    count_people,
    first_to_call,
    list_agenda,
)
from services.appointments.catching_up import count_refused
from services.appointments.queries import find_appointment, find_by_folio, list_windows
from services.appointments.rules import SHOWN_FIRST, Status
from services.kernel.audit import Role
from services.kernel.collation import alphabetical
from services.kernel.ids import LENGTH, parse_folio
from services.kernel.tables import Page

# A large office receives some 300 people a day.
LINES = 400
FILTERS = ("day", "service", "status", "desk", "q", "next")
KEPT_ON_OTHER_DAYS = ("service", "status", "desk")
POLL_SECONDS = 5


@dataclass(frozen=True)
class Agenda:
    """What an address of the agenda shows. ``values`` are its filters as they were given."""

    place: dict[str, Any]
    day: date
    query: dict[str, Any]
    values: dict[str, Any]
    lines: Page[AgendaLine, Any]

    @property
    def lives(self) -> bool:
        """Whether it may ask for news by itself: each look at other days, or at who was searched
        for, is an entry of the audit."""
        return not self.query["q"] and self.day == today_at(self.place)

    @property
    def is_whole(self) -> bool:
        """Whether all people of the day are among its lines."""
        narrowed = any(self.query[name] for name in ("q", "status", "service", "next"))
        return not narrowed and self.lines.next is None


@pages.get("/")
@allow(DESK)
def today() -> str:
    """The day's agenda. Reading today's is no entry of the audit, other days and searches are."""
    values, query, errors = _address()
    errors |= draft().errors(also_under=True)
    with transaction() as session:
        agenda = _read(session, values, query)
        return render_template(
            "desk/today.html",
            errors=errors,
            **_list(session, agenda),
            **_around(session, agenda),
            selected=_selected(session, agenda),
            done="done" in request.args,
        )


@pages.get("/agenda")
@allow(DESK)
def agenda_list() -> Response:
    """The list alone, for a page that asks every few seconds: 304 as long as nothing changed."""
    values, query, _errors = _address()
    with transaction() as session:
        agenda = _read(session, values, query)
        answer, version = make_response(), _version(agenda)
        answer.set_etag(version)
        answer.headers["Cache-Control"] = "private, no-cache"
        if not request.if_none_match.contains(version):
            answer.set_data(render_template("desk/_agenda_list.html", **_list(session, agenda)))
        answer.make_conditional(request)
        return answer


def today_at(place: dict[str, Any]) -> date:
    """The day that the office's wall calendar shows."""
    return cast(date, now().astimezone(ZoneInfo(place["time_zone"])).date())


def _address() -> tuple[dict[str, Any], dict[str, Any], Errors]:
    """Filters as given and as read, and what is wrong with them."""
    values: dict[str, Any] = pick(request.args, *FILTERS)
    errors: Errors = {}
    chosen = {name: request.args[name] for name in ("at", "n") if name in request.args}
    query = check(AgendaAddress(), {**values, **chosen}, errors)
    if query is None:
        query = load_fields(AgendaAddress(), {})
        errors = {name: said for name, said in errors.items() if name not in chosen}
    text = query["q"] or ""
    # No name has a digit, and of a whole folio the last character tells a slip.
    whole = any(c.isdigit() for c in text) and sum(c.isalnum() for c in text) >= LENGTH
    if whole and not parse_folio(text):
        errors["q"] = [str(FOLIO_FORM)]
    return values, query, errors


def _read(session: Session, values: dict[str, Any], query: dict[str, Any]) -> Agenda:
    """A folio is found on whatever day it is for: people come early."""
    place = office(session, actor().consulate or "")
    folio = parse_folio(query["q"] or "")
    appointment = find_by_folio(session, folio) if folio else None
    day = appointment.day if appointment else query["day"] or today_at(place)
    filters = AgendaQuery(
        consulate=place["code"],
        day=day,
        today=today_at(place),
        text=folio or query["q"],
        status=None if folio else query["status"],
        service=None if folio else query["service"],
        after=query["next"],
    )
    lines = list_agenda(session, filters, limit=LINES)
    record_agenda(session, lines.items, searched=bool(query["q"]))
    return Agenda(place, day, query, values, lines)


def _list(session: Session, agenda: Agenda) -> dict[str, Any]:
    """What the list is made of, page and fragment alike."""
    back = [line for line in agenda.lines.items if line.day != agenda.day]
    own = [line for line in agenda.lines.items if line.day == agenda.day]
    show = presenters.AgendaLines(agenda.place["time_zone"], service_names(session))
    following = cursor(agenda.lines.next)
    return {
        "consulate": agenda.place,
        "day": agenda.day,
        "statuses": [status.value for status in Status],
        "sums": count_lines(own)
        if agenda.is_whole
        else count_people(session, consulate=agenda.place["code"], day=agenda.day),
        "returning": show.rows(back, dated=True),
        "appointments": show.rows(own),
        "kept": urlencode({**agenda.values, "at": ""}),
        "at": (agenda.query["at"], agenda.query["n"] or 1),
        "more": url_for("desk.today", **{**agenda.values, "next": following})
        if following
        else None,
    }


def _around(session: Session, agenda: Agenda) -> dict[str, Any]:
    """The page around the list."""
    here = url_for("desk.today", **agenda.values)
    return {
        "links": _links(agenda.day, today_at(agenda.place), agenda.values),
        "services": bookable_services(session),
        "desks": desks_of(session, agenda.place["code"], agenda.day, agenda.query["desk"]),
        "filters": {**agenda.values, "day": agenda.day.isoformat()},
        "here": here,
        "live": url_for("desk.agenda_list", **agenda.values) if agenda.lives else None,
        "seconds": POLL_SECONDS,
        "may_plan": actor().role is Role.SUPERVISOR,
        "refused": count_refused(session, agenda.place["code"]),
    }


def _selected(session: Session, agenda: Agenda) -> dict[str, Any] | None:
    """Whom the page shows beside the list: who was chosen, else who is to be called next, else who
    is expected next."""
    at, n = agenda.query["at"], agenda.query["n"] or 1
    if at is None:
        at, n = _next(agenda)
    appointment = find_appointment(session, at) if at else None
    return presenters.person(session, appointment, n) if appointment else None


def _next(agenda: Agenda) -> tuple[UUID | None, int]:
    lines = agenda.lines.items
    called = first_to_call(lines) if agenda.lives else None
    if called:
        return called.id, called.n
    for wanted in SHOWN_FIRST:
        for line in lines:
            if line.status == wanted:
                return line.id, line.n
    return (lines[0].id, lines[0].n) if lines else (None, 1)


def desks_of(session: Session, consulate: str, day: date, own: str | None) -> list[str]:
    """Windows of the day, and the reader's own, wherever that one is from."""
    names = list_windows(session, consulate=consulate, day=day)
    return sorted(names | ({own} if own else set()), key=alphabetical)


def _links(day: date, current: date, values: dict[str, Any]) -> dict[str, str | None]:
    """Addresses of other days, with the filters kept."""
    kept: dict[str, Any] = {name: values[name] for name in KEPT_ON_OTHER_DAYS if name in values}
    step = timedelta(days=1)
    return {
        "previous": url_for("desk.today", day=(day - step).isoformat(), **kept),
        "today": url_for("desk.today", **kept) if day != current else None,
        "next": url_for("desk.today", day=(day + step).isoformat(), **kept),
    }


def _version(agenda: Agenda) -> str:
    """Changes whenever the list would look otherwise."""
    shown = repr((current_language(), agenda.day, agenda.query["at"], agenda.lines))
    return hashlib.sha256(shown.encode()).hexdigest()[:32]
