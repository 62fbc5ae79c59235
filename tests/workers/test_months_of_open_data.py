"""What is left out of months with many small numbers is worked out by a worker, once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import text

from services.open_data import preparing
from services.open_data.leaving_out import TOPIC, ask, find_left_out, is_under_way, work_out
from services.open_data.preparing import prepare
from tests.factories.alerts import write_appointments
from tests.factories.consulates import add_consulate, add_service
from tests.workers.conftest import outcomes, until
from workers.runtime import JobContext

SET = "appointments-attended"


def test_a_worker_works_out_every_month_that_waits_and_none_twice(
    job: JobContext, pump: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "AT_ONCE", 0)
    with job.transaction() as session:
        add_consulate(session)
        add_service(session)
        for month, count in ((3, 2), (4, 3), (5, 3)):
            day = date(2026, month, 2)
            write_appointments(session, day, count, status="completed")
        ask(session, SET)
    with job.transaction() as session:
        waiting = prepare(session, SET).waiting
        assert len(waiting) == 3
        assert is_under_way(session, SET)
    until(lambda: pump() == 0)
    assert outcomes(job, TOPIC) == ["prepared"]
    with job.transaction() as session:
        assert prepare(session, SET).waiting == []
        for table in waiting:
            assert find_left_out(session, table, 5) == work_out(table, 5)
        kept = session.execute(text("SELECT count(*) FROM dataset_months")).scalar_one()
        assert kept == 2, "two months with the same numbers are one"
        assert not is_under_way(session, SET)
