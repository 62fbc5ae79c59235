"""A list of voters is one election's: those of two are never added up unless each is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from services.alerts.reading import read
from services.alerts.rules import Condition, Span, Watch, last_days
from services.commission.choices import VOTERS
from services.commission.counting import Period, ask_again, count
from services.consulates.queries import list_consulates
from services.facts.cubes import CUBES
from services.facts.recording import Counted, record
from services.facts.recounting import recount
from services.facts.rolling_up import build, list_watermarks
from services.facts.settling import note_settled, settle
from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import new_id
from services.monitoring.dimensions import Dimension
from tests.api.test_exports import rows_of
from tests.factories.staff import staff_browser
from tests.factories.web import Web

LISTS = {
    ("2018", "losangeles"): 900,
    ("2018", "hongkong"): 100,
    ("2024", "losangeles"): 2000,
    ("2024", "hongkong"): 40,
}
# As rules and reports count days.
TODAY = datetime.now(ZoneInfo("America/Mexico_City")).date()


def report(web: Web, election: str, office: str, voters: int, day: date | None = None) -> None:
    """What the office's list grew by."""
    counted = Counted("vote_count.registered", new_id(), day or date(int(election), 5, 31), office)
    with web.database.transaction(NETWORK_SCOPE) as session:
        now = datetime.now(UTC)
        record(
            session, counted, "approved", now=now, quantity=voters, vote_mode="all",
            election=election,
        )  # fmt: skip


@pytest.fixture
def lists(web: Web) -> Web:
    for (election, office), voters in LISTS.items():
        report(web, election, office, voters)
    return web


def ask(web: Web, query: str = "", code: str = "registrations") -> dict[str, Any]:
    answer = web.call("GET", f"/monitoring/indicators/{code}?{query}", token=web.token("analyst"))
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def by(rows: Any, *names: str) -> dict[Any, int]:
    return {tuple(row[name] for name in names): row["value"] for row in rows}


def roll_up(web: Web) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        note_settled(session)
        for cube in CUBES:
            build(session, cube, lag=timedelta(0))


def moment(web: Web) -> str:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return settle(session).isoformat().replace("+", "%2B")


def as_of(web: Web, at: str, query: str = "") -> tuple[Any, list[int]]:
    answer = ask(web, f"as_of={at}&{query}")
    return answer["election"], [row["value"] for row in answer["rows"]]


@pytest.mark.parametrize("kept", [False, True])
def test_the_newest_election_is_taken_where_none_is_asked_for(lists: Web, kept: bool) -> None:
    if kept:
        roll_up(lists)
    newest = ask(lists)
    assert (newest["election"], by(newest["rows"], "status")) == ("2024", {("approved",): 2040})
    each = ask(lists, "by=election")
    assert each["election"] is None
    assert by(each["rows"], "election") == {("2018",): 1000, ("2024",): 2040}
    asked = ask(lists, "election=2018&by=consulate")
    assert asked["election"] is None
    assert by(asked["rows"], "consulate") == {("losangeles",): 900, ("hongkong",): 100}
    with lists.database.transaction(NETWORK_SCOPE) as session:
        country = {office.code: office.country for office in list_consulates(session)}
    crossed = ask(lists, "by=election,country,mode")
    assert by(crossed["rows"], "election", "country", "mode") == {
        (election, country[office], "all"): voters for (election, office), voters in LISTS.items()
    }


def test_an_office_without_a_list_of_the_newest_election_has_nothing_to_add(lists: Web) -> None:
    report(lists, "2027", "hongkong", 7, TODAY)
    network = ask(lists, "by=consulate")
    assert network["election"] == "2027"
    assert by(network["rows"], "consulate") == {("hongkong",): 7}
    assert ask(lists, "consulate=losangeles")["rows"] == []
    assert ask(lists, "consulate=losangeles")["election"] == "2027"


def test_as_of_before_and_up_to_a_day_it_is_the_newest_of_then(lists: Web) -> None:
    before = moment(lists)
    report(lists, "2027", "hongkong", 7, TODAY)
    after = moment(lists)
    for kept in (False, True):
        if kept:
            roll_up(lists)
        assert as_of(lists, before) == ("2024", [2040])
        assert as_of(lists, after) == ("2027", [7])
        assert as_of(lists, after, "to=2024-12-31") == ("2024", [2040])
        assert as_of(lists, after, "to=2018-12-31") == ("2018", [1000])
        assert as_of(lists, after, "to=2017-12-31") == (None, [])
    changed = ask(lists, f"since={before}&as_of={after}")
    assert by(changed["rows"], "before") == {(0,): 7}


def test_votes_of_two_elections_are_a_flow_and_add_up(lists: Web) -> None:
    with lists.database.transaction(NETWORK_SCOPE) as session:
        for election, votes in (("2018", 5), ("2024", 6)):
            counted = Counted("vote_count.votes", new_id(), date(int(election), 6, 2), "hongkong")
            now = datetime.now(UTC)
            record(
                session, counted, "approved", now=now, quantity=votes, vote_mode="postal",
                election=election,
            )  # fmt: skip
    assert by(ask(lists, "", "votes")["rows"], "status") == {("approved",): 11}
    assert by(ask(lists, "by=election", "votes")["rows"], "election") == {
        ("2018",): 5,
        ("2024",): 6,
    }


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_files_say_of_which_election_and_their_lines_add_up(lists: Web, form: str) -> None:
    def file(path: str) -> list[Mapping[str, Any]]:
        headers = {"Accept-Language": "en"}
        answer = lists.call(
            "GET", f"/monitoring/{path}", token=lists.token("analyst"), headers=headers
        )
        assert answer.status_code == 200, answer.text
        return rows_of(answer, form)

    value, election = ("value", "election") if form == "json" else ("Value", "Election")
    lines = file(f"lines.{form}?indicator=registrations")
    assert {str(line[election]) for line in lines} == {"2024"}
    assert sum(int(line[value]) for line in lines) == 2040
    every = file(f"lines.{form}?indicator=registrations&by=election")
    assert sum(int(line[value]) for line in every) == 3040
    figures = file(f"export.{form}?indicator=registrations&by=election")
    assert {str(row[election]): int(row[value]) for row in figures} == {"2018": 1000, "2024": 2040}
    narrow = lists.call(
        "GET", "/monitoring/export.json?indicator=registrations", token=lists.token("analyst")
    )
    about = narrow.get_json()
    assert "election=2024" in str(about)


def test_pages_say_it_beside_the_number(lists: Web) -> None:
    analyst = staff_browser(lists.app, "analyst")
    page = analyst.get("/monitoring/indicators/registrations").text
    assert "Elección 2024." in page
    assert "2,040" in page
    assert "3,040" not in page
    each = analyst.get("/monitoring/indicators/registrations?by=election").text
    assert "Elección 2024." not in each
    assert "1,000" in each
    sheet = analyst.get("/monitoring/offices/hongkong/sheet?to=2025-01-31&from=2025-01-01").text
    assert "Elección 2024." in sheet
    changes = analyst.get(
        "/monitoring/changes?indicator=registrations&by=consulate&since=2020-01-01"
    ).text
    assert "Elección 2024." in changes


def test_a_report_of_a_session_asks_again_for_the_same_election(lists: Web) -> None:
    with lists.database.transaction(NETWORK_SCOPE) as session:
        period = Period(11, date(2026, 1, 1), TODAY, None)
        number = count(session, VOTERS, period)
        assert (number.value, number.query["election"]) == (2040, "2024")
        assert number.texts["note"] == {"es": "Elección 2024", "en": "Election 2024"}
    report(lists, "2027", "hongkong", 7, TODAY)
    with lists.database.transaction(NETWORK_SCOPE) as session:
        assert ask_again(session, number.source, number.query, None) == 2040


def test_a_rule_compares_an_election_with_itself(lists: Web) -> None:
    now = datetime.now(UTC)
    report(lists, "2027", "hongkong", 7, last_days(Span.DAY, now)[1])
    watch = Watch("registrations", Span.DAY, Condition.CHANGED, limit=None)
    with lists.database.transaction(NETWORK_SCOPE) as session:
        found = read(session, watch, now=now)
    assert (found.value, found.against) == (7, 0)


def test_sums_by_election_are_those_of_a_recount_and_hold_no_other_lines(lists: Web) -> None:
    with lists.database.transaction(NETWORK_SCOPE) as session:
        record(
            session, Counted("enrollment", new_id(), TODAY, "hongkong"), "active",
            now=datetime.now(UTC), program_code="rfc",
        )  # fmt: skip
    roll_up(lists)
    of_election = [cube for cube in CUBES if Dimension.ELECTION in cube]
    assert of_election
    with lists.database.transaction(NETWORK_SCOPE) as session:
        assert all(mark.at for mark in list_watermarks(session).values())
        assert [recount(session, cube).differences for cube in CUBES] == [0] * len(CUBES)
        kinds = session.scalars(
            text(
                "SELECT DISTINCT kind FROM fact_cells JOIN fact_cubes ON id = cube"
                " WHERE name LIKE '%election%'"
            )
        ).all()
    assert kinds == ["vote_count.registered"]
