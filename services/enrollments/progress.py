"""Move enrollments on: what we did with them, and what the agency says of them.

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

from sqlalchemy.orm import Session

from services.citizens.errors import PersonForgotten
from services.citizens.models import Person
from services.citizens.people import get_key, open_person
from services.enrollments.lifecycle import LIFECYCLE
from services.enrollments.models import Enrollment
from services.enrollments.rules import TRANSITIONS, UNDECIDED, Status
from services.kernel.audit import SYSTEM
from services.kernel.crypto import Vault

DATA_PLACE = "enrollments.data"
RESULT_PLACE = "enrollments.result"


@dataclass(frozen=True)
class Application:
    """What the program's agency needs to know; ``data`` is what the program asks for.

    ``sent`` when an earlier attempt may have reached it.
    """

    program: str
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

    To be committed before the agency is called: whatever happens to the call, the enrollment shows
    that it may have arrived. Raises NotFound, `PersonForgotten`.
    """
    found = LIFECYCLE.lock(session, enrollment)
    before = Status(found.status)
    if before is Status.RECEIVED:
        LIFECYCLE.move(
            session, found, Status.SENT_TO_AGENCY, now=now, actor=SYSTEM, reason_code=None
        )
    elif before not in UNDECIDED:
        return None
    person = session.get_one(Person, found.person_id)
    key, applicant = get_key(person, vault), open_person(person, vault)
    if applicant.curp is None or applicant.birth_date is None:
        raise PersonForgotten()
    return Application(
        program=found.program,
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
    found = LIFECYCLE.lock(session, enrollment)
    if said.result and found.result_sealed is None:
        key = get_key(session.get_one(Person, found.person_id), vault)
        result = json.dumps(dict(said.result))
        found.result_sealed = key.seal(result, place=RESULT_PLACE, row=found.id)
        session.flush()
    if said.status in TRANSITIONS[Status(found.status)]:
        reason = said.reason_code
        LIFECYCLE.move(session, found, said.status, now=now, actor=SYSTEM, reason_code=reason)
    return found


def still_undecided(found: Enrollment) -> bool:
    """Record that the agency has not decided, so that it is asked again."""
    return Status(found.status) in UNDECIDED
