"""Send enrollments to their agency and ask until it has decided."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from integrations.contracts import (
    AgencyAppointment,
    CurpQuestion,
    CurpStatus,
    EnrollmentAgency,
    EnrollmentApplication,
    EnrollmentState,
    EnrollmentStatus,
    PaymentLine,
    Remedy,
)
from integrations.errors import OutcomeUnknown, Refused, Retryable
from integrations.registry import Purpose
from services.agencies.entering import NotNow
from services.agencies.rules import Denial
from services.enrollments import batches, choosing
from services.enrollments.checking import CurpTask, begin_check, record_check
from services.enrollments.details import AppointmentDetails, Details, PaymentDetails
from services.enrollments.lapsing import close_lapsed, is_lapsed
from services.enrollments.planning import list_unblocked
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.progress import (
    AgencyStatus,
    Application,
    begin_amendment,
    begin_submission,
    is_asked_about,
    record_progress,
    record_unknown,
    still_undecided,
)
from services.enrollments.queries import find_by_folio, find_request, get_enrollment
from services.enrollments.rules import CURP_REASONS, CurpCheck, Status
from services.incidents.reporting import Report, report
from services.incidents.rules import Kind, Subject
from services.kernel.errors import DomainError
from services.kernel.money import Money
from services.outbox.delivery import Lease, end_waiting, enqueue
from services.outbox.inbox import calling_agency, find_folio
from workers.agencies import code_of
from workers.jobs import incidents
from workers.pauses import FIRST_QUESTION_SECONDS, first_pause, pause_after
from workers.runtime import JobContext
from workers.steps import Claim, Parts, RetryLater, Settled, run_steps

REGISTER = code_of(Purpose.POPULATION_REGISTER)

REFRESH = "enrollments.refresh"
# So long after a term has lapsed, it is closed although its agency can't be asked.
UNREACHED_WORKING_DAYS = 10
RENEWAL_SECONDS = timedelta(days=1).total_seconds()

_STATUSES = {
    EnrollmentStatus.RECEIVED: Status.SENT_TO_AGENCY,
    EnrollmentStatus.IN_REVIEW: Status.IN_REVIEW,
    EnrollmentStatus.MORE_INFORMATION_REQUESTED: Status.MORE_INFORMATION_REQUESTED,
    EnrollmentStatus.APPOINTMENT_SCHEDULED: Status.APPOINTMENT_SCHEDULED,
    EnrollmentStatus.PAYMENT_PENDING: Status.PAYMENT_PENDING,
    EnrollmentStatus.ACTIVE: Status.ACTIVE,
    EnrollmentStatus.REJECTED: Status.REJECTED,
    EnrollmentStatus.ENDED: Status.ENDED,
}

KEY_REUSED = "key_reused"
NOT_FOUND = "not_found"
# Nothing was to be corrected, or is any more.
NOTHING_REQUESTED = "nothing_requested"


@dataclass(frozen=True)
class _Question:
    """About which enrollment to ask; ``goes_on`` when the next question follows this one."""

    enrollment: UUID
    folio: str
    program: str
    goes_on: bool


def submit(job: JobContext, lease: Lease) -> None:
    """Have the CURP checked, and send the request under its folio, which the agency takes in once.

    One that goes by file is queued for the next batch. No register that is down holds it up.
    """
    try:
        _submit(job, lease, check=True)
    except NotNow as denied:
        if denied.agency != REGISTER or denied.denial in (Denial.BUSY, Denial.RATE_LIMITED):
            raise
        _submit(job, lease, check=False)


def _submit(job: JobContext, lease: Lease, *, check: bool) -> None:
    send = partial(_begin_sending, job, lease.ref)

    def claim(session: Session, now: datetime) -> CurpTask | Application | Settled | None:
        if check:
            return begin_check(session, lease.ref, now=now, vault=job.vault) or send(session, now)
        return send(session, now, record_check(session, lease.ref, CurpCheck.UNCHECKED, now=now))

    def call(
        job: JobContext, task: CurpTask | Application
    ) -> Claim[CurpTask | Application] | Settled:
        if isinstance(task, Application):
            return _send_and_take(job, lease.ref, task)
        check, differs = _check_curp(job, task)

        def keep(session: Session, now: datetime) -> Any:
            return record_check(session, lease.ref, check, differs, now=now)

        def take(session: Session, now: datetime) -> Application | Settled | None:
            held = keep(session, now)
            return send(session, now, held) if held else Settled(CURP_REASONS[check])

        return Claim(take, keep)

    run_steps(job, lease, claim, call, agency=_agency_of)


def _begin_sending(
    job: JobContext,
    enrollment: UUID,
    session: Session,
    now: datetime,
    held: Any = None,
) -> Application | Settled | None:
    """What to send now; or it waits for the next file."""
    return _queued(job, enrollment, session, now) or begin_submission(
        session, enrollment, now=now, vault=job.vault, held=held
    )


def _queued(
    job: JobContext, enrollment_id: UUID, session: Session, now: datetime
) -> Settled | None:
    """Let it wait for the next file, where its agency takes files."""
    enrollment = get_enrollment(session, enrollment_id)
    agency = PROGRAMS[enrollment.program].agency
    if agency not in job.agencies.batches or not still_undecided(enrollment):
        return None
    batches.queue(session, enrollment_id, agency, now=now)
    return Settled("queued")


def _check_curp(job: JobContext, task: CurpTask) -> tuple[CurpCheck, tuple[str, ...]]:
    """What the register says. Raises `Retryable` while the request can wait for its answer."""
    question = CurpQuestion(
        task.curp, task.given_names, task.first_surname, task.second_surname, task.birth_date
    )
    try:
        finding = job.agencies.curps.check_curp(question)
    except Retryable:
        if task.patient:
            raise
        return CurpCheck.UNCHECKED, ()
    incidents.note_dropped(job, REGISTER, finding.dropped)
    if finding.status is CurpStatus.VALID:
        return (CurpCheck.DIFFERS if finding.differs else CurpCheck.AGREES), finding.differs
    return CurpCheck(finding.status.value), finding.differs


def _send_and_take(job: JobContext, enrollment: UUID, application: Application) -> Settled:
    try:
        agency_status = _send(job, application)
    except OutcomeUnknown as lost:
        # It may have arrived: the next question, by folio, will tell.
        return Settled(f"unknown_{lost.code}", partial(_mark_unknown, enrollment))
    return _settle_status(job, enrollment, agency_status, goes_on=True)


def amend(job: JobContext, lease: Lease) -> None:
    """Send what the applicant answered. The same again has no further effect."""

    def claim(session: Session, now: datetime) -> Application | Settled | None:
        return _queued(job, lease.ref, session, now) or begin_amendment(
            session, lease.ref, vault=job.vault
        )

    def call(job: JobContext, application: Application) -> Settled | RetryLater:
        try:
            agency_status = _amend(job, application)
        except OutcomeUnknown:
            return RetryLater()
        # The regular questions go on by themselves.
        return _settle_status(job, lease.ref, agency_status, goes_on=False)

    run_steps(job, lease, claim, call, agency=_agency_of)


def refresh(job: JobContext, lease: Lease) -> None:
    """Ask for the state; put the next question into the outbox until it is decided, or while its
    cover can be paid for anew."""

    def claim(session: Session, now: datetime) -> _Question | None:
        enrollment = get_enrollment(session, lease.ref)
        return _question(enrollment, goes_on=True) if is_asked_about(enrollment, now) else None

    run_steps(job, lease, claim, _ask, agency=_agency_of)


def take_callback(_job: JobContext, lease: Lease) -> Parts[_Question]:
    """The agency says that something changed. Only what it answers when asked counts."""

    def claim(session: Session, _now: datetime) -> _Question | Settled:
        enrollment = find_request(session, find_folio(session, lease.ref))
        # The regular questions go on by themselves.
        return _question(enrollment, goes_on=False) if enrollment else incidents.unmatched(lease)

    # It speaks of its own requests; should it not, that shows in the claim.
    return Parts(claim, _ask, _agency_of, agency_now=lambda _: calling_agency(lease.topic))


def lapse(job: JobContext, lease: Lease) -> None:
    """A term has lapsed: hear the agency once more, then close what nobody has moved since.

    An agency that can't be asked for long has had its time.
    """

    def claim(session: Session, now: datetime) -> _Question | Settled | None:
        enrollment = get_enrollment(session, lease.ref)
        if not is_lapsed(enrollment, now):
            return None
        if is_lapsed(enrollment, now, for_working_days=UNREACHED_WORKING_DAYS):
            return Settled("closed_unheard", partial(_close, job, lease.ref, None))
        return _question(enrollment, goes_on=False)

    def call(job: JobContext, question: _Question) -> Settled:
        return Settled("closed", partial(_close, job, lease.ref, _ask_for(job, question)))

    run_steps(job, lease, claim, call, agency=_agency_of)


def _close(
    job: JobContext,
    enrollment: UUID,
    agency_status: AgencyStatus | None,
    session: Session,
    now: datetime,
) -> None:
    if agency_status is not None:
        record_progress(session, enrollment, agency_status, now=now, vault=job.vault)
    close_lapsed(session, enrollment, now=now)


def report_withdrawn(job: JobContext, lease: Lease) -> None:
    """Somebody else proved to be its person, and the agency has it: a person settles that there."""
    with job.settle(lease, "reported") as session:
        enrollment = get_enrollment(session, lease.ref)
        detail = {"program": enrollment.program, "folio": enrollment.folio}
        incident = Report(Kind.WITHDRAWN_AT_AGENCY, Subject.ENROLLMENT, lease.ref, detail)
        report(session, incident, now=job.now(session))


def go_on(job: JobContext, lease: Lease) -> None:
    """One is active: begin what comes next and is prepared, or tell the person to go on."""
    with job.transaction() as session:
        due = choosing.list_due(session, lease.ref, job.vault)
    for program in due:
        with suppress(DomainError), job.transaction() as session:
            now = job.now(session)
            choosing.begin_prepared(session, lease.ref, program, now=now, vault=job.vault)
    with job.settle(lease, "gone_on") as session:
        if list_unblocked(session, lease.ref, job.vault):
            enqueue(session, "enrollments.next_step", lease.ref)


def _agency_of(task: CurpTask | Application | _Question) -> str:
    """The code of the agency that is called for it."""
    return REGISTER if isinstance(task, CurpTask) else PROGRAMS[task.program].agency


def _send(job: JobContext, application: Application) -> AgencyStatus | None:
    """What the agency says of the request, after sending it unless it has it already."""
    code = PROGRAMS[application.program].agency
    agency = job.agencies.enrollments[code]
    if application.sent:
        state = agency.status(application.folio)
        if state.status is not EnrollmentStatus.NOT_FOUND:
            return status_of(job, code, state)
    try:
        return status_of(job, code, agency.request(request_of(application)))
    except Refused as refusal:
        if refusal.code == KEY_REUSED:
            # It has another request under our folio: what it has is what counts.
            _report_reuse(job, application)
            return status_of(job, code, agency.status(application.folio))
        return _rejected(refusal, agency)


def _amend(job: JobContext, application: Application) -> AgencyStatus | None:
    """What the agency says to the answer; None when it knows nothing of the request."""
    code = PROGRAMS[application.program].agency
    agency = job.agencies.enrollments[code]
    try:
        return status_of(job, code, agency.amend(request_of(application)))
    except Refused as refusal:
        if refusal.code == NOTHING_REQUESTED:
            return status_of(job, code, agency.status(application.folio))
        return None if refusal.code == NOT_FOUND else _rejected(refusal, agency)


def _rejected(refusal: Refused, agency: EnrollmentAgency) -> AgencyStatus:
    """An answer that decides the request. Raises the refusal when it is a fault of ours."""
    if agency.remedies.get(refusal.code, Remedy.OURS) is Remedy.OURS:
        raise refusal
    return AgencyStatus(Status.REJECTED, reason_code=refusal.code)


def request_of(application: Application) -> EnrollmentApplication:
    """The request as the agencies' adapters take it."""
    return EnrollmentApplication(
        folio=application.folio,
        program=application.program,
        curp=application.curp,
        given_names=application.given_names,
        first_surname=application.first_surname,
        second_surname=application.second_surname,
        birth_date=application.birth_date,
        email=application.email,
        data=application.data,
    )


def _question(enrollment: Any, *, goes_on: bool) -> _Question:
    return _Question(enrollment.id, enrollment.folio, enrollment.program, goes_on)


def _ask(job: JobContext, question: _Question) -> Settled:
    return _settle_status(
        job, question.enrollment, _ask_for(job, question), goes_on=question.goes_on
    )


def _ask_for(job: JobContext, question: _Question) -> AgencyStatus | None:
    """What the agency says of the folio; None when it knows nothing of it."""
    code = PROGRAMS[question.program].agency
    # One that takes files can be asked about each row.
    agency = job.agencies.batches.get(code) or job.agencies.enrollments[code]
    return status_of(job, code, agency.status(question.folio))


def _report_reuse(job: JobContext, application: Application) -> None:
    with job.transaction() as session:
        enrollment = find_by_folio(session, application.folio)
        if enrollment is not None:
            detail = {"program": application.program}
            incident = Report(Kind.KEY_REUSED, Subject.ENROLLMENT, enrollment, detail)
            report(session, incident, now=job.now(session))


def status_of(job: JobContext, agency: str, state: EnrollmentState) -> AgencyStatus | None:
    """In our words; None when the agency knows nothing of it."""
    incidents.note_dropped(job, agency, state.dropped)
    if state.status is EnrollmentStatus.NOT_FOUND:
        return None
    return AgencyStatus(
        _STATUSES[state.status],
        state.result,
        state.reason_code,
        details=_details(state),
        answer_by=state.answer_by,
        changed_at=state.changed_at,
    )


def _details(state: EnrollmentState) -> Details:
    appointment, payment = state.appointment, state.payment
    return Details(
        state.requested,
        _appointment(appointment) if appointment else None,
        _payment(payment) if payment else None,
    )


def _appointment(appointment: AgencyAppointment) -> AppointmentDetails:
    return AppointmentDetails(appointment.starts_at, appointment.link)


def _payment(line: PaymentLine) -> PaymentDetails:
    return PaymentDetails(line.reference, Money(line.amount_minor, line.currency), line.due_on)


def _settle_status(
    job: JobContext, enrollment: UUID, agency_status: AgencyStatus | None, *, goes_on: bool
) -> Settled:
    """Take the agency's word. What never arrived is sent, and that is the first time."""
    if agency_status is None:
        return Settled("not_found", partial(_submit_again, enrollment))

    def write(session: Session, now: datetime) -> None:
        current = record_progress(session, enrollment, agency_status, now=now, vault=job.vault)
        if not is_asked_about(current, now):
            end_waiting(session, REFRESH, enrollment)
        elif goes_on:
            _ask_later(enrollment, _pause(job, current, now), session, now)

    return Settled(agency_status.status, write)


def _mark_unknown(enrollment: UUID, session: Session, now: datetime) -> None:
    record_unknown(session, enrollment, now=now)
    _ask_later(enrollment, FIRST_QUESTION_SECONDS, session, now)


def _ask_later(enrollment: UUID, delay: float, session: Session, _now: datetime) -> None:
    enqueue(session, REFRESH, enrollment, delay_seconds=delay)


def _submit_again(enrollment: UUID, session: Session, _now: datetime) -> None:
    enqueue(session, "enrollments.submit", enrollment, delay_seconds=FIRST_QUESTION_SECONDS)


def _pause(job: JobContext, enrollment: Any, now: datetime) -> float:
    """Seconds until the next question; what is decided and may be renewed, daily."""
    if not still_undecided(enrollment):
        return RENEWAL_SECONDS
    age: timedelta = now - enrollment.created_at
    return pause_after(age, shortest=first_pause(job, PROGRAMS[enrollment.program].agency))
