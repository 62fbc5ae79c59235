"""The applicant, or staff for them, withdraws a request that is not decided yet."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.enrollments.errors import WrongState
from services.enrollments.models import Enrollment
from services.enrollments.progress import lock, move
from services.enrollments.rules import Status
from services.kernel.audit import Actor


def withdraw(session: Session, enrollment: UUID, *, now: datetime, actor: Actor) -> Enrollment:
    """End it at the person's wish. Raises NotFound, `WrongState`.

    What the agency has in hand can't be called back: should it tell us of an RFC all the same,
    that is kept with the withdrawn request.
    """
    found = lock(session, enrollment)
    if move(session, enrollment, Status.WITHDRAWN, now=now, actor=actor) is None:
        raise WrongState(state=found.status)
    return found
