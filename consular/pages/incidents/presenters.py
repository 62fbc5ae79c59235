"""Incidents as their pages show them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from consular.auth import account, actor
from consular.i18n import words
from services.incidents.handling import list_actions, list_resolutions
from services.incidents.queries import list_steps
from services.incidents.rules import Subject
from services.kernel import audit
from services.kernel.errors import NotFound
from services.kernel.money import Money
from services.remittances.parts import list_orders
from services.remittances.queries import get_remittance
from services.remittances.words import REFUSALS
from services.staff.accounts import find_name

_STATUS_OF: dict[str, str] = {
    Subject.REMITTANCE: "remittances.status",
    Subject.ENROLLMENT: "enrollments.status",
}


def line(session: Session, incident: Any, *, now: datetime) -> dict[str, Any]:
    """An incident as one line of the queue."""
    return {
        "id": incident.id,
        "kind": incident.kind,
        "opened_at": incident.opened_at,
        "hours": int(((incident.resolved_at or now) - incident.opened_at).total_seconds() // 3600),
        "times": incident.times,
        "suspense": _pesos(incident.suspense_minor),
        "owed": incident.suspense_minor < 0,
        "taken_by": _who(session, incident.taken_by),
        "mine": incident.taken_by == account(),
        "resolution": incident.resolution,
    }


def described(session: Session, incident: Any, *, now: datetime) -> dict[str, Any]:
    """Present one incident in full; recorded in the access log of the remittance's sender."""
    return {
        **line(session, incident, now=now),
        "last_at": incident.last_at,
        "resolved_at": incident.resolved_at,
        "resolved_by": _who(session, incident.resolved_by),
        "cleared_at": incident.suspense_cleared_at,
        "detail": _detail(incident),
        "next_step": _next_step(incident),
        "remittance": _remittance(session, incident, now),
        "actions": sorted(list_actions(incident)),
        "resolutions": [resolution.value for resolution in list_resolutions(incident)],
        "history": [
            {
                "step": step.step,
                "at": step.at,
                "by": _who(session, step.actor_id),
                "note": step.note,
            }
            for step in list_steps(session, incident.id)
        ],
    }


def _detail(incident: Any) -> dict[str, Any]:
    """Return an incident's further details, statuses in words."""
    detail = {name: value for name, value in incident.detail.items() if value is not None}
    table = _STATUS_OF.get(incident.subject_kind)
    if table and "status" in detail:
        detail["status"] = words(table, detail["status"])
    return detail


def _next_step(incident: Any) -> str | None:
    """The agency's code that says what staff does next; None where the kind's meaning says all."""
    code = incident.detail.get("code")
    return code if incident.subject_kind == Subject.REMITTANCE and code in REFUSALS else None


def _remittance(session: Session, incident: Any, now: datetime) -> dict[str, Any] | None:
    if incident.subject_kind != Subject.REMITTANCE:
        return None
    try:
        remittance = get_remittance(session, incident.subject_id)
    except NotFound:
        return None
    audit.record(
        session,
        audit.Subject.of("remittance", remittance),
        action="remittance.read",
        now=now,
        actor=actor(),
    )
    return {
        "folio": remittance.folio,
        "order": list_orders(session, [remittance]).get(remittance.id),
        "status": remittance.status,
        "total_to_recipient": remittance.total_to_recipient,
        "total": remittance.total,
        "answer_due_at": remittance.answer_due_at,
        "agency_reference": remittance.agency_reference,
    }


def _pesos(minor: int) -> Money | None:
    return Money(abs(minor), "MXN") if minor else None


def _who(session: Session, staff: UUID | None) -> str | None:
    """Return a person's name; None for the system or nobody."""
    return find_name(session, staff) if staff else None
