"""Change hours and desks: of one day, of a day and those that follow, or of all of a series; and
not hold a session at all. What it would do to bookings is shown first."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, render_template, url_for
from flask_babel import gettext as _
from marshmallow import Schema
from sqlalchemy.orm import Session

from consular.auth import actor, allow, now
from consular.db import transaction
from consular.errors import FieldsInvalid
from consular.input.fields import Choice, Text
from consular.input.sessions import BOOKINGS, ChangeHoursForm, changes_of
from consular.pages.desk.blueprint import pages
from consular.pages.desk.capacity_forms import (
    asks_for_more,
    change_values,
    changed,
    choices,
    form_field_errors,
    form_of_hours,
)
from consular.pages.desk.planned import SUPERVISOR, own_session
from consular.pages.desk.trying import require_confirmation, show_fitted, try_or_return
from consular.pages.drafts import answers, draft, finish, keep_draft
from consular.pages.forms import Errors, go, pick, read_fields
from consular.pages.portal.names import office, service_names
from services.appointments.editing import (
    CancelSession,
    Changes,
    EditSeries,
    EditSession,
    cancel_session,
    edit_series,
    edit_session,
)
from services.appointments.fitting import Fitted
from services.appointments.planned_days import list_sessions_of
from services.appointments.planning import DeskPlan, desks_from_json
from services.appointments.queries import list_desks
from services.appointments.recurring import get_series, today_of

_OF = "/<any(sessions, series):kind>/<uuid:id>/change"
_PAGE = {"sessions": "desk.session", "series": "desk.series"}


class CancelForm(Schema):
    """Why a session isn't held, and whether its bookings are canceled."""

    bookings = Choice(BOOKINGS, required=True)
    reason = Text(most=300, required=True)


@pages.get(_OF)
@allow(SUPERVISOR)
def change(kind: str, id: UUID) -> str:
    """Show the form with the hours and desks as they are."""
    with transaction() as session:
        row, desks = _current(session, kind, id)
        place = office(session, actor().consulate or "")
        form = {**form_of_hours(row, desks), "scope": "day", **draft().form}
        wrong = draft().errors(_read)
        return render_template(
            "desk/change.html",
            consulate=place,
            kind=kind,
            item=row,
            page=url_for(_PAGE[kind], id=id),
            form=form,
            errors=form_field_errors(wrong, form),
            **choices(session, form, place["time_zone"]),
        )


@pages.post(_OF)
@allow(SUPERVISOR)
def change_send(kind: str, id: UUID) -> Response:
    """Go on to what it would do, or add a group of desks to the form."""
    form = answers()
    if asks_for_more(form):
        return go(url_for("desk.change", kind=kind, id=id, d=keep_draft(form)) + "#groups")
    _read(form, None)
    return go(url_for("desk.change_check", kind=kind, id=id, d=keep_draft(form)))


@pages.get(f"{_OF}/check")
@allow(SUPERVISOR)
def change_check(kind: str, id: UUID) -> str | Response:
    """Show which days change and whose bookings lose their place."""
    shown = try_or_return(
        lambda session: _try_change(session, kind, id), url_for("desk.change", kind=kind, id=id)
    )
    if isinstance(shown, Response):
        return shown
    return render_template(
        "desk/change_check.html", kind=kind, id=id, errors=draft().errors(), **shown
    )


@pages.post(f"{_OF}/check")
@allow(SUPERVISOR)
def change_save(kind: str, id: UUID) -> Response:
    """Change them. Who has no place anymore is told."""
    form = answers()
    with transaction() as session:
        command = _command(session, kind, id, form)
        _run(session, command)
    return finish(url_for(_PAGE[kind], id=id, changed="1"))


@pages.get("/sessions/<uuid:id>/cancel")
@allow(SUPERVISOR)
def session_cancel(id: UUID) -> str:
    """Ask why a session isn't held and what becomes of its bookings."""
    with transaction() as session:
        row = own_session(session, id)
        return render_template(
            "desk/session_cancel.html",
            consulate=office(session, row.consulate_code),
            item=row,
            form=draft().form,
            errors=draft().errors(_read_cancel),
        )


@pages.post("/sessions/<uuid:id>/cancel")
@allow(SUPERVISOR)
def session_cancel_send(id: UUID) -> Response:
    """Go on to whom it concerns."""
    form = answers()
    _read_cancel(form, None)
    return go(url_for("desk.session_cancel_check", id=id, d=keep_draft(form)))


@pages.get("/sessions/<uuid:id>/cancel/check")
@allow(SUPERVISOR)
def session_cancel_check(id: UUID) -> str | Response:
    """Show whom it concerns."""
    shown = try_or_return(
        lambda session: _try_cancel(session, id), url_for("desk.session_cancel", id=id)
    )
    if isinstance(shown, Response):
        return shown
    return render_template("desk/session_cancel_check.html", errors=draft().errors(), **shown)


@pages.post("/sessions/<uuid:id>/cancel/check")
@allow(SUPERVISOR)
def session_cancel_save(id: UUID) -> Response:
    """Don't hold the session."""
    form = answers()
    values = _read_cancel(form, None)
    with transaction() as session:
        fitted = _cancel(session, id, values)
        if values["bookings"] == "cancel":
            require_confirmation(form, len(fitted.orphaned))
    return finish(url_for("desk.session", id=id))


def _current(session: Session, kind: str, id: UUID) -> tuple[Any, tuple[DeskPlan, ...]]:
    """A session or a series of the office, with its desks. Raises NotFound."""
    if kind == "series":
        row = get_series(session, id, actor())
        return row, desks_from_json(row.desks)
    opening = own_session(session, id)
    desks = (
        DeskPlan(desk.name, tuple(desk.services), tuple(desk.skills))
        for desk in list_desks(session, id)
    )
    return opening, tuple(desks)


def _read(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(ChangeHoursForm(), change_values(form), errors)


def _command(
    session: Session, kind: str, id: UUID, form: dict[str, str]
) -> EditSession | EditSeries:
    """What the form asks for. Raises FieldsInvalid where that is nothing."""
    row, desks = _current(session, kind, id)
    wanted = changed(_read(form, None), row, desks)
    changes, reason = changes_of(wanted), wanted["reason"]
    if wanted["until"] is None and changes == Changes():
        raise FieldsInvalid({"form": [_("Di qué cambia.")]})
    if kind == "series":
        return EditSeries(id, changes, first=wanted["from_"], until=wanted["until"], reason=reason)
    if wanted["scope"] == "day" or row.series_id is None or row.edited_apart:
        return EditSession(id, changes, reason)
    first = row.day if wanted["scope"] == "following" else None
    return EditSeries(row.series_id, changes, first=first, reason=reason)


def _run(session: Session, command: EditSession | EditSeries) -> Fitted:
    if isinstance(command, EditSession):
        return edit_session(session, command, now=now(), actor=actor())
    return edit_series(session, command, now=now(), actor=actor())


def _try_change(session: Session, kind: str, id: UUID) -> dict[str, Any]:
    command = _command(session, kind, id, draft().form)
    days, apart = _days(session, command)
    fitted = _run(session, command)
    place = office(session, actor().consulate or "")
    return {
        "consulate": place,
        "days": days,
        "apart": apart,
        "impact": show_fitted(session, fitted, service_names(session)),
    }


def _days(session: Session, command: EditSession | EditSeries) -> tuple[list[date], list[date]]:
    """The days that change, and those that stay as they are because they were edited apart."""
    if isinstance(command, EditSession):
        return [own_session(session, command.session).day], []
    office_today = today_of(session, actor().consulate or "", now())
    rows = list_sessions_of(session, command.series, first=command.first or office_today)
    rows = [row for row in rows if row.day > office_today and row.cancelled_at is None]
    apart = [row.day for row in rows if row.edited_apart or row.closed_at]
    return [row.day for row in rows if row.day not in apart], apart


def _read_cancel(form: dict[str, str], errors: Errors | None) -> Any:
    return read_fields(CancelForm(), pick(form, "reason", "bookings"), errors)


def _cancel(session: Session, id: UUID, values: dict[str, Any]) -> Fitted:
    command = CancelSession(id, values["reason"], cancels=values["bookings"] == "cancel")
    return cancel_session(session, command, now=now(), actor=actor())


def _try_cancel(session: Session, id: UUID) -> dict[str, Any]:
    values = _read_cancel(draft().form, None)
    row = own_session(session, id)
    day = row.day
    fitted = _cancel(session, id, values)
    return {
        "consulate": office(session, row.consulate_code),
        "id": id,
        "day": day,
        "cancels": values["bookings"] == "cancel",
        "reason": values["reason"],
        "impact": show_fitted(session, fitted, service_names(session)),
    }
