"""An agency that has been out of reach for long is one incident, however much waits for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.incidents.reporting import Report, find_open, id_of_agency, recover, report
from services.incidents.rules import Kind, Subject

PATIENCE = timedelta(minutes=10)

# A pause by staff needs no telling; what fails meanwhile does, once it is lifted.
_STATES = text(
    """
    SELECT s.agency, s.last_code, s.state = 'closed' AS well FROM agency_states s
    WHERE s.state = 'closed' OR (s.changed_at < :before AND NOT EXISTS (
        SELECT FROM agency_pauses p WHERE p.agency = s.agency AND p.lifted_at IS NULL))
    """
)


def watch_agencies(session: Session, *, now: datetime) -> None:
    """Open an incident for each whose breaker hasn't closed for long; close it when it has."""
    for row in session.execute(_STATES, {"before": now - PATIENCE}):
        subject = id_of_agency(row.agency)
        incident = find_open(session, Kind.AGENCY_UNAVAILABLE, subject)
        if row.well and incident:
            recover(session, [incident], now=now)
        elif not row.well and not incident:
            detail = {"agency": row.agency, "code": row.last_code}
            unavailable = Report(Kind.AGENCY_UNAVAILABLE, Subject.AGENCY, subject, detail)
            report(session, unavailable, now=now)
