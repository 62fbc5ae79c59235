"""People of appointments are told apart by age, as of the appointment's day: each leaves every
status under the band under which they came to it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import make_url, text

from services.appointments.naming import NameTicket, name_ticket
from services.kernel.audit import SYSTEM
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE, Database
from tests.factories.remittances import VAULT
from tests.factories.web import Web, person, working_day
from tests.servers import Addresses

DAY = working_day()
MINOR, ADULT, SENIOR = (
    (DAY - timedelta(days=365 * years + 30)).isoformat() for years in (12, 35, 70)
)


def by_age(web: Web, code: str = "people") -> dict[tuple[str | None, str], int]:
    path = f"/monitoring/indicators/{code}?by=age_band"
    answer = web.call("GET", path, token=web.token("analyst"))
    assert answer.status_code == 200, answer.text
    return {(row["age_band"], row["status"]): row["value"] for row in answer.get_json()["rows"]}


def total(web: Web, code: str) -> dict[str, int]:
    answer = web.call("GET", f"/monitoring/indicators/{code}", token=web.token("analyst"))
    return {row["status"]: row["value"] for row in answer.get_json()["rows"]}


def book(web: Web, *born: str, **session: Any) -> dict[str, Any]:
    web.session(desks=[{"name": name, "services": ["PAS10", "MAT"]} for name in "ABC"], **session)
    token = web.token("citizen", subject="ana")
    people = [person(number, birth_date=each) for number, each in enumerate(born)]
    answer = web.book(web.free()[0]["start"], token=token, attendees=people)
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def do(web: Web, booked: dict[str, Any], step: str, body: Any = None, role: str = "") -> Any:
    token = web.token(role, "losangeles") if role else web.token("citizen", subject="ana")
    answer = web.call("POST", f"/appointments/{booked['id']}/{step}", body or {}, token=token)
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_each_of_a_party_counts_in_their_band_from_status_to_status(web: Web) -> None:
    booked = book(web, ADULT, MINOR, ADULT)
    before = {("30-44", "booked"): 2, ("0-17", "booked"): 1}
    assert by_age(web) == by_age(web, "services") == before
    do(web, booked, "attendees/2/cancel")
    assert by_age(web) == {("30-44", "booked"): 2, ("0-17", "cancelled"): 1}
    assert total(web, "appointments") == {"booked": 1}
    do(web, booked, "cancel")
    assert by_age(web) == {("30-44", "cancelled"): 2, ("0-17", "cancelled"): 1}
    assert total(web, "people") == {"cancelled": 3}
    assert total(web, "appointments") == {"cancelled": 1}
    asked = web.call(
        "GET", "/monitoring/indicators/appointments?by=age_band", token=web.token("analyst")
    )
    assert asked.get_json()["code"] == "dimension_not_held"


def test_who_turns_of_age_before_the_other_day_counts_as_grown_up_there(web: Web) -> None:
    later = working_day(45)
    grown = date(later.year - 18, later.month, min(later.day, 28)).isoformat()
    booked = book(web, grown)
    web.session(date=later.isoformat())
    assert by_age(web) == {("0-17", "booked"): 1}
    do(web, booked, "reschedule", {"start": start_on(web, later)})
    assert by_age(web) == {("18-29", "booked"): 1}
    do(web, booked, "cancel")
    assert by_age(web) == {("18-29", "cancelled"): 1}


def start_on(web: Web, day: date) -> str:
    path = f"/consulates/losangeles/availability?service=PAS10&from={day}&to={day}"
    return str(web.call("GET", path).get_json()["slots"][0]["start"])


def as_root(web: Web, servers: Addresses, statement: str) -> None:
    name = make_url(web.settings.worker_database_url).database
    with psycopg.connect(servers.superuser_url, dbname=name, autocommit=True) as root:
        root.execute("SET session_replication_role = replica")
        root.execute(statement.encode())


def test_whoever_is_corrected_leaves_the_band_under_which_they_came(
    web: Web, servers: Addresses
) -> None:
    booked = book(web, SENIOR)
    as_root(web, servers, "UPDATE people SET birth_date = '2001-02-03'")
    do(web, booked, "cancel")
    assert by_age(web) == {("60plus", "cancelled"): 1}


def test_a_walk_in_counts_in_a_band_once_their_birth_date_is_known(web: Web) -> None:
    officer = web.token("officer", "losangeles")
    ticket = web.call("POST", "/queue/tickets", {"service": "MAT"}, token=officer).get_json()
    assert by_age(web) == {(None, "checked_in"): 1}
    named = NameTicket(UUID(ticket["appointment"]), "Ana", "Demo", None, date.fromisoformat(ADULT))
    desk = Database(web.settings.database_url, pool_size=1)
    with desk.transaction(NETWORK_SCOPE) as session:
        name_ticket(session, named, now=system_clock(), actor=SYSTEM, vault=VAULT)
    desk.dispose()
    assert by_age(web) == {("30-44", "checked_in"): 1}
    assert total(web, "appointments") == {"checked_in": 1}


@pytest.mark.parametrize("known", [True, False])
def test_a_version_that_knows_no_ages_moves_people_along(
    web: Web, servers: Addresses, known: bool
) -> None:
    """Also those that it booked itself, who have none."""
    booked = book(web, ADULT, ADULT)
    if not known:
        as_root(web, servers, "UPDATE attendees SET age_band = NULL")
    with web.database.transaction(NETWORK_SCOPE) as session:
        for status, sign in (("booked", -1), ("no_show", 1)):
            session.execute(
                text(
                    "SELECT record_fact_v2('appointment', :id, 'losangeles', :status, day, :sign,"
                    " 2 * :sign, 2 * :sign, now(), 'PAS10') FROM facts WHERE subject_id = :id"
                    " LIMIT 1"
                ),
                {"id": booked["id"], "status": status, "sign": sign},
            )
    assert by_age(web).get(("30-44", "no_show")) == (2 if known else None)
    assert total(web, "people") == {"no_show": 2}


def test_only_analysts_ask_for_ages(web: Web) -> None:
    for role in ("auditor", "admin"):
        path = "/monitoring/indicators/people?by=age_band"
        assert web.call("GET", path, token=web.token(role)).status_code == 422
