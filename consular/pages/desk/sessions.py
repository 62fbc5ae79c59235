"""A supervisor plans: the coming sessions, a form to open one, and a page of each to close it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, render_template, request, url_for
from marshmallow import Schema

from consular.auth import actor, allow, now
from consular.db import transaction
from consular.input.fields import Text
from consular.input.loading import load_fields
from consular.input.sessions import SessionSchema
from consular.pages.desk.agenda import today_at
from consular.pages.desk.blueprint import pages
from consular.pages.desk.capacity_forms import (
    asks_for_more,
    choices,
    form_field_errors,
    session_values,
)
from consular.pages.desk.planned import SUPERVISOR, own_session, show_session
from consular.pages.desk.trying import show_progress
from consular.pages.drafts import answers, draft, finish, keep_draft
from consular.pages.forms import Errors, go, pick, read_fields, submitted
from consular.pages.portal.names import office, service_names
from consular.pages.posting import reopen
from services.appointments.closing_session import CloseSession, close_session, list_bookings
from services.appointments.planned_days import PlannedSession, list_planned_sessions
from services.appointments.planning import open_session
from services.appointments.queries import count_places, list_desks

DAYS_AHEAD = 60
BLANK = {"slot_minutes": "15", "groups": "1"}


@pages.get("/sessions")
@allow(SUPERVISOR)
def sessions() -> str:
    """List the coming sessions with their places, and show the form to open one."""
    form = {**BLANK, "date": request.args.get("day", ""), **draft().form}
    errors = form_field_errors(draft().errors(_read), form)
    return _show(form, errors, opened="opened" in request.args)


@pages.post("/sessions")
@allow(SUPERVISOR)
def sessions_open() -> Response:
    """Open a session: its places can be booked at once. Or add a group of desks to the form."""
    form = answers()
    if asks_for_more(form):
        return go(url_for("desk.sessions", d=keep_draft(form)) + "#groups")
    command = _read(form, None)
    with transaction() as session:
        open_session(session, command, now=now(), actor=actor())
    return finish(url_for("desk.sessions", opened="1"))


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(SessionSchema(), session_values(form, actor().consulate or ""), errors)


@pages.get("/sessions/<uuid:id>")
@allow(SUPERVISOR)
def session(id: UUID) -> str:
    """Show one session: its hours, windows and appointments still to be served."""
    with transaction() as db:
        row = own_session(db, id)
        place = office(db, row.consulate_code)
        planned = PlannedSession(row, list_desks(db, id), count_places(db, [id])[id])
        return render_template(
            "desk/session.html",
            consulate=place,
            item=show_session(planned, ZoneInfo(place["time_zone"]), service_names(db)),
            series=row.series_id,
            edited_apart=row.edited_apart,
            over=row.day < today_at(place),
            bookings=list_bookings(db, id),
            progress=show_progress(db, id),
            just_closed="closed" in request.args,
            just_changed="changed" in request.args,
            form=draft().form,
            errors=draft().errors(also_under=True),
        )


class CloseForm(Schema):
    """Why no more bookings are taken, for the history."""

    reason = Text(most=300, load_default=None)


@pages.post("/sessions/<uuid:id>/close")
@allow(SUPERVISOR)
def session_close(id: UUID) -> Response:
    """Close a session to new bookings; booked appointments stay."""
    reason = load_fields(CloseForm(), pick(submitted(), "reason"))["reason"]
    with transaction() as db:
        close_session(db, CloseSession(id, reason), now=now(), actor=actor())
    return go(url_for("desk.session", id=id, closed="1"))


reopen(pages, ["/sessions/<uuid:id>/close"], "desk.session", SUPERVISOR)


def _show(form: dict[str, str], errors: Errors, *, opened: bool = False) -> str:
    with transaction() as session:
        place = office(session, actor().consulate or "")
        first, zone = today_at(place), ZoneInfo(place["time_zone"])
        last = first + timedelta(days=DAYS_AHEAD)
        planned = list_planned_sessions(session, consulate=place["code"], first=first, last=last)
        return render_template(
            "desk/sessions.html",
            consulate=place,
            sessions=[show_session(each, zone) for each in planned],
            opened=opened,
            days_ahead=DAYS_AHEAD,
            form=form,
            errors=errors,
            **choices(session, form, place["time_zone"]),
        )
