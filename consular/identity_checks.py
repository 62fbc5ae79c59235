"""Commands that follow an identity check at a window, shared by API and pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session

from consular.auth import actor, now, vault
from services.identity.checking import get_check
from services.identity.correcting import correct
from services.processes import identity_checks
from services.processes.identity_checks import ActOnHeld


@dataclass(frozen=True)
class Done:
    """Outcome of a command: the check, the action taken and the folio that was handed over."""

    check: Any
    outcome: str
    given: str | None = None


def taken_over(session: Session, check: UUID, held: ActOnHeld) -> Done:
    """Transfer to the person what another account holds in their name."""
    folio = identity_checks.take_over(session, check, held, now=now(), actor=actor(), vault=vault())
    return _checked(session, check, "taken_over", folio)


def released(session: Session, check: UUID, held: ActOnHeld) -> Done:
    """Release what other accounts hold in the person's name."""
    limits = current_app.config["BOOKING_LIMITS"]
    identity_checks.release(
        session, check, held, now=now(), actor=actor(), vault=vault(), limits=limits
    )
    return _checked(session, check, "released")


def told_apart(session: Session, check: UUID) -> Done:
    """Record that two people share name and birth date; each keeps their own."""
    identity_checks.tell_apart(session, check, now=now(), actor=actor(), vault=vault())
    return _checked(session, check, "told_apart")


def corrected(session: Session, check: UUID) -> Done:
    """Correct the account's holder to who the document says."""
    correct(session, check, now=now(), actor=actor(), vault=vault())
    return _checked(session, check, "corrected")


def _checked(session: Session, check: UUID, outcome: str, folio: str | None = None) -> Done:
    return Done(get_check(session, check, now=now(), actor=actor()), outcome, folio)
