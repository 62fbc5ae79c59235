"""Jobs that were given up, as a worker leaves them."""

from __future__ import annotations

from uuid import UUID

from services.incidents.reporting import Report, id_of_job, report
from services.incidents.rules import Kind, Subject
from services.kernel.clock import database_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import new_id
from services.outbox import delivery


def park_jobs(
    workers: Database, count: int, topic: str = "enrollments.refresh", *, ref: UUID | None = None
) -> list[UUID]:
    """So many jobs that failed too often, about ``ref`` or something new each; their outbox ids."""
    return [_park(workers, topic, ref or new_id()) for _ in range(count)]


def _park(workers: Database, topic: str, ref: UUID) -> UUID:
    with workers.transaction(NETWORK_SCOPE) as session:
        item = delivery.enqueue(session, topic, ref)
        lease = delivery.take_lease(session, item, lease_seconds=30)
        assert lease is not None
        assert delivery.finish(session, lease, delivery.PARKED)
        delivery.note_error(session, lease, "ZeroDivisionError enrollments.py:1")
        incident = Report(Kind.JOB_PARKED, Subject.JOB, id_of_job(topic, ref), {"topic": topic})
        report(session, incident, now=database_clock(session))
    return item
