"""Watch for what lasts too long, clear suspense, and report what agencies said oddly."""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from services.incidents import watching
from services.incidents.reporting import Report, id_of_field, id_of_job, report
from services.incidents.rules import Kind, Subject
from services.outbox.delivery import Claim
from services.outbox.inbox import find_folio, find_message_id
from services.remittances import waiting
from services.remittances.suspense import clear_suspense
from workers.runtime import Work

BATCH = 200

log = structlog.get_logger(__name__)


def watch(work: Work, claim: Claim) -> None:
    """Open incidents for waits and retries that are too long, close those that have ended."""
    with work.settle(claim, "watched") as session:
        now = work.now(session)
        watching.close_retried(session, now=now)
        waiting.close_answered(session, now=now)
        watching.report_retrying(session, now=now, most=BATCH)
        waiting.report_waiting(session, now=now, most=BATCH)


def settle_suspense(work: Work, claim: Claim) -> None:
    """Post how a person ended an incident whose money stood in suspense."""
    with work.settle(claim, "cleared") as session:
        clear_suspense(session, claim.ref, now=work.now(session))


def park(work: Work, claim: Claim) -> None:
    """Give the item up for good; a person is told."""
    detail = {"topic": claim.topic, "ref": str(claim.ref), "attempts": claim.attempts}
    subject = id_of_job(claim.topic, claim.ref)
    with work.settle(claim, "parked") as session:
        given = Report(Kind.JOB_PARKED, Subject.JOB, subject, detail)
        report(session, given, now=work.now(session))


def report_unmatched(work: Work, claim: Claim) -> None:
    """The agency speaks of a folio that we don't have: kept for a person, with its message."""
    with work.settle(claim, "unknown_folio") as session:
        detail = {
            "agency": claim.topic.partition(".")[0],
            "folio": find_folio(session, claim.ref),
            "message": find_message_id(session, claim.ref),
        }
        given = Report(Kind.CALLBACK_UNMATCHED, Subject.AGENCY_MESSAGE, claim.ref, detail)
        report(session, given, now=work.now(session))


def note_dropped(work: Work, agency: str, fields: Iterable[str]) -> None:
    """Optional fields of an answer that couldn't be used: one incident an agency and field.

    In a transaction of its own: the incident's row is everybody's, and money doesn't wait for it.
    """
    for name in fields:
        log.warning("agency_field_dropped", agency=agency, part=name)
        with work.transaction() as session:
            detail = {"agency": agency, "field": name}
            subject = id_of_field(agency, name)
            given = Report(Kind.FIELD_UNUSABLE, Subject.AGENCY_FIELD, subject, detail)
            report(session, given, now=work.now(session))
