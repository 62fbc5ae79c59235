"""Watch for what lasts too long, clear suspense, and report what agencies said oddly."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from services.agencies.watching import watch_agencies
from services.disputes import waiting as disputes
from services.incidents import watching
from services.incidents.reporting import Report, id_of_field, id_of_job, report
from services.incidents.rules import Kind, Subject
from services.outbox.delivery import PARKED, Lease, enqueue, note_error
from services.outbox.inbox import get_message
from services.remittances import waiting
from services.remittances.suspense import clear_suspense
from workers.pauses import FIRST_QUESTION_SECONDS
from workers.runtime import JobContext
from workers.steps import Settled

BATCH = 200
# For so long a callback is looked for that has the agency's own number alone.
LONGEST_SEARCH = timedelta(hours=1)

log = structlog.get_logger(__name__)


def watch(job: JobContext, lease: Lease) -> None:
    """Open incidents for waits and retries that are too long, close those that have ended."""
    with job.settle(lease, "watched") as session:
        now = job.now(session)
        watching.close_retried(session, now=now)
        waiting.close_answered(session, now=now)
        watching.report_retrying(session, now=now, most=BATCH)
        waiting.report_waiting(session, now=now, most=BATCH)
        disputes.close_settled(session, now=now)
        disputes.report_waiting(session, now=now, most=BATCH)
        watch_agencies(session, now=now)


def settle_suspense(job: JobContext, lease: Lease) -> None:
    """Post how a person ended an incident whose money stood in suspense."""
    with job.settle(lease, "cleared") as session:
        clear_suspense(session, lease.ref, now=job.now(session))


def park(job: JobContext, lease: Lease, error: str) -> None:
    """Give up an outbox item for good and open an incident; ``error`` is a code that says why."""
    detail = {"topic": lease.topic, "ref": str(lease.ref), "attempts": lease.attempts}
    subject = id_of_job(lease.topic, lease.ref)
    with job.settle(lease, PARKED) as session:
        note_error(session, lease, error)
        incident = Report(Kind.JOB_PARKED, Subject.JOB, subject, detail)
        report(session, incident, now=job.now(session))


def not_found(session: Session, lease: Lease, now: datetime) -> Settled:
    """Nothing of ours is what the callback speaks of. What an agency calls by its own number may be
    known later only: that is looked for again for an hour."""
    message = get_message(session, lease.ref)
    age = now - message.received_at
    if message.folio or age >= LONGEST_SEARCH:
        return unmatched(lease)
    delay = max(age / timedelta(seconds=4), FIRST_QUESTION_SECONDS)

    def look_again(writing: Session, _now: datetime) -> None:
        enqueue(writing, lease.topic, lease.ref, delay_seconds=delay)

    return Settled("not_matched_yet", look_again)


def unmatched(lease: Lease) -> Settled:
    """The agency speaks of something that we don't have: kept for a person, with its message."""

    def write(session: Session, now: datetime) -> None:
        message = get_message(session, lease.ref)
        about = {"folio": message.folio} if message.folio else {"reference": message.reference}
        detail = {"agency": message.agency, "message": message.message_id, **about}
        incident = Report(Kind.CALLBACK_UNMATCHED, Subject.AGENCY_MESSAGE, lease.ref, detail)
        report(session, incident, now=now)

    return Settled("unknown_folio", write)


def note_dropped(job: JobContext, agency: str, fields: Iterable[str]) -> None:
    """Optional fields of an answer that couldn't be used: one incident an agency and field.

    In a transaction of its own: the incident's row is everybody's, and money doesn't wait for it.
    """
    for name in fields:
        log.warning("agency_field_dropped", agency=agency, part=name)
        with job.transaction() as session:
            detail = {"agency": agency, "field": name}
            subject = id_of_field(agency, name)
            incident = Report(Kind.FIELD_UNUSABLE, Subject.AGENCY_FIELD, subject, detail)
            report(session, incident, now=job.now(session))
