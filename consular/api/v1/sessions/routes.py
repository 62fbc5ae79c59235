"""Sessions: a supervisor opens desks and hours."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, url_for
from sqlalchemy.orm import Session

from consular.api.contract import endpoint, request_key, run_once
from consular.api.lists import list_page
from consular.api.v1.sessions.answers import (
    BookingOfSession,
    DurationAnswer,
    DurationList,
    HistoryAnswer,
    HistoryEntry,
    ImpactAnswer,
    MaximumAnswer,
    MaximumList,
    SessionAnswer,
    SessionList,
)
from consular.auth import DESK, actor, now
from consular.commands import run_or_try
from consular.db import transaction
from consular.input.sessions import (
    ChangeSessionSchema,
    DurationSchema,
    MaximumSchema,
    SessionQuery,
    SessionSchema,
    changes_of,
)
from services.appointments.closing_days import Impact, impact_of
from services.appointments.closing_session import CloseSession, close_session, list_bookings
from services.appointments.durations import SetDuration, durations_of, set_duration
from services.appointments.editing import CancelSession, EditSession, cancel_session, edit_session
from services.appointments.fitting import Fitted
from services.appointments.maximums import SetMaximum, maximums_of, set_maximum
from services.appointments.opening_history import list_changes
from services.appointments.planning import OpenSession, open_session
from services.appointments.queries import get_session, list_desks, list_sessions
from services.appointments.recurring import place_of
from services.consulates.queries import get_consulate
from services.kernel.audit import Role
from services.kernel.errors import NotFound

api = Blueprint("sessions", __name__, url_prefix="/api/v1/sessions")
SUPERVISOR = frozenset({Role.SUPERVISOR})
DEFAULT_DAYS = 60
# What may be wrong with hours and windows.
EDITING = (
    "break_outside_hours",
    "more_places_kept",
    "service_not_offered",
    "session_too_short",
    "too_many_desk_patterns",
)
NOBODY = Fitted()


@endpoint(
    api,
    "POST",
    "",
    operation="openSession",
    who=SUPERVISOR,
    body=SessionSchema(),
    answer=SessionAnswer(),
    status=201,
    errors={
        404: ("not_found",),
        409: ("desk_taken",),
        422: (
            "draw_not_available",
            "office_closed",
            "service_longer_than_session",
            "in_the_past",
            *EDITING,
        ),
    },
)
def create_session(command: OpenSession) -> Any:
    """Open a session: its places can be booked at once.

    There is no draw yet: a release by draw is refused.
    """
    body = run_once(lambda session: _open(session, command), status=201)
    return body, {"Location": url_for("sessions.show_session", session_id=body["id"])}


@endpoint(
    api,
    "GET",
    "",
    operation="listSessions",
    who=DESK,
    query=SessionQuery(),
    answer=SessionList(),
)
def list_own_sessions(query: dict[str, Any]) -> dict[str, Any]:
    """List the sessions of one's office, by day."""
    first = query["from_"] or now().date()
    last = query["to"] or first + timedelta(days=DEFAULT_DAYS)
    own = actor().consulate or ""
    if query["consulate"] not in (None, own):
        return SessionList.page([])
    return list_page(
        SessionList,
        query,
        list_sessions,
        lambda found: _shown(*found),
        consulate=own,
        first=first,
        last=last,
    )


@endpoint(
    api,
    "GET",
    "/<uuid:session_id>",
    operation="showSession",
    who=DESK,
    answer=SessionAnswer(),
)
def show_session(session_id: UUID) -> dict[str, Any]:
    """Return one session of one's office."""
    with transaction() as session:
        return _with_bookings(session, _own(session, session_id))


@endpoint(
    api,
    "GET",
    "/<uuid:session_id>/history",
    operation="showSessionHistory",
    who=SUPERVISOR,
    answer=HistoryAnswer(),
)
def show_session_history(session_id: UUID) -> dict[str, Any]:
    """Return who changed a session or its series, when and why, the latest first."""
    with transaction() as session:
        row = _own(session, session_id)
        entries = list_changes(session, row.id, row.series_id)
        return HistoryAnswer.render(items=[HistoryEntry.render(entry) for entry in entries])


@endpoint(
    api,
    "PATCH",
    "/<uuid:session_id>",
    operation="changeSession",
    who=SUPERVISOR,
    body=ChangeSessionSchema(),
    answer=SessionAnswer(),
    errors={409: ("wrong_state", "desk_taken"), 422: EDITING},
)
def change_session(session_id: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Change a session's hours, breaks or windows, close it, or cancel it.

    Who is booked keeps time, length and service; who has no place anymore is told and offered
    other times, those who booked last first. A closed session's free places are offered no more,
    and who is booked stays. The answer says whom a change concerns; a dry run only says it.
    """
    return run_or_try(
        request_key(), lambda session: _change(session, session_id, command), command["dry_run"]
    )


@endpoint(
    api,
    "GET",
    "/durations",
    operation="listDurations",
    who=DESK,
    answer=DurationList(),
)
def list_durations() -> dict[str, Any]:
    """List how long services take at one's office, and from when on."""
    with transaction() as session:
        return _durations(durations_of(session, actor().consulate or "").rows)


@endpoint(
    api,
    "POST",
    "/durations",
    operation="setDuration",
    who=SUPERVISOR,
    body=DurationSchema(),
    answer=DurationList(),
    errors={404: ("not_found",)},
)
def create_duration(command: SetDuration) -> dict[str, Any]:
    """Set how long a service takes at one's office from a day on.

    A service that takes longer than a slot is seated at one desk for as many as it needs.
    """
    return run_once(
        lambda session: _durations(set_duration(session, command, now=now(), actor=actor()))
    )


@endpoint(
    api,
    "GET",
    "/maximums",
    operation="listDailyMaximums",
    who=DESK,
    answer=MaximumList(),
)
def list_maximums() -> dict[str, Any]:
    """List how many people a day takes of services at one's office, and from when on."""
    with transaction() as session:
        return _maximums(maximums_of(session, actor().consulate or "").rows)


@endpoint(
    api,
    "POST",
    "/maximums",
    operation="setDailyMaximum",
    who=SUPERVISOR,
    body=MaximumSchema(),
    answer=MaximumList(),
    errors={404: ("not_found",)},
)
def create_maximum(command: SetMaximum) -> dict[str, Any]:
    """Set how many people a day takes of a service at one's office, from a day on.

    A session or a series may say another number. Who is booked stays.
    """
    return run_once(
        lambda session: _maximums(set_maximum(session, command, now=now(), actor=actor()))
    )


def _maximums(rows: Any) -> dict[str, Any]:
    return MaximumList.page([MaximumAnswer.render(row) for row in rows])


def _durations(rows: Any) -> dict[str, Any]:
    return DurationList.page([DurationAnswer.render(row) for row in rows])


def _open(session: Session, command: OpenSession) -> dict[str, Any]:
    session_id: UUID = open_session(session, command, now=now(), actor=actor())
    return _shown(get_session(session, session_id), command.desks)


def _own(session: Session, session_id: UUID) -> Any:
    row = get_session(session, session_id)
    if row.consulate_code != actor().consulate:
        raise NotFound()
    return row


def _change(session: Session, session_id: UUID, wanted: dict[str, Any]) -> dict[str, Any]:
    who: dict[str, Any] = {"now": now(), "actor": actor()}
    fitted = Fitted()
    match wanted["status"]:
        case "closed":
            close_session(session, CloseSession(session_id, wanted["reason"]), **who)
        case "cancelled":
            cancels = wanted["bookings"] == "cancel"
            cancelling = CancelSession(session_id, wanted["reason"], cancels)
            fitted = cancel_session(session, cancelling, **who)
        case _:
            edit = EditSession(session_id, changes_of(wanted), wanted["reason"])
            fitted = edit_session(session, edit, **who)
    impact = shown_impact(impact_of(session, fitted.orphaned), fitted)
    return _with_bookings(session, get_session(session, session_id), impact=impact)


def shown_impact(impact: Impact, fitted: Fitted = NOBODY) -> dict[str, Any]:
    """Whom a change concerns."""
    return ImpactAnswer.render(
        impact,
        appointments=len(impact.appointments),
        by_service=impact.by_service,
        without_contact=[str(id) for id in impact.without_contact],
        supported=len(fitted.supported),
    )


def _with_bookings(session: Session, row: Any, **more: Any) -> dict[str, Any]:
    zone = ZoneInfo(row.place_zone or get_consulate(session, row.consulate_code).time_zone)
    bookings = [
        BookingOfSession.render(appointment, start=appointment.starts_at.astimezone(zone))
        for appointment in list_bookings(session, row.id)
    ]
    return _shown(row, list_desks(session, row.id), bookings=bookings, **more)


def _shown(row: Any, desks: Any, **more: Any) -> dict[str, Any]:
    status = "cancelled" if row.cancelled_at else "closed" if row.closed_at else "open"
    return SessionAnswer.render(
        row, status=status, desks=desks, breaks=shown_breaks(row), place=place_of(row), **more
    )


def shown_breaks(row: Any) -> list[dict[str, Any]]:
    """The breaks of a session or a series."""
    return [{"begins": begins, "ends": ends} for begins, ends in row.breaks]
