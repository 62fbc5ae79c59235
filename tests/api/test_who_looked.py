"""Whoever of staff lists people is told to each of them, but for today's agenda of one's office."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from sqlalchemy import event

from tests.factories.enrollments import make_applicant
from tests.factories.staff import staff_browser
from tests.factories.web import Web, morning_at_office, person


@pytest.fixture
def start(web: Web) -> str:
    web.session(closes="12:00")
    for number in range(3):
        token = web.token("citizen", subject=f"person-{number}")
        start = web.free()[0]["start"]
        assert web.book(start, token=token, attendees=[person(number)]).status_code == 201
    return str(start)


def seen(web: Web, number: int = 0) -> list[tuple[str, str]]:
    """Who did what, as a person reads it."""
    token = web.token("citizen", subject=f"person-{number}")
    items = web.call("GET", "/me/accesses?limit=100", token=token).get_json()["items"]
    return [(i["role"], i["action"]) for i in items if i["action"].endswith((".list", ".read"))]


@pytest.mark.parametrize(
    ("role", "office", "path"),
    [
        ("officer", "losangeles", "/appointments"),
        ("supervisor", "losangeles", "/appointments?status=booked"),
        ("agent", "", "/appointments"),
        ("agent", "", "/appointments?consulate=losangeles"),
    ],
)
def test_a_list_of_appointments_names_each_person_in_it(
    web: Web, start: str, role: str, office: str, path: str
) -> None:
    answer = web.call("GET", path, token=web.token(role, office))
    assert len(answer.get_json()["items"]) == 3
    for number in range(3):
        assert seen(web, number) == [(role, "appointment.list")]


def test_todays_agenda_of_ones_own_office_is_no_entry_and_of_another_it_is(
    web: Web, start: str
) -> None:
    web.travel(morning_at_office())
    path = f"/appointments?date={start[:10]}"
    assert web.call("GET", path, token=web.token("officer", "losangeles")).get_json()["items"]
    assert staff_browser(web.app, "officer", "losangeles").get("/desk/").status_code == 200
    assert seen(web) == []
    assert web.call("GET", path, token=web.token("agent")).get_json()["items"]
    assert seen(web) == [("agent", "appointment.list")]


def test_the_agenda_of_another_day_and_every_search_are_entries(web: Web, start: str) -> None:
    officer = staff_browser(web.app, "officer", "losangeles")
    assert "Demo Aaab" in officer.get(f"/desk/?day={start[:10]}").text
    assert [seen(web, number) for number in range(3)] == [[("officer", "appointment.list")]] * 3
    web.travel(morning_at_office())
    officer = staff_browser(web.app, "officer", "losangeles")
    assert "Demo Aaab" in officer.get("/desk/?q=Demo%20Aaab").text
    assert [len(seen(web, number)) for number in range(3)] == [1, 2, 1]


def test_a_list_of_enrollments_names_each_person_in_it(web: Web) -> None:
    token = web.token("citizen", subject="person-0")
    applicant = {**asdict(make_applicant()), "phone": "+12133516800"}
    applicant["birth_date"] = applicant["birth_date"].isoformat()
    body = {
        "program": "rfc",
        "consulate": "losangeles",
        "applicant": {name: value for name, value in applicant.items() if value},
        "data": {},
        "consents": ["transfer_to_agency"],
    }
    answer = web.call("POST", "/enrollments", body, token=token)
    assert answer.status_code == 202, answer.text
    web.call("GET", "/enrollments", token=web.token("officer", "losangeles"))
    assert seen(web) == [("officer", "enrollment.list")]


def test_ones_own_list_is_no_entry(web: Web, start: str) -> None:
    token = web.token("citizen", subject="person-0")
    assert web.call("GET", "/appointments", token=token).get_json()["items"]
    assert seen(web) == []


def test_many_entries_are_one_statement(web: Web, start: str) -> None:
    written: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "INSERT INTO audit_entries" in statement:
            written.append(statement)

    engine = web.app.extensions["consular.database"].engine
    event.listen(engine, "before_cursor_execute", note)
    web.call("GET", "/appointments", token=web.token("officer", "losangeles"))
    event.remove(engine, "before_cursor_execute", note)
    assert len(written) == 1
    assert seen(web, 2) == [("officer", "appointment.list")]
