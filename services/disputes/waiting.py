"""A claimed error ends with a person: one that wasn't decided within its term, or whose remedy has
to be given by today and wasn't, opens an incident."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import Session

from services.disputes.models import Dispute
from services.disputes.rules import OPEN
from services.incidents.models import Incident
from services.incidents.reporting import Report, recover
from services.incidents.rules import Kind, Subject
from services.incidents.watching import report_states
from services.remittances.models import RemedyRefund
from services.remittances.rules import RemedyState, day_in_mexico

_UNDECIDED = Dispute.status.in_(sorted(OPEN))
_OWED = RemedyRefund.state == RemedyState.OWED


def report_waiting(session: Session, *, now: datetime, most: int) -> int:
    """Open an incident for each that waits for too long; returns how many are new."""
    today = day_in_mexico(now)
    return sum(
        _report(session, kind, query.limit(most), now)
        for kind, query in (
            (Kind.DISPUTE_OVERDUE, _overdue(today)),
            (Kind.REMEDY_DUE, _due(today)),
        )
    )


def close_settled(session: Session, *, now: datetime) -> int:
    """Close those about what was decided, or given, since; returns how many."""
    undecided = exists().where(Dispute.id == Incident.subject_id, _UNDECIDED)
    owed = exists().where(RemedyRefund.id == Incident.subject_id, _OWED)
    over = or_(
        and_(Incident.kind == Kind.DISPUTE_OVERDUE, ~undecided),
        and_(Incident.kind == Kind.REMEDY_DUE, ~owed),
    )
    query = select(Incident.id).where(Incident.resolved_at.is_(None), over)
    return recover(session, session.scalars(query), now=now)


def _overdue(today: date) -> Select[UUID, str, date]:
    return (
        select(Dispute.id, Dispute.folio, Dispute.investigate_by.label("until"))
        .where(_UNDECIDED, Dispute.investigate_by < today)
        .where(Dispute.id.not_in(_known(Kind.DISPUTE_OVERDUE)))
    )


def _due(today: date) -> Select[UUID, str, date]:
    return (
        select(RemedyRefund.id, RemedyRefund.folio, RemedyRefund.due_on.label("until"))
        .where(_OWED, RemedyRefund.due_on <= today)
        .where(RemedyRefund.id.not_in(_known(Kind.REMEDY_DUE)))
    )


def _known(kind: Kind) -> Select[UUID]:
    return select(Incident.subject_id).where(Incident.kind == kind, Incident.resolved_at.is_(None))


def _report(session: Session, kind: Kind, query: Select[UUID, str, date], now: datetime) -> int:
    reports = [
        Report(kind, Subject.DISPUTE, row.id, {"folio": row.folio, "until": row.until.isoformat()})
        for row in session.execute(query)
    ]
    return report_states(session, reports, now=now)
