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
from services.enrollments.lifecycle import LIFECYCLE, renew
from services.enrollments.models import Enrollment, EnrollmentEvent
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.rules import CLOCK_RUNS, ENDED_BY_TERM, UNDECIDED, Status
from services.enrollments.terms import RENEWAL, answer_until, home_day, resolve_until, resumed
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
COVER = ("covered_from", COVERED_TO)
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
    enrollment_id: UUID,
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
    enrollment = held or LIFECYCLE.lock(session, enrollment_id)
    before = Status(enrollment.status)
    if before is Status.RECEIVED:
        resolve_by = resolve_until(home_day(now), PROGRAMS[enrollment.program].term)
        LIFECYCLE.move(
            session,
            enrollment,
            Status.SENT_TO_AGENCY,
            now=now,
            actor=SYSTEM,
            reason_code=None,
            resolve_by=resolve_by,
        )
    elif before not in UNDECIDED:
        return None
    return _application(session, enrollment, sent=before is not Status.RECEIVED, vault=vault)


def begin_amendment(session: Session, enrollment_id: UUID, *, vault: Vault) -> Application | None:
    """What to send again, with what the applicant answered; None once the agency has decided.

    Raises NotFound, `PersonForgotten`.
    """
    enrollment = LIFECYCLE.lock(session, enrollment_id)
    if not still_undecided(enrollment):
        return None
    return _application(session, enrollment, sent=True, vault=vault)


def read_application(session: Session, enrollment_id: UUID, *, vault: Vault) -> Application:
    """The application of a request that may have been sent, for its agency. Raises NotFound,
    `PersonForgotten`."""
    enrollment = get_row(session, Enrollment, enrollment_id)
    return _application(session, enrollment, sent=True, vault=vault)


def _application(
    session: Session, enrollment: Enrollment, *, sent: bool, vault: Vault
) -> Application:
    person = session.get_one(Person, enrollment.person_id)
    key, applicant = get_key(person, vault), open_person(person, vault)
    if applicant.curp is None or applicant.birth_date is None:
        raise PersonForgotten()
    return Application(
        program=enrollment.program,
        folio=enrollment.folio,
        curp=applicant.curp,
        given_names=applicant.given_names,
        first_surname=applicant.first_surname,
        second_surname=applicant.second_surname,
        birth_date=applicant.birth_date,
        email=applicant.email,
        data=json.loads(key.open(enrollment.data_sealed, place=DATA_PLACE, row=enrollment.id)),
        sent=sent,
    )


def record_unknown(session: Session, enrollment_id: UUID, *, now: datetime) -> None:
    """Write down that nobody knows whether the agency has it. Raises NotFound."""
    enrollment = LIFECYCLE.lock(session, enrollment_id)
    if LIFECYCLE.allows(enrollment.status, Status.UNKNOWN):
        LIFECYCLE.move(session, enrollment, Status.UNKNOWN, now=now, actor=SYSTEM, reason_code=None)


def record_progress(
    session: Session,
    enrollment_id: UUID,
    agency_status: AgencyStatus,
    *,
    now: datetime,
    vault: Vault,
) -> Enrollment:
    """Take the agency's word. A step that the table doesn't allow changes nothing.

    What was given although the person had withdrawn in the meantime exists all the same: it is kept
    for them, and the status stays. Raises NotFound, `PersonForgotten`.
    """
    enrollment = LIFECYCLE.lock(session, enrollment_id)
    order = _order(enrollment, agency_status, now)
    if agency_status.result:
        _keep_result(
            session, enrollment, agency_status.result, newer=order is _Order.NEWER, vault=vault
        )
    if order is _Order.OLDER:
        session.flush()
        return enrollment
    steps = _takes_step(session, enrollment, agency_status.status)
    if not steps and (odd := _oddity(session, enrollment, agency_status)):
        _report(session, odd, enrollment, now)
    if steps or agency_status.status == enrollment.status:
        if order is _Order.NEWER:
            enrollment.agency_changed_at = agency_status.changed_at
        _keep_details(session, enrollment, agency_status, vault=vault)
        renewed = _keep_days(enrollment, agency_status, now)
        if renewed and not _is_noted(session, enrollment):
            renew(session, enrollment, now=now, actor=AGENCY)
    if steps:
        LIFECYCLE.move(
            session,
            enrollment,
            agency_status.status,
            now=now,
            actor=AGENCY,
            reason_code=agency_status.reason_code,
            resolve_by=resumed_by(enrollment, agency_status.status, now),
        )
    session.flush()
    return enrollment


class _Order(Enum):
    """An agency's word beside the newest that was taken; ``UNTOLD`` when it doesn't say when."""

    OLDER = auto()
    UNTOLD = auto()
    NEWER = auto()


def _order(enrollment: Enrollment, agency_status: AgencyStatus, now: datetime) -> _Order:
    if agency_status.changed_at is None or agency_status.changed_at > now + CLOCKS_DIFFER:
        return _Order.UNTOLD
    if (
        enrollment.agency_changed_at is None
        or agency_status.changed_at >= enrollment.agency_changed_at
    ):
        return _Order.NEWER
    return _Order.OLDER


def _takes_step(session: Session, enrollment: Enrollment, after: Status) -> bool:
    """Whether the agency's word is a step that may follow. It asks for more once (LFPA 17-A)."""
    if not LIFECYCLE.allows(enrollment.status, after):
        return False
    return after is not Status.MORE_INFORMATION_REQUESTED or not first_time(
        session, enrollment.id, after
    )


def _oddity(session: Session, enrollment: Enrollment, agency_status: AgencyStatus) -> Kind | None:
    """What a person has to settle with the agency, which can't or may not have its way here."""
    if enrollment.reason_code in ENDED_BY_TERM and agency_status.status is Status.ACTIVE:
        return Kind.GIVEN_AFTER_END
    if (
        agency_status.status is not Status.MORE_INFORMATION_REQUESTED
        or agency_status.changed_at is None
    ):
        return None
    # It may not have read the answer yet: then its word is as old as the first time.
    anew = agency_status.changed_at > enrollment.changed_at + CLOCKS_DIFFER
    asked_before = enrollment.status in CLOCK_RUNS and first_time(
        session, enrollment.id, agency_status.status
    )
    return Kind.ASKED_TWICE if anew and asked_before else None


def _report(session: Session, kind: Kind, enrollment: Enrollment, now: datetime) -> None:
    if settled_before(session, kind, enrollment.id):
        return
    detail = {"program": enrollment.program, "folio": enrollment.folio}
    report(session, Report(kind, Subject.ENROLLMENT, enrollment.id, detail), now=now)


def first_time(session: Session, enrollment: UUID, status: Status) -> datetime | None:
    """When the enrollment first came to that status."""
    times = select(EnrollmentEvent.at).where(
        EnrollmentEvent.enrollment_id == enrollment, EnrollmentEvent.status == status
    )
    return session.scalars(times.order_by(EnrollmentEvent.position)).first()


def resumed_by(enrollment: Enrollment, after: Status, now: datetime) -> date | None:
    """The agency's last day once it comes to ``after``: its term goes on where it stood still."""
    if enrollment.resolve_by is None or enrollment.status in CLOCK_RUNS or after not in CLOCK_RUNS:
        return enrollment.resolve_by
    stopped_on = home_day(enrollment.changed_at)
    return resumed(enrollment.resolve_by, stopped_on=stopped_on, resumed_on=home_day(now))


def _keep_result(
    session: Session,
    enrollment: Enrollment,
    result: Mapping[str, str],
    *,
    newer: bool,
    vault: Vault,
) -> None:
    """Add what was given to what was given before, which only a newer word changes; or a longer
    cover, which is newer by itself."""
    key = get_key(session.get_one(Person, enrollment.person_id), vault)
    held: dict[str, str] = {}
    if enrollment.result_sealed is not None:
        held = json.loads(key.open(enrollment.result_sealed, place=RESULT_PLACE, row=enrollment.id))
    longer = COVERED_TO in held and result.get(COVERED_TO, "") > held[COVERED_TO]
    cover = {name: result[name] for name in COVER if longer and name in result}
    whole = {**held, **result} if newer else {**result, **held, **cover}
    if whole != held:
        enrollment.result_sealed = key.seal(
            json.dumps(whole), place=RESULT_PLACE, row=enrollment.id
        )


def _keep_details(
    session: Session, enrollment: Enrollment, agency_status: AgencyStatus, *, vault: Vault
) -> None:
    """What the agency says of the case besides."""
    if agency_status.details != Details():
        key = get_key(session.get_one(Person, enrollment.person_id), vault)
        held = open_sealed(key, enrollment)
        details = held.updated(agency_status.details)
        if held.appointment != details.appointment and agency_status.status == enrollment.status:
            enqueue(session, "enrollments.appointment", enrollment.id)
        enrollment.details_sealed = key.seal(
            to_json(details), place=DETAILS_PLACE, row=enrollment.id
        )


def _keep_days(enrollment: Enrollment, agency_status: AgencyStatus, now: datetime) -> bool:
    """The last days that the agency's word sets. What an applicant was told is never shortened.
    Returns whether the cover of an active one is longer by it."""
    held = enrollment.covered_to if enrollment.status == Status.ACTIVE else None
    if agency_status.status is Status.MORE_INFORMATION_REQUESTED:
        held = enrollment.answer_by or answer_until(home_day(now), None)
        enrollment.answer_by = max(held, agency_status.answer_by or held)
    if agency_status.details.payment:
        enrollment.pay_by = agency_status.details.payment.due_on
    elif agency_status.status is Status.ACTIVE:
        # There is nothing to pay, or nothing more.
        enrollment.pay_by = None
    if COVERED_TO in agency_status.result:
        enrollment.covered_to = date.fromisoformat(agency_status.result[COVERED_TO])
    return bool(held and enrollment.covered_to and enrollment.covered_to > held)


def _is_noted(session: Session, enrollment: Enrollment) -> bool:
    """Whether its history says already that the cover lasts as long as now."""
    noted = select(EnrollmentEvent.position).where(
        EnrollmentEvent.enrollment_id == enrollment.id,
        EnrollmentEvent.covered_to >= enrollment.covered_to,
    )
    return session.scalars(noted.limit(1)).first() is not None


def open_sealed(key: DataKey, enrollment: Enrollment) -> Details:
    """What the agency said of the case; empty when it said nothing."""
    if enrollment.details_sealed is None:
        return Details()
    return from_json(key.open(enrollment.details_sealed, place=DETAILS_PLACE, row=enrollment.id))


def is_asked_about(enrollment: Enrollment, now: datetime) -> bool:
    """Whether the agency has more to say: it hasn't decided, or the cover that it gave ends soon
    and can be paid for anew."""
    return still_undecided(enrollment) or may_renew(enrollment, now)


def may_renew(enrollment: Enrollment, now: datetime) -> bool:
    """Whether it has given a cover that can be paid for anew now, or soon."""
    if enrollment.status != Status.ACTIVE or enrollment.covered_to is None:
        return False
    until = enrollment.covered_to
    return enrollment.pay_by is not None or until - RENEWAL <= home_day(now) <= until


def still_undecided(enrollment: Enrollment) -> bool:
    """Whether the agency has not decided yet."""
    return Status(enrollment.status) in UNDECIDED
