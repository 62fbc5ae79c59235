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


def withdraw(session: Session, enrollment_id: UUID, *, now: datetime, actor: Actor) -> Enrollment:
    """End it at the person's wish. Raises NotFound, `WrongState`.

    What the agency has in hand can't be called back: should it tell us of an RFC all the same,
    that is kept with the withdrawn request.
    """
    enrollment = LIFECYCLE.lock(session, enrollment_id)
    if Action.WITHDRAW not in actions(Status(enrollment.status)):
        raise WrongState(state=enrollment.status)
    LIFECYCLE.move(session, enrollment, Status.WITHDRAWN, now=now, actor=actor, reason_code=None)
    return enrollment
