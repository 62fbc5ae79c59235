"""Fetch the list of places where cash is collected."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from integrations.registry import Purpose
from services.incidents.reporting import Report, id_of_field, report
from services.incidents.rules import Kind, Subject
from services.outbox.delivery import Lease
from services.remittances.places import ListedPlace, store_places
from workers.agencies import code_of
from workers.runtime import JobContext
from workers.steps import Settled, run_steps

AGENCY = code_of(Purpose.PAYOUTS)
FIELD = "sucursales"


def fetch_places(job: JobContext, lease: Lease) -> None:
    """Keep the branches as the agency lists them now."""
    run_steps(job, lease, lambda _session, _now: True, _fetch, agency=AGENCY)


def _fetch(job: JobContext, _due: bool) -> Settled:
    found = job.agencies.payouts.branches()
    listed = [ListedPlace(**asdict(branch)) for branch in found.branches]

    def store(session: Session, now: datetime) -> None:
        store_places(session, listed, now=now, unreadable=found.unreadable)
        if found.unreadable:
            report(session, _unreadable(len(found.unreadable), len(listed)), now=now)

    return Settled("fetched", store)


def _unreadable(rows: int, readable: int) -> Report:
    detail = {"agency": AGENCY, "field": FIELD, "rows": rows, "readable": readable}
    return Report(Kind.FIELD_UNUSABLE, Subject.AGENCY_FIELD, id_of_field(AGENCY, FIELD), detail)
