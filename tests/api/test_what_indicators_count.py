"""An indicator counts what its name says: appointments, people or services; and says so."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from html import unescape
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from services.appointments.desk import TakeStep, take_step
from services.appointments.rules import Step
from services.kernel.audit import SYSTEM
from services.kernel.db import NETWORK_SCOPE
from services.monitoring.indicators import INDICATORS
from tests.api.test_identity_at_the_window import Window
from tests.factories.staff import staff_browser
from tests.factories.web import Web, person

DIMENSIONS = ("program", "consulate", "day", "status")
EXPECTED = {"appointments": 3, "people": 5, "services": 6}


@pytest.fixture
def booked(web: Web) -> list[dict[str, Any]]:
    """A household of three, one person for two services, and one for one."""
    desks = [{"name": name, "services": ["PAS10", "MAT"]} for name in "ABC"]
    web.session(desks=desks)
    wanted: list[dict[str, Any]] = [
        {"attendees": [person(n) for n in (1, 2, 3)]},
        {"attendees": [person(4)], "service": None, "services": ["PAS10", "MAT"]},
        {"attendees": [person(5)], "service": "MAT"},
    ]
    appointments = []
    for number, changes in enumerate(wanted):
        start = web.free("MAT")[0]["start"] if number else web.free()[0]["start"]
        answer = web.book(start, token=web.token("citizen", subject=f"c{number}"), **changes)
        assert answer.status_code == 201, answer.text
        appointments.append(dict(answer.get_json()))
    return appointments


def ask(web: Web, code: str, query: str = "") -> dict[str, Any]:
    token = web.token("analyst")
    answer = web.call("GET", f"/monitoring/indicators/{code}{query}", token=token)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def by(figures: dict[str, Any], name: str) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for row in figures["rows"]:
        counts[row[name]] += row["value"]
    return dict(counts)


@pytest.mark.parametrize("code", EXPECTED)
def test_a_household_of_three_and_two_services_count_as_named(
    web: Web, booked: list[dict[str, Any]], code: str
) -> None:
    assert by(ask(web, code), "status") == {"booked": EXPECTED[code]}


def test_each_counts_under_its_programs(web: Web, booked: list[dict[str, Any]]) -> None:
    assert by(ask(web, "appointments", "?by=program"), "program") == {"PAS10": 2, "MAT": 1}
    assert by(ask(web, "people", "?by=program"), "program") == {"PAS10": 4, "MAT": 1}
    assert by(ask(web, "services", "?by=program"), "program") == {"PAS10": 4, "MAT": 2}


def test_all_three_go_on_together_and_stay_as_they_were_then(
    web: Web, booked: list[dict[str, Any]]
) -> None:
    before = {code: ask(web, code) for code in EXPECTED}
    household, bundle, _single = booked
    with web.database.transaction(NETWORK_SCOPE) as session:
        now = datetime.fromisoformat(household["start"]) + timedelta(minutes=1)
        checked = TakeStep(UUID(household["id"]), Step.CHECK_IN, details={"identity_checked": True})
        take_step(session, checked, now=now, actor=SYSTEM)
        done = TakeStep(UUID(household["id"]), Step.COMPLETE)
        take_step(session, done, now=now + timedelta(minutes=9), actor=SYSTEM)
    cancelled = web.call(
        "POST", f"/appointments/{bundle['id']}/cancel", token=web.token("citizen", subject="c1")
    )
    assert cancelled.status_code == 200, cancelled.text
    for code, (completed, gone, left) in {
        "appointments": (1, 1, 1), "people": (3, 1, 1), "services": (3, 2, 1),
    }.items():  # fmt: skip
        statuses = {"completed": completed, "cancelled": gone, "booked": left}
        assert by(ask(web, code), "status") == statuses
        then = before[code]["as_of"].replace("+", "%2B")
        assert ask(web, code, f"?as_of={then}")["rows"] == before[code]["rows"]


def test_any_dimensions_in_any_number_and_order_add_up_to_the_same(
    web: Web, booked: list[dict[str, Any]]
) -> None:
    for number in range(len(DIMENSIONS) + 1):
        for dimensions in permutations(DIMENSIONS, number):
            figures = ask(web, "services", f"?by={','.join(dimensions)}")
            assert sum(row["value"] for row in figures["rows"]) == EXPECTED["services"]
            for row in figures["rows"]:
                assert set(row) == {*dimensions, "status", "value"}


def test_a_country_is_all_of_its_offices(web: Web, booked: list[dict[str, Any]]) -> None:
    figures = ask(web, "people", "?by=country,consulate")
    assert [set(row) for row in figures["rows"]] == [{"country", "consulate", "status", "value"}]
    assert by(figures, "country") == {"US": EXPECTED["people"]}
    assert by(ask(web, "people", "?country=US&program=MAT&status=booked"), "status") == {
        "booked": 1
    }
    assert ask(web, "people", "?country=FR")["rows"] == []


def test_what_changed_since_a_moment_is_told_with_what_it_was(
    web: Web, booked: list[dict[str, Any]]
) -> None:
    then = ask(web, "people")["as_of"].replace("+", "%2B")
    assert ask(web, "people", f"?since={then}")["rows"] == []
    token = web.token("citizen", subject="c0")
    assert (
        web.call("POST", f"/appointments/{booked[0]['id']}/cancel", {}, token=token).status_code
        == 200
    )
    rows = ask(web, "people", f"?since={then}&by=consulate")["rows"]
    assert {row["status"]: (row["before"], row["value"], row["difference"]) for row in rows} == {
        "booked": (5, 2, -3),
        "cancelled": (0, 3, 3),
    }
    analyst = web.token("analyst")
    for query in (
        f"since={then}&as_of=2026-01-01T00:00:00Z",
        f"since={then}&from=2026-01-01&to=2026-01-31&compare=previous",
    ):
        path = f"/monitoring/indicators/people?{query}"
        assert web.call("GET", path, token=analyst).status_code == 422


def test_a_dimension_that_isnt_one_or_comes_twice_is_422(web: Web) -> None:
    token = web.token("analyst")
    for dimensions in ("person", "status,status", "program;status"):
        path = f"/monitoring/indicators/people?by={dimensions}"
        assert web.call("GET", path, token=token).status_code == 422


def test_a_dimension_that_an_indicator_lacks_is_refused_with_those_that_it_has(web: Web) -> None:
    for query in ("by=mode,status", "mode=postal"):
        path = f"/monitoring/indicators/enrollments?{query}"
        answer = web.call("GET", path, token=web.token("analyst"))
        assert (answer.status_code, answer.get_json()["code"]) == (422, "dimension_not_held")
        assert "consulate, country" in str(answer.get_json()["errors"]["by"])
    assert ask(web, "votes", "?by=country,mode")["rows"] == []


def test_whose_day_a_number_is_stands_beside_it(web: Web, booked: list[dict[str, Any]]) -> None:
    """DASH-01, DASH-03: both ends of a period are in it, each by its office's own clock."""
    day = booked[0]["start"][:10]
    figures = ask(web, "appointments", f"?by=day&from={day}&to={day}")
    assert {row["day"] for row in figures["rows"]} == {day}
    assert sum(row["value"] for row in figures["rows"]) == EXPECTED["appointments"]
    assert (figures["day_zone"], figures["flow"], figures["group"]) == ("office", "flow", 4)
    assert "oficina" in figures["day_rule"]
    assert ask(web, "remittances")["day_zone"] == "America/Mexico_City"


def test_what_others_published_stands_apart_and_rivals_say_why_they_differ(web: Web) -> None:
    enrollments = ask(web, "enrollments")
    assert enrollments["rows"] == []
    assert 15375 in [row["value"] for row in enrollments["published"]]
    rivals = ask(web, "registrations")["rivals"]
    voters = {row["value"]: row for row in rivals if row["metric"] == "voters_abroad_2024"}
    assert set(voters) == {223_961, 223_743, 258_461}
    assert "34,500 boletas" in voters[258_461]["note"]
    assert all(row["note"] and row["source"] for row in rivals)


def test_every_indicator_says_what_one_is_in_both_languages(web: Web) -> None:
    token = web.token("analyst")
    listed = {
        language: web.call(
            "GET", "/monitoring/indicators", token=token, headers={"Accept-Language": language}
        ).get_json()["items"]
        for language in ("es", "en")
    }
    units = {item["code"]: item["unit"] for item in listed["es"]}
    assert units == {code: indicator.unit for code, indicator in INDICATORS.items()}
    contract = {
        "appointments": "appointments", "people": "people", "services": "services",
        "unmet_searches": "searches",
        "enrollments": "enrollments", "remittances": "remittances", "votes": "votes",
        "registrations": "people",
    }  # fmt: skip
    assert units.items() >= contract.items()
    for spanish, english in zip(listed["es"], listed["en"], strict=True):
        assert spanish["counts"] != english["counts"]
        assert spanish["name"] != english["name"]


def test_the_page_says_what_it_counts(web: Web, booked: list[dict[str, Any]]) -> None:
    browser = staff_browser(web.app, "analyst")
    page = unescape(browser.get("/monitoring/figures").text)
    for code in EXPECTED:
        assert ask(web, code)["counts"] in page


def test_who_leaves_a_household_takes_their_part_along(web: Web) -> None:
    """A window gives one of three their own place: the sums stay, and follow each appointment."""
    window = Window(web, person(1), person(2))
    check = window.check(folio=window.folio).get_json()["id"]
    assert window.act(check, "take-over", service="PAS10").status_code == 200
    for code, (booked, cancelled) in {
        "appointments": (2, 1), "people": (3, 1), "services": (3, 1),
    }.items():  # fmt: skip
        assert by(ask(web, code), "status") == {"booked": booked, "cancelled": cancelled}
