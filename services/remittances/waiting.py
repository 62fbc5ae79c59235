"""Every wait ends with a person: orders without a final word by the time that was promised, or
about which no usable answer came for an hour."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from services.incidents.models import Incident
from services.incidents.reporting import Report, recover
from services.incidents.rules import END_BY_THEMSELVES, Kind, Subject
from services.incidents.watching import report_states
from services.remittances.models import PayoutAttempt, Remittance, ScreeningHit
from services.remittances.rules import (
    FINAL,
    LONGEST_SILENCE,
    NOT_BACK_YET,
    OPEN,
    REFUND_WARNING,
    RESENDABLE,
    SILENT,
    AttemptOutcome,
)

_UNDECIDED = exists().where(
    ScreeningHit.remittance_id == Remittance.id, ScreeningHit.decided_at.is_(None)
)
# The agency has said that it has the order: it may take its time.
_HAS_WORD = Remittance.status.in_(sorted(RESENDABLE)) & exists().where(
    PayoutAttempt.remittance_id == Remittance.id,
    PayoutAttempt.outcome == AttemptOutcome.ANSWERED,
)


def report_waiting(session: Session, *, now: datetime, most: int) -> int:
    """Open an incident for each that waits for too long; returns how many are new."""
    overdue = select(Remittance.id, Remittance.status).where(
        Remittance.status.in_(sorted(OPEN)), Remittance.answer_due_at < now
    )
    silent = select(Remittance.id, Remittance.status).where(
        Remittance.status.in_(sorted(SILENT)),
        Remittance.changed_at < now - LONGEST_SILENCE,
        ~_HAS_WORD,
    )
    refund = select(Remittance.id, Remittance.status).where(
        Remittance.status.in_(sorted(NOT_BACK_YET)),
        Remittance.answer_due_at.between(now, now + REFUND_WARNING),
    )
    count = 0
    for kind, query in (
        (Kind.ANSWER_OVERDUE, overdue),
        (Kind.AGENCY_SILENT, silent),
        (Kind.REFUND_DUE, refund),
    ):
        known = select(Incident.subject_id).where(
            Incident.kind == kind, Incident.resolved_at.is_(None)
        )
        rows = session.execute(query.where(Remittance.id.not_in(known)).limit(most))
        reports = [Report(kind, Subject.REMITTANCE, row.id, {"status": row.status}) for row in rows]
        count += report_states(session, reports, now=now)
    return count


def close_answered(session: Session, *, now: datetime) -> int:
    """Close those that have their final word, or moved on; returns how many."""
    over = (
        select(Incident.id)
        .join(Remittance, Remittance.id == Incident.subject_id)
        .where(
            Incident.resolved_at.is_(None),
            Incident.kind.in_(sorted(END_BY_THEMSELVES)),
            Remittance.status.in_(sorted(FINAL))
            | ((Incident.kind == Kind.NAME_LISTED) & ~_UNDECIDED)
            | (
                (Incident.kind == Kind.AGENCY_SILENT)
                & (Remittance.status.not_in(sorted(SILENT)) | _HAS_WORD)
            ),
        )
    )
    return recover(session, session.scalars(over), now=now)
