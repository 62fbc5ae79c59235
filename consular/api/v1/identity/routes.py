"""Checks of identity at a window, over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, url_for
from sqlalchemy.orm import Session

from consular.api.contract import endpoint, run_once
from consular.api.v1.identity.answers import CheckAnswer
from consular.auth import DESK, actor, now, vault
from consular.db import transaction
from consular.identity_checks import Done, corrected, released, taken_over, told_apart
from consular.input.appointments import NothingSchema
from consular.input.identity import CheckSchema, HeldSchema
from services.identity.checking import CheckIdentity, check_identity, get_check
from services.identity.correcting import find_to_correct
from services.identity.homonyms import has_namesake
from services.kernel.db import NETWORK_SCOPE
from services.processes.identity_checks import ActOnHeld, list_held, list_own

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
    body = run_once(lambda session: _check(session, command), status=201, scope=NETWORK_SCOPE)
    return body, {"Location": url_for("identity.show_identity_check", check=body["id"])}


@endpoint(
    api, "GET", "/<uuid:check>", operation="showIdentityCheck", who=DESK, answer=CheckAnswer()
)
def show_identity_check(check: UUID) -> dict[str, Any]:
    """Return one identity check of this office, while it is valid."""
    with transaction(NETWORK_SCOPE) as session:
        return _shown(session, Done(get_check(session, check, now=now(), actor=actor()), "checked"))


@endpoint(
    api,
    "POST",
    "/<uuid:check>/take-over",
    operation="takeOverAppointment",
    who=DESK,
    body=HeldSchema(),
    answer=CheckAnswer(),
    errors={
        409: ("nobody_else", "wrong_state", "already_booked", "already_enrolled"),
        422: (
            "curp_required",
            "consent_required",
            "program_not_available",
            "curp_birth_date_differs",
        ),
    },
)
def take_over(check: UUID, command: ActOnHeld) -> dict[str, Any]:
    """Transfer to the person what another account holds in their name, under a new folio.

    Of an enrollment the other's request is withdrawn and the person's own is sent; what the agency
    had already can't be called back, and somebody of ours settles it there.
    """
    return _do(lambda session: taken_over(session, check, command))


@endpoint(
    api,
    "POST",
    "/<uuid:check>/release",
    operation="releaseAppointment",
    who=DESK,
    body=HeldSchema(),
    answer=CheckAnswer(),
    errors={409: ("nobody_else", "wrong_state")},
)
def release(check: UUID, command: ActOnHeld) -> dict[str, Any]:
    """Release what other accounts hold in the person's name."""
    return _do(lambda session: released(session, check, command))


@endpoint(
    api,
    "POST",
    "/<uuid:check>/tell-apart",
    operation="tellApart",
    who=DESK,
    body=NothingSchema(),
    answer=CheckAnswer(),
    errors={
        409: ("nobody_else", "already_booked", "already_enrolled"),
        422: ("account_or_curp_required",),
    },
)
def tell_apart(check: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Tell two people of one name and birth date apart.

    This one books and asks beside the other from now on, known by their account or CURP.
    """
    return _do(lambda session: told_apart(session, check))


@endpoint(
    api,
    "POST",
    "/<uuid:check>/correct",
    operation="correctHolder",
    who=DESK,
    body=NothingSchema(),
    answer=CheckAnswer(),
    errors={409: ("nothing_to_correct",)},
)
def correct_holder(check: UUID, command: dict[str, Any]) -> dict[str, Any]:
    """Make the account's holder who the document says, where the account asked for it.

    For mistakes in names, birth date or CURP after money was sent; the person is told.
    """
    return _do(lambda session: corrected(session, check))


def _do(settle: Callable[[Session], Done]) -> dict[str, Any]:
    return run_once(lambda session: _shown(session, settle(session)), scope=NETWORK_SCOPE)


def _check(session: Session, command: CheckIdentity) -> dict[str, Any]:
    outcome = check_identity(session, command, now=now(), actor=actor(), vault=vault())
    return _shown(session, Done(outcome, "checked"))


def _shown(session: Session, done: Done) -> dict[str, Any]:
    check = done.check
    return CheckAnswer.render(
        check,
        has_account=check.account_id is not None,
        held=list_held(session, check),
        own=list_own(session, check),
        namesake=has_namesake(session, check, vault()),
        correctable=find_to_correct(session, check, vault()),
        outcome=done.outcome,
        given=done.given,
    )
