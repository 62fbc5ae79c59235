"""Checks of identity at a window, done and described the same way by API and page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session

from consular.auth import actor, now, vault
from services.appointments import identity
from services.appointments.identity import CheckIdentity, Held, get_check, list_held, list_own


def taken_over(session: Session, check: UUID, service: str) -> dict[str, Any]:
    """For the API and the page."""
    made = identity.take_over(session, check, service, now=now(), actor=actor(), vault=vault())
    return _after(session, check, "taken_over", made.folio)


def released(session: Session, check: UUID, service: str) -> dict[str, Any]:
    """For the API and the page."""
    limits = current_app.config["BOOKING_LIMITS"]
    identity.release(
        session, check, service, now=now(), actor=actor(), vault=vault(), limits=limits
    )
    return _after(session, check, "released")


def told_apart(session: Session, check: UUID) -> dict[str, Any]:
    """For the API and the page."""
    identity.tell_apart(session, check, now=now(), actor=actor(), vault=vault())
    return _after(session, check, "told_apart")


def checked(session: Session, command: CheckIdentity) -> dict[str, Any]:
    """For the API and the page."""
    return shown(
        session,
        identity.check_identity(session, command, now=now(), actor=actor(), vault=vault()),
    )


def _after(session: Session, check: UUID, outcome: str, given: str | None = None) -> dict[str, Any]:
    found = get_check(session, check, now=now(), actor=actor())
    return shown(session, found, outcome, given)


def shown(
    session: Session, found: Any, outcome: str = "checked", given: str | None = None
) -> dict[str, Any]:
    """A check as the contract has it."""
    return {
        "id": str(found.id),
        "folio": found.folio,
        "document": found.document,
        "has_account": found.account_id is not None,
        "held": [_place(held) for held in list_held(session, found)],
        "own": [_place(held) for held in list_own(session, found)],
        "outcome": outcome,
        "given": given,
    }


def _place(held: Held) -> dict[str, Any]:
    return {
        "service": held.service,
        "here": held.here,
        "appointment": str(held.appointment) if held.appointment else None,
        "folio": held.folio,
        "start": held.starts_at.isoformat() if held.starts_at else None,
    }
