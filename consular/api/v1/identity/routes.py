"""Checks of identity at a window, over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, url_for
from sqlalchemy.orm import Session

from consular.api.contract import deed, endpoint
from consular.api.v1.appointments.schemas import NothingSchema
from consular.api.v1.identity.schemas import CheckAnswer, CheckSchema, ServiceSchema
from consular.auth import DESK, actor, now, vault
from consular.db import transaction
from services.appointments import identity
from services.appointments.identity import CheckIdentity, Held, get_check, list_held, list_own
from services.kernel.db import EVERYTHING

api = Blueprint("identity", __name__, url_prefix="/api/v1/identity-checks")


@endpoint(
    api,
    "POST",
    "",
    operation="checkIdentity",
    who=DESK,
    body=CheckSchema(),
    answer=CheckAnswer(),
    errors={404: ("not_found",)},
    status=201,
)
def create_identity_check(command: CheckIdentity) -> Any:
    """Record that somebody's document was seen at this office.

    Answers what other accounts hold in their name, in whatever office, and is good for that day. A
    folio of somebody else isn't found.
    """
    body = deed(lambda session: _checked(session, command), status=201, scope=EVERYTHING)
    return body, {"Location": url_for("identity.show_identity_check", check=body["id"])}


@endpoint(
    api, "GET", "/<uuid:check>", operation="showIdentityCheck", who=DESK, answer=CheckAnswer()
)
def show_identity_check(check: UUID) -> dict[str, Any]:
    """One check of this office, while it is good."""
    with transaction(EVERYTHING) as session:
        return _shown(session, get_check(session, check, now=now(), actor=actor()))


@endpoint(
    api,
    "POST",
    "/<uuid:check>/take-over",
    operation="takeOverAppointment",
    who=DESK,
    body=ServiceSchema(),
    answer=CheckAnswer(),
    errors={409: ("nobody_else", "wrong_state", "already_booked")},
)
def take_over(check: UUID, command: dict[str, str]) -> dict[str, Any]:
    """Give the person the place that another account holds in their name."""
    return deed(lambda session: taken_over(session, check, command["service"]), scope=EVERYTHING)


@endpoint(
    api,
    "POST",
    "/<uuid:check>/release",
    operation="releaseAppointment",
    who=DESK,
    body=ServiceSchema(),
    answer=CheckAnswer(),
    errors={409: ("nobody_else", "wrong_state")},
)
def release(check: UUID, command: dict[str, str]) -> dict[str, Any]:
    """End what other accounts hold in the person's name."""
    return deed(lambda session: released(session, check, command["service"]), scope=EVERYTHING)


@endpoint(
    api,
    "POST",
    "/<uuid:check>/tell-apart",
    operation="tellApart",
    who=DESK,
    body=NothingSchema(),
    answer=CheckAnswer(),
    errors={409: ("nobody_else", "already_booked"), 422: ("account_or_curp_required",)},
)
def tell_apart(check: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Tell two people of one name and birth date apart.

    This one books beside the other from now on, known by their account or CURP.
    """
    return deed(lambda session: told_apart(session, check), scope=EVERYTHING)


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


def _checked(session: Session, command: CheckIdentity) -> dict[str, Any]:
    return _shown(
        session,
        identity.check_identity(session, command, now=now(), actor=actor(), vault=vault()),
    )


def _after(session: Session, check: UUID, outcome: str, given: str | None = None) -> dict[str, Any]:
    found = get_check(session, check, now=now(), actor=actor())
    return _shown(session, found, outcome, given)


def _shown(
    session: Session, found: Any, outcome: str = "checked", given: str | None = None
) -> dict[str, Any]:
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
