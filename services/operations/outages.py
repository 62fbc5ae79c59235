"""Notice when no process of a kind is alive any more: an incident, and one message an outage.

Both the relay and the schedule watch, so that each is noticed by the other; when all are dead, the
web's readiness and metrics say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from services.incidents.reporting import Report, find_open, recover, report
from services.incidents.rules import Kind, Subject
from services.kernel.ids import new_id
from services.operations.heartbeats import list_alive
from services.operations.models import Outage
from services.operations.rules import Liveness, Process

_OPEN = text(
    """
    INSERT INTO outages (id, process) VALUES (:id, :process)
    ON CONFLICT (process) WHERE ended_at IS NULL DO NOTHING RETURNING id
    """
)
_CLOSE = text(
    """
    UPDATE outages SET ended_at = clock_timestamp()
    WHERE ended_at IS NULL AND process = ANY (:alive) RETURNING id
    """
)


def watch(session: Session, *, now: datetime) -> Mapping[Process, Liveness]:
    """Open an outage and its incident for each kind that is dead; close those that are over."""
    alive = {process: standing.liveness for process, standing in list_alive(session).items()}
    for process, liveness in alive.items():
        if liveness is Liveness.DEAD:
            _open(session, process, now=now)
    living = [process.value for process, liveness in alive.items() if liveness is Liveness.ALIVE]
    over = session.scalars(_CLOSE, {"alive": living}).all()
    incidents = (find_open(session, Kind.PROCESS_DEAD, outage) for outage in over)
    recover(session, filter(None, incidents), now=now)
    return alive


def list_untold(session: Session) -> Sequence[Outage]:
    """Outages that go on, and about which nobody has been told."""
    query = select(Outage).where(Outage.ended_at.is_(None), Outage.told_at.is_(None))
    return session.scalars(query.order_by(Outage.began_at)).all()


_TOLD = text("UPDATE outages SET told_at = clock_timestamp() WHERE id = :id AND told_at IS NULL")


def mark_notified(session: Session, outage: UUID) -> None:
    """The duty officer has been told."""
    session.execute(_TOLD, {"id": outage})


def _open(session: Session, process: Process, *, now: datetime) -> None:
    values = {"id": new_id(), "process": process}
    outage = session.execute(_OPEN, values).scalar_one_or_none()
    if outage is not None:
        detail = {"process": process.value}
        report(session, Report(Kind.PROCESS_DEAD, Subject.PROCESS, outage, detail), now=now)
