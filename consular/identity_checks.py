"""What is done about a check of identity at a window, the same way by API and page."""

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
    """The check, what was done about it, and the folio of what was given."""

    check: Any
    outcome: str
    given: str | None = None


def taken_over(session: Session, check: UUID, held: ActOnHeld) -> Done:
    """The person gets what another account holds in their name."""
    folio = identity_checks.take_over(session, check, held, now=now(), actor=actor(), vault=vault())
    return _done(session, check, "taken_over", folio)


def released(session: Session, check: UUID, held: ActOnHeld) -> Done:
    """What other accounts hold in the person's name ends."""
    limits = current_app.config["BOOKING_LIMITS"]
    identity_checks.release(
        session, check, held, now=now(), actor=actor(), vault=vault(), limits=limits
    )
    return _done(session, check, "released")


def told_apart(session: Session, check: UUID) -> Done:
    """They are two people: each holds their own."""
    identity_checks.tell_apart(session, check, now=now(), actor=actor(), vault=vault())
    return _done(session, check, "told_apart")


def corrected(session: Session, check: UUID) -> Done:
    """The account's holder is who the document says."""
    correct(session, check, now=now(), actor=actor(), vault=vault())
    return _done(session, check, "corrected")


def _done(session: Session, check: UUID, outcome: str, given: str | None = None) -> Done:
    return Done(get_check(session, check, now=now(), actor=actor()), outcome, given)
