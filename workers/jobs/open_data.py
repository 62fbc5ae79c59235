"""Work out what is left out of the months of a data set, ahead of its preview."""

from __future__ import annotations

from services.open_data.datasets import DATASETS
from services.open_data.leaving_out import keep_left_out, ref_of, work_out
from services.open_data.preparing import prepare
from services.outbox.delivery import Lease
from workers.runtime import JobContext

_CODES = {ref_of(code): code for code in DATASETS}


def prepare_months(job: JobContext, lease: Lease) -> None:
    """A month at a time: one that is interrupted goes on where it was."""
    with job.transaction() as session:
        prepared = prepare(session, _CODES[lease.ref])
    for table in prepared.waiting:
        found = work_out(table, prepared.threshold)
        with job.transaction() as session:
            keep_left_out(session, table, prepared.threshold, found)
    with job.settle(lease, "prepared"):
        return
