"""Move enrollments on: what we did with them, and what the agency says of them.

The agency's word is taken as a statement about now, not as a step: the same word twice, late or
out of order changes nothing. One that is older by the agency's own clock than one that was taken is
not taken, whatever it says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum, auto
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.citizens.errors import PersonForgotten
from services.citizens.models import Person
from services.citizens.people import get_key, open_person
from services.enrollments.details import DETAILS_PLACE, Details, from_json, to_json
from services.enrollments.lifecycle import LIFECYCLE
from services.enrollments.models import Enrollment, EnrollmentEvent
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.rules import CLOCK_RUNS, ENDED_BY_TERM, UNDECIDED, Status
from services.enrollments.terms import answer_until, home_day, resolve_until, resumed
from services.incidents.reporting import Report, report, settled_before
from services.incidents.rules import Kind, Subject
from services.kernel.audit import AGENCY, SYSTEM
from services.kernel.crypto import DataKey, Vault
from services.kernel.tables import get_row
from services.outbox.delivery import enqueue

DATA_PLACE = "enrollments.data"
RESULT_PLACE = "enrollments.result"
# What a program that gives cover for a time ends with: its last day (ISO 8601).
COVERED_TO = "covered_to"
# A word from further in the future than clocks differ says nothing of when it became so.
CLOCKS_DIFFER = timedelta(minutes=5)


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
    """What the agency says: ``result`` comes with active, ``reason_code`` with rejected.

    ``answer_by`` is its last day for the applicant to give what ``details`` name; ``changed_at``,
    aware, is when this became so by its own clock.
    """

    status: Status
    result: Mapping[str, str] = field(default_factory=dict)
    reason_code: str | None = None
    details: Details = field(default_factory=Details)
    answer_by: date | None = None
    changed_at: datetime | None = None


def begin_submission(
    session: Session,
    enrollment: UUID,
    *,
    now: datetime,
    vault: Vault,
    held: Enrollment | None = None,
) -> Application | None:
    """Write down that it is being sent, and what to send. None when there is nothing to send.

    To be committed before the agency is called: whatever happens to the call, the enrollment shows
    that it may have arrived. ``held`` is the row, where the transaction has locked it already.
    Raises NotFound, `PersonForgotten`.
    """
    found = held or LIFECYCLE.lock(session, enrollment)
    before = Status(found.status)
    if before is Status.RECEIVED:
        resolve_by = resolve_until(home_day(now), PROGRAMS[found.program].term)
        LIFECYCLE.move(
            session,
            found,
            Status.SENT_TO_AGENCY,
            now=now,
            actor=SYSTEM,
            reason_code=None,
            resolve_by=resolve_by,
        )
    elif before not in UNDECIDED:
        return None
    return _application(session, found, sent=before is not Status.RECEIVED, vault=vault)


def begin_amendment(session: Session, enrollment: UUID, *, vault: Vault) -> Application | None:
    """What to send again, with what the applicant answered; None once the agency has decided.

    Raises NotFound, `PersonForgotten`.
    """
    found = LIFECYCLE.lock(session, enrollment)
    if not still_undecided(found):
        return None
    return _application(session, found, sent=True, vault=vault)


def read_application(session: Session, enrollment: UUID, *, vault: Vault) -> Application:
    """What its agency is to know of a request that may have been sent. Raises NotFound,
    `PersonForgotten`."""
    found = get_row(session, Enrollment, enrollment)
    return _application(session, found, sent=True, vault=vault)


def _application(session: Session, found: Enrollment, *, sent: bool, vault: Vault) -> Application:
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
        sent=sent,
    )


def record_unknown(session: Session, enrollment: UUID, *, now: datetime) -> None:
    """Write down that nobody knows whether the agency has it. Raises NotFound."""
    found = LIFECYCLE.lock(session, enrollment)
    if LIFECYCLE.allows(found.status, Status.UNKNOWN):
        LIFECYCLE.move(session, found, Status.UNKNOWN, now=now, actor=SYSTEM, reason_code=None)


def record_progress(
    session: Session, enrollment: UUID, said: AgencyStatus, *, now: datetime, vault: Vault
) -> Enrollment:
    """Take the agency's word. A step that the table doesn't allow changes nothing.

    What was given although the person had withdrawn in the meantime exists all the same: it is kept
    for them, and the status stays. Raises NotFound, `PersonForgotten`.
    """
    found = LIFECYCLE.lock(session, enrollment)
    order = _order(found, said, now)
    if said.result:
        _keep_result(session, found, said.result, newer=order is _Order.NEWER, vault=vault)
    if order is _Order.OLDER:
        session.flush()
        return found
    steps = _takes_step(session, found, said.status)
    if not steps and (odd := _oddity(session, found, said)):
        _report(session, odd, found, now)
    if steps or said.status == found.status:
        if order is _Order.NEWER:
            found.agency_changed_at = said.changed_at
        _keep_details(session, found, said, vault=vault)
        _keep_days(found, said, now)
    if steps:
        LIFECYCLE.move(
            session,
            found,
            said.status,
            now=now,
            actor=AGENCY,
            reason_code=said.reason_code,
            resolve_by=resumed_by(found, said.status, now),
        )
    session.flush()
    return found


class _Order(Enum):
    """An agency's word beside the newest that was taken; ``UNTOLD`` when it doesn't say when."""

    OLDER = auto()
    UNTOLD = auto()
    NEWER = auto()


def _order(found: Enrollment, said: AgencyStatus, now: datetime) -> _Order:
    if said.changed_at is None or said.changed_at > now + CLOCKS_DIFFER:
        return _Order.UNTOLD
    if found.agency_changed_at is None or said.changed_at >= found.agency_changed_at:
        return _Order.NEWER
    return _Order.OLDER


def _takes_step(session: Session, found: Enrollment, after: Status) -> bool:
    """Whether the agency's word is a step that may follow. It asks for more once (LFPA 17-A)."""
    if not LIFECYCLE.allows(found.status, after):
        return False
    return after is not Status.MORE_INFORMATION_REQUESTED or not first_time(
        session, found.id, after
    )


def _oddity(session: Session, found: Enrollment, said: AgencyStatus) -> Kind | None:
    """What a person has to settle with the agency, which can't or may not have its way here."""
    if found.reason_code in ENDED_BY_TERM and said.status is Status.ACTIVE:
        return Kind.GIVEN_AFTER_END
    if said.status is not Status.MORE_INFORMATION_REQUESTED or said.changed_at is None:
        return None
    # It may not have read the answer yet: then its word is as old as the first time.
    anew = said.changed_at > found.changed_at + CLOCKS_DIFFER
    asked = found.status in CLOCK_RUNS and first_time(session, found.id, said.status)
    return Kind.ASKED_TWICE if anew and asked else None


def _report(session: Session, kind: Kind, found: Enrollment, now: datetime) -> None:
    if settled_before(session, kind, found.id):
        return
    detail = {"program": found.program, "folio": found.folio}
    report(session, Report(kind, Subject.ENROLLMENT, found.id, detail), now=now)


def first_time(session: Session, enrollment: UUID, status: Status) -> datetime | None:
    """When it first came to that status."""
    times = select(EnrollmentEvent.at).where(
        EnrollmentEvent.enrollment_id == enrollment, EnrollmentEvent.status == status
    )
    return session.scalars(times.order_by(EnrollmentEvent.position)).first()


def resumed_by(found: Enrollment, after: Status, now: datetime) -> date | None:
    """The agency's last day once it comes to ``after``: its term goes on where it stood still."""
    if found.resolve_by is None or found.status in CLOCK_RUNS or after not in CLOCK_RUNS:
        return found.resolve_by
    stopped_on = home_day(found.changed_at)
    return resumed(found.resolve_by, stopped_on=stopped_on, resumed_on=home_day(now))


def _keep_result(
    session: Session, found: Enrollment, given: Mapping[str, str], *, newer: bool, vault: Vault
) -> None:
    """Add what was given to what was given before, which only a newer word changes."""
    key = get_key(session.get_one(Person, found.person_id), vault)
    held: dict[str, str] = {}
    if found.result_sealed is not None:
        held = json.loads(key.open(found.result_sealed, place=RESULT_PLACE, row=found.id))
    whole = {**held, **given} if newer else {**given, **held}
    if whole != held:
        found.result_sealed = key.seal(json.dumps(whole), place=RESULT_PLACE, row=found.id)


def _keep_details(session: Session, found: Enrollment, said: AgencyStatus, *, vault: Vault) -> None:
    """What the agency says of the case besides."""
    if said.details != Details():
        key = get_key(session.get_one(Person, found.person_id), vault)
        held = open_sealed(key, found)
        details = held.updated(said.details)
        if held.appointment != details.appointment and said.status == found.status:
            enqueue(session, "enrollments.appointment", found.id)
        found.details_sealed = key.seal(to_json(details), place=DETAILS_PLACE, row=found.id)


def _keep_days(found: Enrollment, said: AgencyStatus, now: datetime) -> None:
    """The last days that the agency's word sets. What an applicant was told is never shortened."""
    if said.status is Status.MORE_INFORMATION_REQUESTED:
        held = found.answer_by or answer_until(home_day(now), None)
        found.answer_by = max(held, said.answer_by or held)
    if said.details.payment:
        found.pay_by = said.details.payment.due_on
    if COVERED_TO in said.result:
        found.covered_to = date.fromisoformat(said.result[COVERED_TO])


def open_sealed(key: DataKey, found: Enrollment) -> Details:
    """What the agency said of the case; empty when it said nothing."""
    if found.details_sealed is None:
        return Details()
    return from_json(key.open(found.details_sealed, place=DETAILS_PLACE, row=found.id))


def still_undecided(found: Enrollment) -> bool:
    """Record that the agency has not decided, so that it is asked again."""
    return Status(found.status) in UNDECIDED
