"""Pass the documents of a request to its agency."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from integrations.contracts import DocumentFile
from integrations.errors import OutcomeUnknown, Refused
from services.enrollments.passing import DocumentTask, next_document, record_passed
from services.enrollments.programs.registry import PROGRAMS
from services.outbox.delivery import Lease
from workers.runtime import JobContext
from workers.steps import Claim, RetryLater, Settled, run_steps

NOT_FOUND = "not_found"


def pass_documents(job: JobContext, lease: Lease) -> None:
    """Hand over what the agency doesn't have yet; the same again has no further effect there."""

    def claim(session: Session, _now: datetime) -> DocumentTask | None:
        return next_document(session, lease.ref, vault=job.vault)

    def call(job: JobContext, task: DocumentTask) -> Claim[DocumentTask] | RetryLater:
        try:
            _send(job, task)
        except OutcomeUnknown:
            return RetryLater()
        except Refused as refusal:
            if refusal.code != NOT_FOUND:
                raise
            # The request itself is still on its way, e.g. in the next file.
            return RetryLater()

        def keep(session: Session, now: datetime) -> None:
            record_passed(session, task, now=now)

        def take(session: Session, now: datetime) -> DocumentTask | Settled:
            keep(session, now)
            return claim(session, now) or Settled("passed")

        return Claim(take, keep)

    run_steps(job, lease, claim, call, agency=lambda task: PROGRAMS[task.program].agency)


def _send(job: JobContext, task: DocumentTask) -> None:
    code = PROGRAMS[task.program].agency
    agency = job.agencies.batches.get(code) or job.agencies.enrollments[code]
    document = DocumentFile(task.document, task.kind, task.media_type, task.content)
    agency.send_document(task.folio, document)
