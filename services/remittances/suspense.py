"""What contradicts the books: an incident for a person, and its money in suspense until then.

What stands in suspense equals what the incidents say that isn't cleared yet.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.incidents.models import Incident
from services.incidents.reporting import Report, note_step, report, settled_before, suspend
from services.incidents.rules import Kind, Resolution, Step, Subject
from services.kernel.audit import SYSTEM
from services.remittances.entries import EntryKind, line, post_lines
from services.remittances.entries import LedgerCode as Code
from services.remittances.models import Remittance


def report_contradiction(
    session: Session,
    remittance: Remittance,
    kind: Kind,
    detail: dict[str, object],
    *,
    suspense_minor: int,
    now: datetime,
) -> None:
    """Report it, with ``suspense_minor`` centavos in suspense. The remittance is locked.

    The same word again posts nothing more, and what a person has settled for good is no news.
    """
    if settled_before(session, kind, remittance.id, suspense_minor=suspense_minor):
        return
    contradiction = Report(
        kind, Subject.REMITTANCE, remittance.id, {"status": remittance.status, **detail}
    )
    incident = report(session, contradiction, now=now)
    if suspense_minor and suspend(session, incident, suspense_minor):
        lines = [
            line(Code.SUSPENSE_MXN, suspense_minor),
            line(Code.FINABIEN_SETTLEMENT, -suspense_minor),
        ]
        post_lines(session, EntryKind.SUSPENDED, remittance.id, lines, now=now, incident=incident)


def clear_suspense(session: Session, incident_id: UUID, *, now: datetime) -> bool:
    """Post how a person ended it: reversed, or borne by the house. False when that was done."""
    incident = session.execute(
        select(Incident).where(Incident.id == incident_id).with_for_update()
    ).scalar_one()
    if incident.suspense_cleared_at is not None or incident.resolution is None:
        return False
    written_off = incident.resolution == Resolution.WRITTEN_OFF
    against = Code.LOSSES_MXN if written_off else Code.FINABIEN_SETTLEMENT
    lines = [
        line(Code.SUSPENSE_MXN, -incident.suspense_minor),
        line(against, incident.suspense_minor),
    ]
    post_lines(
        session, EntryKind.CLEARED, incident.subject_id, lines, now=now, incident=incident_id
    )
    incident.suspense_cleared_at = now
    session.flush()
    note_step(session, incident_id, Step.CLEARED, actor=SYSTEM, now=now)
    return True
