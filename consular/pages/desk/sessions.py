"""A supervisor plans: the coming sessions, a form to open one, and a page of each to close it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, url_for

from consular.auth import actor, allow, now
from consular.db import transaction
from consular.pages.desk.agenda import today_at
from consular.pages.desk.blueprint import pages
from consular.pages.desk.schemas import SessionForm, session_errors, session_values
from consular.pages.drafts import answers, draft, drop
from consular.pages.forms import Errors, go, read_fields
from consular.pages.portal.names import bookable_services, office
from consular.pages.posting import reopen
from services.appointments.closing_session import CloseSession, close_session, list_bookings
from services.appointments.planning import open_session
from services.appointments.queries import (
    Places,
    count_places,
    get_session,
    list_desks,
    list_sessions,
)
from services.kernel.audit import Role
from services.kernel.collation import alphabetical
from services.kernel.errors import NotFound

SUPERVISOR = frozenset({Role.SUPERVISOR})
DAYS_AHEAD = 60
BLANK = {"slot_minutes": "15"}


@pages.get("/sessions")
@allow(SUPERVISOR)
def sessions() -> str:
    """List the coming sessions with their places, and show the form to open one."""
    errors = session_errors(draft().errors(_read))
    return _show({**BLANK, **draft().form}, errors, opened="opened" in request.args)


@pages.post("/sessions")
@allow(SUPERVISOR)
def sessions_open() -> Response:
    """Open a session: its places can be booked at once, or wait for a draw."""
    command = _read(answers(), None)
    with transaction() as session:
        open_session(session, command, now=now(), actor=actor())
    drop()
    return go(url_for("desk.sessions", opened="1"))


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(SessionForm(), session_values(form, actor().consulate or ""), errors)


@pages.get("/sessions/<uuid:id>")
@allow(SUPERVISOR)
def session(id: UUID) -> str:
    """Show one session: its hours, windows and appointments still to be served."""
    with transaction() as db:
        row = get_session(db, id)
        place = office(db, actor().consulate or "")
        if row.consulate_code != place["code"]:
            raise NotFound()
        places = count_places(db, [id])[id]
        return render_template(
            "desk/session.html",
            consulate=place,
            item=_planned(row, list_desks(db, id), places, ZoneInfo(place["time_zone"])),
            bookings=list_bookings(db, id),
            just_closed="closed" in request.args,
            errors=draft().errors(also_under=True),
        )


@pages.post("/sessions/<uuid:id>/close")
@allow(SUPERVISOR)
def session_close(id: UUID) -> Response:
    """Close a session to new bookings; booked appointments stay."""
    with transaction() as db:
        close_session(db, CloseSession(id), now=now(), actor=actor())
    return go(url_for("desk.session", id=id, closed="1"))


reopen(pages, ["/sessions/<uuid:id>/close"], "desk.session", SUPERVISOR)


def _show(form: dict[str, str], errors: Errors, *, opened: bool = False) -> str:
    with transaction() as session:
        place = office(session, actor().consulate or "")
        first, zone = today_at(place), ZoneInfo(place["time_zone"])
        found = list_sessions(
            session,
            consulate=place["code"],
            first=first,
            last=first + timedelta(days=DAYS_AHEAD),
        ).items
        places = count_places(session, [row.id for row, _desks in found])
        return render_template(
            "desk/sessions.html",
            consulate=place,
            sessions=[_planned(row, desks, places[row.id], zone) for row, desks in found],
            services=bookable_services(session),
            opened=opened,
            days_ahead=DAYS_AHEAD,
            form=form,
            errors=errors,
        )


def _planned(row: Any, desks: Sequence[Any], places: Places, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": row.id,
        "day": row.day,
        "opens": datetime.combine(row.day, row.opens, zone),
        "closes": datetime.combine(row.day, row.closes, zone),
        "slot_minutes": row.slot_minutes,
        "closed": row.closed_at is not None,
        "cancelled": row.cancelled_at is not None,
        "desks": [f"{desk.name}: {', '.join(desk.services)}" for desk in _by_name(desks)],
        "taken": places.taken,
        "free": 0 if row.closed_at or row.cancelled_at else places.total - places.taken,
    }


def _by_name(desks: Sequence[Any]) -> list[Any]:
    return sorted(desks, key=lambda desk: alphabetical(desk.name))
