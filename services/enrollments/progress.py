"""Move enrolments on: what we did with them, and what the agency says of them.

The agency's word is taken as a statement about now, not as a step: the same word twice, late or
out of order changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from services.citizens.errors import PersonForgotten
from services.citizens.models import Person
from services.citizens.people import get_key, open_person
from services.enrollments.models import Enrollment, EnrollmentClaim, EnrollmentEvent
from services.enrollments.rules import OVER, TOLD, UNDECIDED, Program, Status, may_follow
from services.facts.recording import record as record_fact
from services.kernel import audit
from services.kernel.audit import SYSTEM, Actor
from services.kernel.crypto import Vault
from services.kernel.errors import NotFound
from services.outbox.delivery import put

DATA_PLACE = "enrollments.data"
RESULT_PLACE = "enrollments.result"


@dataclass(frozen=True)
class Application:
    """What the programme's agency needs to know; ``data`` is what the programme asks for.

    ``sent`` when an earlier attempt may have reached it.
    """

    program: Program
    folio: str
    curp: str
    given_names: str
    first_surname: str
    second_surname: str | None
    birth_date: date
    email: str | None
    data: Mapping[str, Any]
    sent: bool


@dataclass(frozen=True)
class AgencyStatus:
    """What the agency says: ``result`` comes with active, ``reason_code`` with rejected."""

    status: Status
    result: Mapping[str, str] = field(default_factory=dict)
    reason_code: str | None = None


def begin_submission(
    session: Session, enrollment: UUID, *, now: datetime, vault: Vault
) -> Application | None:
    """Write down that it is being sent, and what to send. None when there is nothing to send.

    To be committed before the agency is called: whatever happens to the call, the enrolment shows
    that it may have arrived. Raises NotFound, `PersonForgotten`.
    """
    found = lock(session, enrollment)
    before = Status(found.status)
    if before is Status.RECEIVED:
        _move(session, found, Status.SENT_TO_AGENCY, now=now, actor=SYSTEM)
    elif before not in (Status.SENT_TO_AGENCY, Status.IN_REVIEW):
        return None
    person = session.get_one(Person, found.person_id)
    key, applicant = get_key(person, vault), open_person(person, vault)
    if applicant.curp is None or applicant.birth_date is None:
        raise PersonForgotten()
    return Application(
        program=Program(found.program),
        folio=found.folio,
        curp=applicant.curp,
        given_names=applicant.given_names,
        first_surname=applicant.first_surname,
        second_surname=applicant.second_surname,
        birth_date=applicant.birth_date,
        email=applicant.email,
        data=json.loads(key.open(found.data_sealed, place=DATA_PLACE, row=found.id)),
        sent=before is not Status.RECEIVED,
    )


def record_progress(
    session: Session, enrollment: UUID, said: AgencyStatus, *, now: datetime, vault: Vault
) -> Enrollment:
    """Take the agency's word. A step that the table doesn't allow changes nothing.

    What was given although the person had withdrawn in the meantime exists all the same: it is kept
    for them, and the status stays. Raises NotFound, `PersonForgotten`.
    """
    found = lock(session, enrollment)
    if said.result and found.result_sealed is None:
        key = get_key(session.get_one(Person, found.person_id), vault)
        result = json.dumps(dict(said.result))
        found.result_sealed = key.seal(result, place=RESULT_PLACE, row=found.id)
        session.flush()
    if may_follow(Status(found.status), said.status):
        _move(session, found, said.status, now=now, actor=SYSTEM, reason_code=said.reason_code)
    return found


def still_undecided(found: Enrollment) -> bool:
    """The agency must be asked again."""
    return Status(found.status) in UNDECIDED


def move(
    session: Session, enrollment: UUID, after: Status, *, now: datetime, actor: Actor
) -> Enrollment | None:
    """A step of ours. None when the table doesn't allow it. Raises NotFound."""
    found = lock(session, enrollment)
    if not may_follow(Status(found.status), after):
        return None
    _move(session, found, after, now=now, actor=actor)
    return found


def note(
    session: Session, found: Enrollment, before: Status | None, *, now: datetime, actor: Actor
) -> None:
    """History, figures and audit of the status that ``found`` has now."""
    position = select(func.coalesce(func.max(EnrollmentEvent.position), 0) + 1).where(
        EnrollmentEvent.enrollment_id == found.id
    )
    session.execute(
        insert(EnrollmentEvent).values(
            enrollment_id=found.id,
            position=position.scalar_subquery(),
            status=found.status,
            at=now,
            reason_code=found.reason_code,
        )
    )
    record_fact(
        session,
        kind="enrollment",
        subject_id=found.id,
        consulate=found.consulate_code,
        dimensions={"program_code": found.program},
        day=found.day,
        before=before,
        after=found.status,
        now=now,
    )
    audit.record(
        session,
        actor=actor,
        action=f"enrollment.{found.status}",
        subject_kind="enrollment",
        subject_id=found.id,
        now=now,
        person_account_id=found.account_id,
        consulate=found.consulate_code,
    )


def _move(
    session: Session,
    found: Enrollment,
    after: Status,
    *,
    now: datetime,
    actor: Actor,
    reason_code: str | None = None,
) -> None:
    before = Status(found.status)
    found.status = after
    found.reason_code = reason_code
    found.changed_at = now
    session.flush()
    note(session, found, before, now=now, actor=actor)
    if after in OVER:
        session.execute(delete(EnrollmentClaim).where(EnrollmentClaim.enrollment_id == found.id))
    if after in TOLD:
        put(session, "enrollments.decided", found.id)


def lock(session: Session, enrollment: UUID) -> Enrollment:
    """The enrolment, held until the transaction ends. Raises NotFound."""
    found = session.execute(
        select(Enrollment).where(Enrollment.id == enrollment).with_for_update()
    ).scalar_one_or_none()
    if found is None:
        raise NotFound()
    return found
