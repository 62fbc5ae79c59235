"""The applicant, or staff for them, withdraws a request that is not decided yet."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.enrollments.lifecycle import LIFECYCLE
from services.enrollments.models import Enrollment
from services.enrollments.rules import Action, Status, actions
from services.kernel.audit import Actor
from services.kernel.errors import WrongState


def withdraw(session: Session, enrollment: UUID, *, now: datetime, actor: Actor) -> Enrollment:
    """End it at the person's wish. Raises NotFound, `WrongState`.

    What the agency has in hand can't be called back: should it tell us of an RFC all the same,
    that is kept with the withdrawn request.
    """
    found = LIFECYCLE.lock(session, enrollment)
    if Action.WITHDRAW not in actions(Status(found.status)):
        raise WrongState(state=found.status)
    LIFECYCLE.move(session, found, Status.WITHDRAWN, now=now, actor=actor, reason_code=None)
    return found
