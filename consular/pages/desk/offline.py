"""The desk without the network: what its browser keeps, and what it sends when the line is back.

The service worker answers for the desk's pages with the page that it keeps; that page is the same
for everybody and holds nobody's data. The day's list comes apart, and is kept sealed.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from flask import Response, make_response, render_template, request, url_for
from sqlalchemy.orm import Session

from consular.assets import asset_text
from consular.auth import ANYONE, DESK, actor, allow, now, vault
from consular.db import transaction
from consular.errors import FieldsInvalid, Malformed, Problem
from consular.i18n import date_long, words
from consular.input.loading import load_fields
from consular.input.offline import MOST_AT_ONCE, TakeInSchema
from consular.pages.desk import presenters
from consular.pages.desk.agenda import LINES, desks_of, today_at
from consular.pages.desk.blueprint import pages
from consular.pages.forms import go
from consular.pages.portal.names import bookable_services, office, service_names
from consular.pages.session import forget
from consular.security import csrf_token
from services.appointments.agenda import AgendaLine, AgendaQuery, list_agenda
from services.appointments.catching_up import list_refused, mark_read, take_in
from services.appointments.queries import list_party
from services.appointments.rules import LIVE, RETURNABLE, OfflineStep
from services.appointments.walking_in import blank_tickets
from services.staff.accounts import find_name

# More than one desk gives in a day.
TICKETS = 100
_log = structlog.get_logger()


@pages.get("/worker.js")
@allow(ANYONE)
def worker() -> Response:
    """The service worker, of the desk's pages alone, with the store that it shares with them."""
    script = asset_text("desk-store.js") + asset_text("desk-worker.js")
    answer = Response(script, mimetype="text/javascript")
    answer.headers["Service-Worker-Allowed"] = url_for("desk.today").rstrip("/")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


@pages.get("/offline")
@allow(DESK)
def offline() -> str:
    """The desk's page without the network: the same for everybody, with nobody's data."""
    return _shell()


def _shell() -> str:
    """Its script puts a desk or a folio where the words have one."""
    statuses = sorted(LIVE | RETURNABLE)
    blank = {"desk": "{desk}", "folio": "{folio}"}
    return render_template(
        "desk/offline.html",
        principal=None,
        errors={},
        form={},
        statuses={each: words("appointments.status", each) for each in statuses},
        steps={each: words("appointments.offline_button", each, **blank) for each in OfflineStep},
        noted={each: words("appointments.offline_noted", each, **blank) for each in OfflineStep},
    )


@pages.get("/offline/day")
@allow(DESK)
def offline_day() -> Response:
    """Who may still be received or called today, and tickets to give; 304 as long as all that is
    as it was."""
    with transaction() as session:
        place = office(session, actor().consulate or "")
        day = _day(session, place)
    version = hashlib.sha256(repr(day).encode()).hexdigest()[:32]
    answer = make_response()
    answer.set_etag(version)
    if not request.if_none_match.contains(version):
        tickets = [{"id": str(id), "folio": folio} for id, folio in blank_tickets(TICKETS)]
        answer.set_data(json.dumps({**day, "now": now().isoformat(), "tickets": tickets}))
        answer.mimetype = "application/json"
    answer.make_conditional(request)
    return answer


def _day(session: Session, place: dict[str, Any]) -> dict[str, Any]:
    today = today_at(place)
    zone = ZoneInfo(place["time_zone"])
    query = AgendaQuery(consulate=place["code"], day=today, today=today)
    lines = [
        line
        for line in list_agenda(session, query, limit=LINES).items
        if line.status in LIVE | RETURNABLE
    ]
    rows = presenters.AgendaLines(place["time_zone"], service_names(session)).rows(lines)
    return {
        "office": place["code"],
        "officer": str(actor().account_id),
        "token": csrf_token(),
        "shell": hashlib.sha256(_shell().encode()).hexdigest()[:16],
        "title": f"{place['city']}: {date_long(today)}",
        "zone": place["time_zone"],
        "until": datetime.combine(today + timedelta(days=1), time(), zone).isoformat(),
        "desks": desks_of(session, place["code"], today, None),
        "services": [{"code": s["code"], "name": s["name"]} for s in bookable_services(session)],
        "lines": [
            _line(line, row, today == line.day) for line, row in zip(lines, rows, strict=True)
        ],
    }


def _line(line: AgendaLine, row: presenters.Row, own_day: bool) -> dict[str, Any]:
    """A row as the agenda shows it, and what its place in the queue goes by."""
    due = line.starts_at if own_day else line.arrived_at or line.starts_at
    return {
        "id": str(line.id),
        "n": line.n,
        "time": row.time,
        "who": row.who,
        "folio": row.folio,
        "service": row.service,
        "status": line.status,
        "desk": line.desk,
        "notes": " ".join(row.notes),
        "due": due.isoformat(),
        "arrived": line.arrived_at.isoformat() if line.arrived_at else None,
        "priority": bool(line.priority),
        "parked": line.parked_at is not None,
    }


@pages.post("/offline/steps")
@allow(DESK)
def take_in_steps() -> Response:
    """Take in what was noted, each thing in a transaction of its own and in its order. What is
    answered for is kept here, whatever became of it, and the browser may forget it."""
    sent = _sent()
    results = [_take_in(each) for each in sent]
    body = json.dumps({"results": results})
    return Response(body, mimetype="application/json")


def _sent() -> list[Any]:
    try:
        sent = json.loads(request.form.get("steps", ""))
    except (ValueError, RecursionError):
        raise Malformed() from None
    if not isinstance(sent, list) or len(sent) > MOST_AT_ONCE:
        raise Malformed()
    return sent


def _take_in(sent: Any) -> dict[str, Any]:
    """A thing that can't be read is no reason to refuse the others."""
    try:
        noted = load_fields(TakeInSchema(), {**sent} if isinstance(sent, dict) else None)
    except (FieldsInvalid, Malformed) as unreadable:
        _log.warning("offline_step_unreadable", code=unreadable.code)
        return {"id": sent.get("id") if isinstance(sent, dict) else None, "refusal": "invalid"}
    with transaction() as session:
        row = take_in(
            session,
            noted,
            consulate=actor().consulate or "",
            now=now(),
            actor=actor(),
            vault=vault(),
        )
        return {"id": str(row.id), "refusal": row.refusal}


@pages.get("/offline/refused")
@allow(DESK)
def offline_refused() -> str:
    """List what was noted without the network and couldn't be applied, until somebody read it."""
    with transaction() as session:
        place = office(session, actor().consulate or "")
        rows = list_refused(session, place["code"])
        party = list_party(session, [row.appointment_id for row in rows])
        items = [_refused(session, row, party.get(row.appointment_id, [])) for row in rows]
        return render_template("desk/offline_refused.html", consulate=place, items=items)


@pages.post("/offline/refused")
@allow(DESK)
def offline_refused_read() -> Response:
    """Somebody read them."""
    ids = [UUID(each) for each in request.form.getlist("id") if _is_uuid(each)]
    with transaction() as session:
        mark_read(session, actor().consulate or "", ids, now=now(), actor=actor())
    return go(url_for("desk.today"))


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def _refused(session: Session, row: Any, party: Any) -> dict[str, Any]:
    params = dict(row.params or {})
    problem = Problem(409, row.refusal, params=params)
    since = params.get("since")
    mover = params.get("moved_by")
    person = next((each for each in party if each.n == row.n), None)
    return {
        "id": row.id,
        "appointment": row.appointment_id if person else None,
        "who": presenters.name_shown(person.person, walk_in=True) if person else None,
        "folio": person.folio if person else None,
        "step": row.step,
        "made_at": row.made_at,
        "made_by": find_name(session, row.made_by),
        "why": f"{problem.title}. {problem.detail}",
        "status": params.get("status"),
        "at_desk": params.get("at_desk"),
        "since": datetime.fromisoformat(since) if since else None,
        "moved_by": find_name(session, UUID(mover)) if mover else None,
    }


@pages.post("/logout")
@allow(ANYONE)
def logout() -> Response:
    """Sign out. Under the desk's address, so that its service worker sends what waits first and
    forgets what it keeps."""
    return forget(go(url_for("portal.home")))


@pages.get("/logout")
@allow(ANYONE)
def back_from_logout() -> Response:
    """The address of the sign-out, opened after a refusal."""
    return go(url_for("portal.home"))


@pages.get("/offline/steps")
@allow(DESK)
def back_from_steps() -> Response:
    """The address that what was noted is sent to, opened after a sign-in."""
    return go(url_for("desk.today"))
