"""Send enrollments to their agency and ask until it has decided."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from integrations.contracts import (
    EnrollmentAgency,
    EnrollmentApplication,
    EnrollmentState,
    EnrollmentStatus,
)
from integrations.errors import OutcomeUnknown, Refused
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.progress import (
    AgencyStatus,
    Application,
    begin_submission,
    record_progress,
    still_undecided,
)
from services.enrollments.queries import find_by_folio, get_enrollment
from services.enrollments.rules import Status
from services.incidents.reporting import Report, report
from services.incidents.rules import Kind, Subject
from services.outbox.delivery import Lease, enqueue
from services.outbox.inbox import find_folio
from workers.jobs import incidents
from workers.runtime import JobContext

FIRST_QUESTION_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 900.0

_STATUSES = {
    EnrollmentStatus.RECEIVED: Status.SENT_TO_AGENCY,
    EnrollmentStatus.IN_REVIEW: Status.IN_REVIEW,
    EnrollmentStatus.ACTIVE: Status.ACTIVE,
    EnrollmentStatus.REJECTED: Status.REJECTED,
}

KEY_REUSED = "key_reused"
# Answers that say something of the request. Any other refusal is a fault of ours.
_FINAL_REFUSALS = frozenset({"curp_invalid", "data_invalid"})


def submit(job: JobContext, lease: Lease) -> None:
    """Send the request under its folio, which the agency takes in once."""
    with job.transaction() as session:
        application = begin_submission(session, lease.ref, now=job.now(session), vault=job.vault)
    if application is None:
        with job.settle(lease, "moot"):
            return
    try:
        agency_status = _send(job, application)
    except OutcomeUnknown as lost:
        # It may have arrived: the next question, by folio, will tell.
        with job.settle(lease, f"unknown_{lost.code}") as session:
            enqueue(session, "enrollments.refresh", lease.ref, delay_seconds=FIRST_QUESTION_SECONDS)
        return
    _settle(job, lease, lease.ref, agency_status, ask_again=True)


def refresh(job: JobContext, lease: Lease) -> None:
    """Ask for the state; put the next question into the outbox until it is decided."""
    with job.transaction() as session:
        enrollment = get_enrollment(session, lease.ref)
    if still_undecided(enrollment):
        program = enrollment.program
        _ask(job, lease, enrollment.id, enrollment.folio, program, ask_again=True)
    else:
        with job.settle(lease, "moot"):
            return


def take_callback(job: JobContext, lease: Lease) -> None:
    """The agency says that something changed. Only what it answers when asked counts."""
    with job.transaction() as session:
        id = find_by_folio(session, find_folio(session, lease.ref) or "")
        enrollment = get_enrollment(session, id) if id else None
    if enrollment is None:
        incidents.report_unmatched(job, lease)
        return
    # The regular questions go on by themselves.
    _ask(job, lease, enrollment.id, enrollment.folio, enrollment.program, ask_again=False)


def report_withdrawn(job: JobContext, lease: Lease) -> None:
    """Somebody else proved to be its person, and the agency has it: a person settles that there."""
    with job.settle(lease, "reported") as session:
        enrollment = get_enrollment(session, lease.ref)
        detail = {"program": enrollment.program, "folio": enrollment.folio}
        given = Report(Kind.WITHDRAWN_AT_AGENCY, Subject.ENROLLMENT, lease.ref, detail)
        report(session, given, now=job.now(session))


def _agency(job: JobContext, program: str) -> EnrollmentAgency:
    """Return the agency that runs the program."""
    return job.agencies.enrollments[PROGRAMS[program].agency]


def _send(job: JobContext, application: Application) -> AgencyStatus | None:
    """What the agency says of the request, after sending it unless it has it already."""
    program, agency = application.program, _agency(job, application.program)
    if application.sent:
        state = agency.status(application.folio)
        if state.status is not EnrollmentStatus.NOT_FOUND:
            return _status_of(job, program, state)
    request = EnrollmentApplication(
        folio=application.folio,
        program=program,
        curp=application.curp,
        given_names=application.given_names,
        first_surname=application.first_surname,
        second_surname=application.second_surname,
        birth_date=application.birth_date,
        email=application.email,
        data=application.data,
    )
    try:
        return _status_of(job, program, agency.request(request))
    except Refused as refusal:
        if refusal.code == KEY_REUSED:
            # It has another request under our folio: what it has is what counts.
            _report_reuse(job, application)
            return _status_of(job, program, agency.status(application.folio))
        if refusal.code not in _FINAL_REFUSALS:
            raise
        return AgencyStatus(Status.REJECTED, reason_code=refusal.code)


def _ask(
    job: JobContext,
    lease: Lease,
    enrollment: UUID,
    folio: str,
    program: str,
    *,
    ask_again: bool,
) -> None:
    agency_status = _status_of(job, program, _agency(job, program).status(folio))
    _settle(job, lease, enrollment, agency_status, ask_again=ask_again)


def _report_reuse(job: JobContext, application: Application) -> None:
    with job.transaction() as session:
        enrollment = find_by_folio(session, application.folio)
        if enrollment is not None:
            detail = {"program": application.program}
            given = Report(Kind.KEY_REUSED, Subject.ENROLLMENT, enrollment, detail)
            report(session, given, now=job.now(session))


def _status_of(job: JobContext, program: str, state: EnrollmentState) -> AgencyStatus | None:
    """In our words; None when the agency knows nothing of it."""
    incidents.note_dropped(job, PROGRAMS[program].agency, state.dropped)
    if state.status is EnrollmentStatus.NOT_FOUND:
        return None
    return AgencyStatus(_STATUSES[state.status], state.result, state.reason_code)


def _settle(
    job: JobContext,
    lease: Lease,
    enrollment: UUID,
    agency_status: AgencyStatus | None,
    *,
    ask_again: bool,
) -> None:
    with job.settle(lease, agency_status.status if agency_status else "not_found") as session:
        if agency_status is None:
            # It never arrived, so sending it is the first time.
            enqueue(session, "enrollments.submit", enrollment, delay_seconds=FIRST_QUESTION_SECONDS)
            return
        now = job.now(session)
        enrolled = record_progress(session, enrollment, agency_status, now=now, vault=job.vault)
        if ask_again and still_undecided(enrolled):
            pause = _pause(now - enrolled.created_at)
            enqueue(session, "enrollments.refresh", enrollment, delay_seconds=pause)


def _pause(age: timedelta) -> float:
    """Seconds until the next question: a quarter of its age, from one second to 15 minutes."""
    return min(max(age.total_seconds() / 4, FIRST_QUESTION_SECONDS), LONGEST_PAUSE_SECONDS)
