"""A change of the plan in two pages: a form, and what it would do, which is then confirmed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from consular.auth import actor
from consular.commands import run_or_try
from consular.errors import FieldsInvalid, problem_of
from consular.input.fields import MISSING
from consular.pages.drafts import draft, keep_draft
from consular.pages.forms import go
from services.appointments.calling_off import progress_of
from services.appointments.closing_days import Impact, impact_of
from services.appointments.fitting import Fitted
from services.appointments.queries import find_appointments
from services.kernel.errors import DomainError, NotFound


def try_or_return(do: Callable[[Session], dict[str, Any]], form: str) -> dict[str, Any] | Response:
    """What a command would do, which is undone; where it is refused, the way back to the page of
    its ``form``, which says why. Raises NotFound."""
    try:
        return run_or_try(None, do, True)
    except NotFound:
        raise
    except DomainError as refused:
        return go(f"{form}?d={keep_draft(draft().form, refused, at=form)}")


def show_fitted(session: Session, fitted: Fitted, names: dict[str, str]) -> dict[str, Any]:
    """Whom a change of hours concerns, as pages show it."""
    shown = show_impact(session, impact_of(session, fitted.orphaned), names)
    return {**shown, "supported": len(fitted.supported)}


def show_impact(session: Session, impact: Impact, names: dict[str, str]) -> dict[str, Any]:
    """How many appointments and people, of which services, and whom nobody can tell. ``names``:
    of the services."""
    return {
        "appointments": len(impact.appointments),
        "people": impact.people,
        "by_service": [(names.get(code, code), count) for code, count in impact.by_service.items()],
        "reached": len(impact.appointments) - len(impact.without_contact),
        "without_contact": _folios(session, impact.without_contact, {}),
    }


def show_progress(session: Session, subject: UUID) -> dict[str, Any] | None:
    """How far the canceling of the bookings of a closure or a session is; None without any."""
    progress = progress_of(session, subject)
    if not progress.listed:
        return None
    silent = impact_of(session, progress.listed).without_contact
    why = {id: problem_of(DomainError(code)).title for id, code in progress.failed.items()}
    return {
        "listed": len(progress.listed),
        "cancelled": len(progress.cancelled),
        "left": len(progress.left),
        "state": f"{len(progress.cancelled)}-{len(progress.left)}-{len(progress.failed)}",
        "failed": _folios(session, list(progress.failed), why),
        "silent": _folios(session, silent, {}),
    }


def _folios(session: Session, ids: Sequence[UUID], why: dict[UUID, str]) -> list[dict[str, Any]]:
    return [
        # Who has the whole network has no page of an office's appointment.
        {
            "id": row.id if actor().consulate else None,
            "folio": row.folio,
            "why": why.get(row.id, ""),
        }
        for row in find_appointments(session, ids)
    ]


def require_confirmation(form: dict[str, str], appointments: int) -> None:
    """Raise FieldsInvalid, which undoes it, unless the box was ticked to cancel that many."""
    if appointments and form.get("confirm") != str(appointments):
        raise FieldsInvalid({"confirm": [str(MISSING)]})
