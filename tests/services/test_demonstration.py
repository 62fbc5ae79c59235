"""What an instance starts with: at any hour there is a desk to try, and nothing happened yet that
lies ahead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from consular.local.demo_history import ensure_demo_history
from consular.local.demo_schedule import DEMO_STAFF, SECOND_ANALYST, extend_demo_schedule
from consular.local.demonstration import load_demo
from consular.seed import load_reference
from integrations.simulator.personas import OFFICIALS
from services.commission.assembling import assemble, numbers
from services.commission.queries import list_sessions
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.settings import Settings
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, figures
from tests.factories.web import with_token_key
from tests.servers import connected

# A working day, and a holiday of the United States.
DAYS = (datetime(2026, 11, 24, tzinfo=UTC), datetime(2026, 11, 26, tzinfo=UTC))
OFFICES = {office for _role, office in DEMO_STAFF if office}

_TODAY = text(
    """
    SELECT count(*) FROM slots s JOIN sessions n ON n.id = s.session_id
    JOIN consulates c ON c.code = n.consulate_code
    WHERE s.consulate_code = ANY (:offices) AND s.open AND s.starts_at > :now
      AND n.day = (CAST(:now AS timestamptz) AT TIME ZONE c.time_zone)::date
    """
)
_AHEAD = text(
    """
    SELECT a.status, count(*) FROM appointments a JOIN consulates c ON c.code = a.consulate_code
    WHERE a.day > (CAST(:now AS timestamptz) AT TIME ZONE c.time_zone)::date GROUP BY 1
    """
)


@pytest.fixture
def ready(settings: Settings) -> Settings:
    load_reference(settings)
    return with_token_key(settings)


@pytest.mark.parametrize("day", DAYS, ids=lambda day: f"{day:%a}")
def test_at_any_hour_some_office_with_staff_has_a_session_today(
    ready: Settings, day: datetime
) -> None:
    with connected(ready.database_url, pool_size=1) as database:
        # Just before midnight in Toronto, Chicago and Los Ángeles; morning, and afternoon.
        for hour in (4, 5, 7, 15, 21):
            now = day + timedelta(hours=hour, minutes=50)
            extend_demo_schedule(ready, now)
            with database.transaction(NETWORK_SCOPE) as session:
                times = session.execute(_TODAY, {"offices": list(OFFICES), "now": now}).scalar_one()
            assert times > 0, now


def test_a_second_start_opens_nothing_more(ready: Settings) -> None:
    now = datetime(2026, 11, 24, 18, 5, tzinfo=UTC)
    assert extend_demo_schedule(ready, now) > 400
    assert extend_demo_schedule(ready, now + timedelta(minutes=20)) == 0


def test_figures_of_two_years_are_invented_once_and_leave_the_last_days_alone(
    ready: Settings,
) -> None:
    assert ensure_demo_history(ready)
    assert not ensure_demo_history(ready)
    database = Database(ready.database_url, pool_size=1)
    today = system_clock().date()
    try:
        with database.transaction(NETWORK_SCOPE) as session:
            now, before = (
                figures(session, AskIndicator("appointments", (Dimension.CONSULATE,), *days))
                for days in (
                    (today - timedelta(days=365), today - timedelta(days=2)),
                    (today - timedelta(days=730), today - timedelta(days=366)),
                )
            )
            lately = figures(session, AskIndicator("appointments", first=today - timedelta(days=1)))
    finally:
        database.dispose()
    assert len({row["consulate"] for row in now.rows}) > 50
    assert sum(row["value"] for row in now.rows) > sum(row["value"] for row in before.rows) > 0
    assert lately.rows == []


def test_staff_of_every_such_office_can_sign_in() -> None:
    subjects = {"-".join(filter(None, ("demo", role, office))) for role, office in DEMO_STAFF}
    assert subjects | {SECOND_ANALYST} == set(OFFICIALS)


def test_the_example_of_a_report_has_what_the_press_note_says_and_invents_nothing(
    ready: Settings,
) -> None:
    extend_demo_schedule(ready)
    extend_demo_schedule(ready)
    with (
        connected(ready.database_url, pool_size=1) as database,
        database.transaction(NETWORK_SCOPE) as session,
    ):
        [example] = list_sessions(session)
        content = assemble(session, example)
    assert (content["number"], content["example"], content["held_on"]) == (11, True, None)
    assert (content["attendance"], content["agenda"], content["agreements"]) == ([], [], [])
    values = {code: result["value"] for (_group, code), result in numbers(content).items()}
    assert values["reported-persons_informed"] == "147988"
    assert values["votes-2024"] == "184326"


def test_nobody_is_served_ahead_of_time(ready: Settings) -> None:
    extend_demo_schedule(ready)
    done = load_demo(ready, 60)
    assert done["booked"] > 20
    with (
        connected(ready.database_url, pool_size=1) as database,
        database.transaction(NETWORK_SCOPE) as session,
    ):
        ahead = session.execute(_AHEAD, {"now": system_clock()}).all()
    assert {status for status, _ in ahead} <= {"booked", "cancelled"}
