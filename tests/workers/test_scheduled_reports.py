"""A report goes out once for each of its days; keepers of agreements are reminded once of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest

from services.alerts.agreements import remind
from services.alerts.rules import Covers, Every
from services.alerts.scheduling import ScheduleReport, begin_due, schedule_report, stop_report
from services.commission.models import Agreement, CommissionSession
from services.kernel.audit import Actor, Role
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import new_id
from tests.factories.alerts import add_analyst, noon, write_appointments
from tests.factories.consulates import add_consulate, add_service
from tests.workers.conftest import messages, outcomes, until
from workers.runtime import JobContext

ANA = "ana@example.org"
MADE, ONE = date(2026, 9, 14), timedelta(days=1)
ANALYST = Actor(Role.ANALYST, UUID(int=7))


@pytest.fixture
def report(job: JobContext, pages: Database) -> UUID:
    """Every day at eight, appointments served yesterday by office, made at noon."""
    with job.transaction() as session:
        add_consulate(session)
        add_service(session)
        for day, count in ((MADE - ONE, 4), (MADE, 5)):
            write_appointments(session, day, count, status="completed")
    command = ScheduleReport(
        "appointments", "consulate", Covers.DAY, Every.DAY, 8, [ANA.upper()], "es"
    )
    with pages.transaction(NETWORK_SCOPE) as session:
        add_analyst(session, ANA)
        [row] = schedule_report(session, command, now=noon(MADE), actor=ANALYST)
        return row.id


def begin(job: JobContext, day: date) -> int:
    with job.transaction() as session:
        return begin_due(session, now=noon(day))


def test_it_goes_out_once_a_day_late_rather_than_twice(
    job: JobContext, report: UUID, pump: Callable[[], int], agencies_url: str
) -> None:
    assert begin(job, MADE) == 0, "its hour had passed when it was made"
    assert [begin(job, MADE + n * ONE) for n in (1, 1, 4, 4)] == [1, 0, 1, 0]
    until(lambda: pump() == 0)
    _late, first = messages(agencies_url, ANA)
    assert first["subject"].startswith("Reporte: Citas por estado (")
    assert "el 14 sep 2026" in first["subject"]
    for line in (
        "5 (antes 4, +25\N{NO-BREAK SPACE}%) citas",
        "- Consulado de México en Villanueva: 5 (antes 4, +25\N{NO-BREAK SPACE}%)",
        "Completo, en Excel: ",
        "Renglones del archivo: 1\n",
        f"{job.public_url}/monitoring/export.csv?indicator=appointments&by=consulate"
        "&from=2026-09-14&to=2026-09-14&as_of=",
        f"{job.public_url}/monitoring/scheduled-reports/{report}",
    ):
        assert line in first["body"], first["body"]


def test_one_that_was_stopped_before_it_went_out_does_not(
    job: JobContext, pages: Database, report: UUID, pump: Callable[[], int], agencies_url: str
) -> None:
    assert begin(job, MADE + ONE) == 1
    with pages.transaction(NETWORK_SCOPE) as session:
        stop_report(session, report, now=noon(MADE + ONE), actor=ANALYST)
    until(lambda: pump() == 0)
    assert outcomes(job, "alerts.report") == ["moot"]
    assert messages(agencies_url, ANA) == []
    assert begin(job, MADE + 2 * ONE) == 0


def test_keepers_are_reminded_of_each_agreement_once_before_and_once_after(
    job: JobContext, pages: Database, pump: Callable[[], int], agencies_url: str
) -> None:
    due = MADE + 7 * ONE
    with pages.transaction(NETWORK_SCOPE) as session:
        add_analyst(session, ANA)
        add_analyst(session, None)
        held = CommissionSession(
            id=new_id(), number=12, status="draft", created_at=noon(MADE), changed_at=noon(MADE)
        )
        session.add(held)
        session.flush()
        for position, (text, on) in enumerate((("Abrir Boise", due), ("Otro", due + 60 * ONE))):
            session.add(
                Agreement(id=new_id(), session_id=held.id, position=position, agreed=text,
                          responsible="SRE", due_on=on)
            )  # fmt: skip
    told = []
    for day in (MADE - ONE, MADE, MADE, due, due + ONE, due + 2 * ONE):
        with job.transaction() as session:
            told.append(remind(session, now=noon(day)))
    assert told == [0, 1, 0, 0, 1, 0]
    until(lambda: pump() == 0)
    bodies = [message["body"] for message in messages(agencies_url, ANA)]
    assert len(bodies) == 2
    assert all("Abrir Boise (SRE; sesión 12)" in body and "Otro" not in body for body in bodies)
