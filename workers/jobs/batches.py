"""Send requests by file, fetch the results, and end each row once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from integrations.contracts import (
    BatchEnrollmentAgency,
    BatchResults,
    BatchStatus,
    EnrollmentBatch,
    EnrollmentState,
)
from integrations.errors import OutcomeUnknown, Refused, Retryable
from services.enrollments import batches
from services.enrollments.batch_rules import BatchStatus as Status
from services.enrollments.batch_rules import Reading, read_results
from services.enrollments.batches import BatchTask
from services.enrollments.progress import AgencyStatus
from services.incidents.reporting import Report, id_of_field, report
from services.incidents.rules import Kind, Subject
from services.outbox.delivery import Lease, enqueue
from workers.jobs.enrollments import KEY_REUSED, request_of, status_of
from workers.pauses import FIRST_QUESTION_SECONDS, pause_after
from workers.runtime import JobContext
from workers.steps import Settled, run_steps

# Rows that are asked about one by one in a pass; the others wait for the next.
MOST_QUESTIONS = 20


def collect(job: JobContext, lease: Lease) -> None:
    """Make batches of all that waits for one."""
    with job.settle(lease, "collected") as session:
        batches.collect(session, now=job.now(session))


def go_on(job: JobContext, lease: Lease) -> None:
    """Do what the batch's status calls for: send it, ask whether it arrived, or fetch results."""

    def claim(session: Session, now: datetime) -> BatchTask | None:
        return batches.begin(session, lease.ref, now=now, vault=job.vault)

    def call(job: JobContext, task: BatchTask) -> Settled:
        return _fetch(job, task) if task.status is Status.SENT else _send(job, task)

    run_steps(job, lease, claim, call, agency=lambda task: task.agency)


def _send(job: JobContext, task: BatchTask) -> Settled:
    """Send the file, unless an earlier attempt reached the agency."""
    agency = job.agencies.batches[task.agency]
    try:
        if not task.begun or agency.batch_status(task.key) is BatchStatus.NOT_FOUND:
            agency.send_batch(_file_of(task))
    except OutcomeUnknown as lost:
        return Settled(f"unknown_{lost.code}", partial(_record_sent, task, False))
    except Refused as refusal:
        if refusal.code != KEY_REUSED:
            raise
        # It has another file under our key: its results are what counts, row by row.
        _report(job, task, Kind.KEY_REUSED, ())
    return Settled("sent", partial(_record_sent, task, True))


def _fetch(job: JobContext, task: BatchTask) -> Settled:
    """Take the rows that are decided; ask about those that the file leaves in doubt."""
    agency = job.agencies.batches[task.agency]
    results = agency.batch_results(task.key)
    reading = _read(job, task, results)
    states = dict(reading.words) | _ask(agency, reading.to_ask[:MOST_QUESTIONS])
    words: dict[str, AgencyStatus] = {}
    lost = set()
    for folio, state in states.items():
        word = status_of(job, task.agency, state)
        if word is None:
            lost.add(folio)
        else:
            words[folio] = word

    def write(session: Session, now: datetime) -> None:
        over = batches.settle_rows(
            session,
            task.batch,
            words,
            lost,
            answered=results.answered,
            now=now,
            vault=job.vault,
        )
        if not over:
            enqueue(
                session,
                "enrollments.batch",
                task.batch,
                delay_seconds=pause_after(now - task.created_at),
            )

    return Settled("answered" if results.answered else "partly_answered", write)


def _read(job: JobContext, task: BatchTask, results: BatchResults) -> Reading[EnrollmentState]:
    with job.transaction() as session:
        folios, waiting = batches.list_folios(session, task.batch)
    reading = read_results(
        waiting,
        folios,
        [(row.folio, row) for row in results.rows],
        unreadable=results.unreadable,
        answered=results.answered,
    )
    if reading.contradicted or reading.strangers:
        odd = (*reading.contradicted, *reading.strangers)
        _report(job, task, Kind.RESULTS_CONTRADICT, odd)
    return reading


def _ask(agency: BatchEnrollmentAgency, folios: Sequence[str]) -> dict[str, EnrollmentState]:
    """What the agency says of single rows, as far as it answers."""
    states: dict[str, EnrollmentState] = {}
    for folio in folios:
        try:
            states[folio] = agency.status(folio)
        except Retryable:
            break
    return states


def _file_of(task: BatchTask) -> EnrollmentBatch:
    applications = tuple(request_of(application) for application in task.applications)
    return EnrollmentBatch(task.key, task.day, applications)


def _record_sent(task: BatchTask, known: bool, session: Session, now: datetime) -> None:
    batches.record_sent(session, task.batch, known=known, now=now)
    enqueue(session, "enrollments.batch", task.batch, delay_seconds=FIRST_QUESTION_SECONDS)


def _report(job: JobContext, task: BatchTask, kind: Kind, folios: Sequence[str]) -> None:
    detail = {"agency": task.agency, "batch": task.key}
    if folios:
        detail["folios"] = ", ".join(sorted(folios)[:MOST_QUESTIONS])
    with job.transaction() as session:
        subject = id_of_field(task.agency, task.key)
        incident = Report(kind, Subject.AGENCY, subject, detail)
        report(session, incident, now=job.now(session))
