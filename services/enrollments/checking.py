"""What the population register says of the applicant's CURP, before the request is sent.

It is asked once for each request. A CURP that doesn't exist, or isn't valid any more, ends the
request; anything else is kept with it. It waits for no register that is down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from services.citizens.errors import PersonForgotten
from services.citizens.models import Person
from services.citizens.people import open_person
from services.enrollments.lifecycle import LIFECYCLE
from services.enrollments.models import Enrollment
from services.enrollments.rules import CURP_REASONS, CurpCheck, Status
from services.kernel.audit import SYSTEM
from services.kernel.crypto import Vault

# So long a request waits for a register that doesn't answer.
PATIENCE = timedelta(seconds=10)


@dataclass(frozen=True)
class CurpTask:
    """What to ask about. ``patient``: the request is young enough to be asked about again."""

    enrollment: UUID
    curp: str
    given_names: str
    first_surname: str
    second_surname: str | None
    birth_date: date
    patient: bool


def begin_check(
    session: Session, enrollment_id: UUID, *, now: datetime, vault: Vault
) -> CurpTask | None:
    """What to ask; None where it was asked before, or the request was sent or withdrawn.

    Raises NotFound, `PersonForgotten`.
    """
    enrollment = LIFECYCLE.lock(session, enrollment_id)
    if enrollment.status != Status.RECEIVED or enrollment.curp_check is not None:
        return None
    applicant = open_person(session.get_one(Person, enrollment.person_id), vault)
    if applicant.curp is None or applicant.birth_date is None:
        raise PersonForgotten()
    return CurpTask(
        enrollment=enrollment_id,
        curp=applicant.curp,
        given_names=applicant.given_names,
        first_surname=applicant.first_surname,
        second_surname=applicant.second_surname,
        birth_date=applicant.birth_date,
        patient=now - enrollment.created_at < PATIENCE,
    )


def record_check(
    session: Session,
    enrollment_id: UUID,
    check: CurpCheck,
    differs: Sequence[str] = (),
    *,
    now: datetime,
) -> Enrollment | None:
    """Keep what was found, once; returns the row, locked, where the request goes on.

    Raises NotFound.
    """
    enrollment = LIFECYCLE.lock(session, enrollment_id)
    if enrollment.curp_check is None:
        enrollment.curp_check, enrollment.curp_differs = check, list(differs)
    reason = CURP_REASONS.get(CurpCheck(enrollment.curp_check))
    if reason is None:
        return enrollment
    if enrollment.status == Status.RECEIVED:
        LIFECYCLE.move(
            session, enrollment, Status.REJECTED, now=now, actor=SYSTEM, reason_code=reason
        )
    return None
