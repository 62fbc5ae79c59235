"""A rule writes once when its condition comes to hold, and once when it is over, come what may."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from services.alerts import evaluating
from services.alerts.making import pause, stop_reading
from services.alerts.queries import list_told
from services.alerts.rules import Span
from services.kernel.audit import SYSTEM, Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.staff.accounts import end_account
from tests.factories.alerts import add_alert, add_analyst, noon, watch_no_shows, write_appointments
from tests.factories.consulates import add_consulate, add_service
from tests.workers.conftest import messages, outcomes, until
from workers.jobs.run import run_outbox
from workers.runtime import JobContext
from workers.schedule import Schedule

Make = Callable[..., UUID]
ANA, LUIS = "ana@example.org", "luis@example.org"
# Three days of a September, the third without anything: nobody failed to come.
FIRST = date(2026, 9, 14)
ONE = timedelta(days=1)


@pytest.fixture
def figures(job: JobContext) -> JobContext:
    """Nine no-shows on each of two days, then none."""
    with job.transaction() as session:
        add_consulate(session)
        add_service(session)
        for day in (FIRST, FIRST + ONE):
            write_appointments(session, day, 9)
    return job


@pytest.fixture
def make(pages: Database) -> Make:
    """A rule that tells these new analysts."""

    def make(*emails: str, span: Span = Span.DAY) -> UUID:
        with pages.transaction(NETWORK_SCOPE) as session:
            for email in emails:
                add_analyst(session, email)
            return add_alert(session, watch_no_shows(span=span), *emails)

    return make


def look(job: JobContext, rule: UUID, day: date) -> str | None:
    """Evaluate as at noon on that day; what there was to tell."""
    with job.transaction() as session:
        notice = evaluating.evaluate(session, rule, now=noon(day))
        return notice.state if notice else None


def test_what_goes_on_is_told_once_and_its_end_once(
    figures: JobContext, make: Make, pump: Callable[[], int], agencies_url: str
) -> None:
    rule = make(ANA, LUIS)
    days = [FIRST + n * ONE for n in (1, 1, 2, 3, 3, 4)]
    assert [look(figures, rule, day) for day in days] == [
        "raised", None, None, "cleared", None, None,
    ]  # fmt: skip
    until(lambda: pump() == 0)
    for reader in (ANA, LUIS):
        cleared, raised = messages(agencies_url, reader)
        assert raised["subject"].startswith("Alerta: Citas por estado (")
        assert "9 citas. Pasa del límite de 5." in raised["body"]
        assert "el 14 sep 2026" in raised["body"]
        assert "(hora estándar central)" in raised["body"], "the zone of the cutoff"
        assert "Faltan más que antes." in raised["body"]
        address = f"{figures.public_url}/monitoring/indicators/appointments?"
        question = "consulate=villanueva&status=no_show&from=2026-09-14&to=2026-09-14&as_of="
        assert f"{address}{question}" in raised["body"]
        assert f"{figures.public_url}/monitoring/alerts/{rule}" in raised["body"]
        assert cleared["subject"].startswith("Volvió a lo normal:")
        assert "0 citas. No pasa del límite de 5." in cleared["body"]
    with figures.transaction() as session:
        told = list_told(session, rule)
    assert [each.notice.state for each in told] == ["cleared", "raised"]
    assert {d.state for each in told for d in each.deliveries} == {"sent"}


def test_after_it_cleared_the_next_time_is_told_again(figures: JobContext, make: Make) -> None:
    rule = make(ANA)
    with figures.transaction() as session:
        write_appointments(session, FIRST + 3 * ONE, 7)
    days = [FIRST + n * ONE for n in (1, 3, 4)]
    assert [look(figures, rule, day) for day in days] == ["raised", "cleared", "raised"]


def test_of_one_period_each_state_is_told_once_however_its_figure_moves(
    figures: JobContext, make: Make
) -> None:
    rule = make(ANA)
    on = FIRST + ONE
    assert look(figures, rule, on) == "raised"
    for change, state in ((-9, "cleared"), (9, None), (-9, None)):
        with figures.transaction() as session:
            write_appointments(session, FIRST, change)
        assert look(figures, rule, on) == state


def test_a_crash_before_the_commit_loses_nothing_and_repeats_nothing(
    figures: JobContext, make: Make
) -> None:
    rule = make(ANA)
    with figures.transaction() as session:
        assert evaluating.evaluate(session, rule, now=noon(FIRST + ONE))
        session.rollback()
    assert outcomes(figures, "alerts.notice") == []
    assert [look(figures, rule, FIRST + ONE) for _ in range(2)] == ["raised", None]
    assert outcomes(figures, "alerts.notice") == [None]


def test_many_that_look_at_once_tell_once(figures: JobContext, make: Make) -> None:
    rule = make(ANA)
    with ThreadPoolExecutor(3) as pool:
        told = list(pool.map(lambda _: look(figures, rule, FIRST + ONE), range(9)))
    assert [state for state in told if state] == ["raised"]
    assert outcomes(figures, "alerts.notice") == [None]


def test_nobody_is_written_to_who_stopped_left_or_may_not_look(
    figures: JobContext, pages: Database, pump: Callable[[], int], agencies_url: str
) -> None:
    with pages.transaction(NETWORK_SCOPE) as session:
        ana = add_analyst(session, ANA)
        luis = add_analyst(session, LUIS, role="auditor")
        rule = add_alert(session, watch_no_shows(), ANA, LUIS)
    with pages.transaction(NETWORK_SCOPE) as session:
        stop_reading(session, rule, now=system_clock(), actor=Actor(Role.ANALYST, ana))
    assert look(figures, rule, FIRST + ONE) == "raised"
    with pages.transaction(NETWORK_SCOPE) as session:
        end_account(session, luis, now=system_clock(), actor=SYSTEM)
    until(lambda: pump() == 0)
    assert outcomes(figures, "alerts.notice") == ["moot"]
    assert messages(agencies_url, ANA) == messages(agencies_url, LUIS) == []


def test_the_schedule_looks_at_active_rules_only(
    figures: JobContext, pages: Database, make: Make
) -> None:
    rule = make(ANA, span=Span.NOW)
    analyst = Actor(Role.ANALYST, UUID(int=7))
    with pages.transaction(NETWORK_SCOPE) as session:
        pause(session, rule, now=system_clock(), actor=analyst)
        assert evaluating.list_active(session) == []
    other = make(LUIS, span=Span.NOW)
    assert "alerts.evaluate" in Schedule(figures.database, figures.clock).tick()
    with figures.transaction() as session:
        item = session.execute(
            text("SELECT id FROM outbox WHERE topic = 'alerts.evaluate'")
        ).scalar_one()
    run_outbox(str(item))
    assert outcomes(figures, "alerts.evaluate") == ["evaluated"]
    with figures.transaction() as session:
        assert [each.notice.state for each in list_told(session, other)] == ["raised"]
        assert list_told(session, rule) == []
