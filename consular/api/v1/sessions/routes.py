"""Sessions: a supervisor opens desks and hours."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, url_for
from sqlalchemy.orm import Session

from consular.api.contract import endpoint, request_key
from consular.api.v1.sessions.answers import BookingOfSession, SessionAnswer, SessionList
from consular.auth import DESK, actor, now
from consular.commands import run_idempotent
from consular.db import transaction
from consular.input.sessions import ChangeSessionSchema, SessionQuery, SessionSchema
from services.appointments.closing_session import CloseSession, close_session, list_bookings
from services.appointments.planning import OpenSession, open_session
from services.appointments.queries import get_session, list_desks, list_sessions
from services.consulates.queries import get_consulate
from services.kernel.audit import Role
from services.kernel.errors import NotFound

api = Blueprint("sessions", __name__, url_prefix="/api/v1/sessions")
SUPERVISOR = frozenset({Role.SUPERVISOR})
DEFAULT_DAYS = 60


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
            "service_not_offered",
            "service_longer_than_slot",
            "session_too_short",
            "too_many_desk_patterns",
            "in_the_past",
        ),
    },
)
def create_session(command: OpenSession) -> Any:
    """Open a session: its places can be booked at once.

    There is no draw yet: a release by draw is refused.
    """
    body = run_idempotent(request_key(), lambda session: _open(session, command), status=201)
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
    with transaction() as session:
        page = list_sessions(
            session,
            consulate=own,
            first=first,
            last=last,
            limit=query["limit"],
            after=query["next"],
        )
    items = [_shown(row, desks) for row, desks in page.items]
    return SessionList.page(items, page.next)


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
        row = get_session(session, session_id)
        if row.consulate_code != actor().consulate:
            raise NotFound()
        return _with_bookings(session, row)


@endpoint(
    api,
    "PATCH",
    "/<uuid:session_id>",
    operation="changeSession",
    who=SUPERVISOR,
    body=ChangeSessionSchema(),
    answer=SessionAnswer(),
    errors={},
)
def change_session(session_id: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Close a session: its free places are offered no more.

    Who is booked stays, and is listed.
    """
    return run_idempotent(request_key(), lambda session: _close(session, session_id))


def _open(session: Session, command: OpenSession) -> dict[str, Any]:
    made: UUID = open_session(session, command, now=now(), actor=actor())
    return _shown(get_session(session, made), command.desks)


def _close(session: Session, session_id: UUID) -> dict[str, Any]:
    row = close_session(session, CloseSession(session_id), now=now(), actor=actor())
    return _with_bookings(session, row)


def _with_bookings(session: Session, row: Any) -> dict[str, Any]:
    zone = ZoneInfo(get_consulate(session, row.consulate_code).time_zone)
    bookings = [
        BookingOfSession.render(appointment, start=appointment.starts_at.astimezone(zone))
        for appointment in list_bookings(session, row.id)
    ]
    return _shown(row, list_desks(session, row.id), bookings=bookings)


def _shown(row: Any, desks: Any, **more: Any) -> dict[str, Any]:
    status = "closed" if row.closed_at else "open"
    return SessionAnswer.render(row, status=status, desks=desks, **more)
