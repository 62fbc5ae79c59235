"""Closures: days and hours on which an office is closed, whatever its sessions say."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy.orm import Session

from consular.api.contract import endpoint, run_once
from consular.api.lists import list_page
from consular.api.v1.sessions.answers import ClosureAnswer, ClosureList, ProgressAnswer
from consular.api.v1.sessions.planning import create_or_try
from consular.api.v1.sessions.routes import shown_impact
from consular.auth import actor, now
from consular.db import transaction
from consular.input.paging import PageQuery
from consular.input.sessions import ChangeClosureSchema, ClosureSchema
from services.appointments.calling_off import progress_of
from services.appointments.closing_days import (
    CloseDays,
    close_days,
    get_closure,
    impact_of,
    reopen_days,
)
from services.appointments.queries import list_all_closures
from services.kernel.audit import Role

api = Blueprint("closures", __name__, url_prefix="/api/v1/closures")
# Supervisors close their office, admins any and the whole network.
CLOSERS = frozenset({Role.SUPERVISOR, Role.ADMIN})


@endpoint(
    api,
    "POST",
    "",
    operation="closeDays",
    who=CLOSERS,
    body=ClosureSchema(),
    answer=ClosureAnswer(),
    status=201,
    errors={404: ("not_found",)},
)
def create_closure(command: dict[str, Any]) -> Any:
    """Close an office for days or hours; whoever is booked then has no place anymore.

    They are told and offered other times, or canceled and told so within minutes. A dry run only
    says whom it would concern.
    """
    return create_or_try(command, _close, "closures.show_closure", "closure_id")


@endpoint(
    api,
    "GET",
    "",
    operation="listClosures",
    who=CLOSERS,
    query=PageQuery(),
    answer=ClosureList(),
)
def list_closures(query: dict[str, Any]) -> dict[str, Any]:
    """List the closures of one's office and of the network, the newest first."""
    own = actor().consulate
    return list_page(ClosureList, query, list_all_closures, _shown, consulate=own)


@endpoint(
    api,
    "GET",
    "/<uuid:closure_id>",
    operation="showClosure",
    who=CLOSERS,
    answer=ClosureAnswer(),
)
def show_closure(closure_id: UUID) -> dict[str, Any]:
    """Return one closure, and how far the canceling of its bookings is."""
    with transaction() as session:
        return _with_progress(session, get_closure(session, closure_id, actor()))


@endpoint(
    api,
    "PATCH",
    "/<uuid:closure_id>",
    operation="changeClosure",
    who=CLOSERS,
    body=ChangeClosureSchema(),
    answer=ClosureAnswer(),
    errors={409: ("wrong_state",)},
)
def change_closure(closure_id: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Lift a closure: its places are there again, and who kept a booking has theirs."""
    return run_once(lambda session: _reopen(session, closure_id, command["reason"]))


def _close(session: Session, command: CloseDays) -> dict[str, Any]:
    closure, impact = close_days(session, command, now=now(), actor=actor())
    return _shown(closure, impact=shown_impact(impact))


def _reopen(session: Session, closure_id: UUID, reason: str | None) -> dict[str, Any]:
    row, fitted = reopen_days(session, closure_id, reason=reason, now=now(), actor=actor())
    return _shown(row, impact=shown_impact(impact_of(session, fitted.orphaned), fitted))


def _with_progress(session: Session, row: Any) -> dict[str, Any]:
    if not row.cancels:
        return _shown(row)
    progress = progress_of(session, row.id)
    answer = ProgressAnswer.render(
        listed=len(progress.listed),
        cancelled=len(progress.cancelled),
        left=[str(id) for id in progress.left],
        failed={str(id): code for id, code in progress.failed.items()},
        without_contact=[str(id) for id in impact_of(session, progress.listed).without_contact],
    )
    return _shown(row, progress=answer)


def _shown(row: Any, **more: Any) -> dict[str, Any]:
    return ClosureAnswer.render(
        row,
        bookings="cancel" if row.cancels else "keep",
        status="lifted" if row.lifted_at else "in_force",
        **more,
    )
