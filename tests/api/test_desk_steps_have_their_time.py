"""Nobody is received, called, served or missed before the day; nobody is called by two desks."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from tests.factories.web import Web, morning_at_office, person

HERE = {"identity_checked": True}
DESKS = [{"name": name, "services": ["PAS10", "MAT"]} for name in ("A", "B")]
ROUNDS = 25


@pytest.fixture
def coming(web: Web) -> str:
    """The address of an appointment whose day is weeks ahead."""
    web.session(desks=DESKS)
    booked = web.book(web.free()[0]["start"], token=web.token("citizen", subject="ana"))
    return f"/appointments/{booked.get_json()['id']}"


def step(web: Web, path: str, name: str, body: Any = None, subject: str = "") -> Any:
    token = web.token("officer", "losangeles", subject)
    return web.call("POST", f"{path}/{name}", body or {}, token=token)


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def facts(web: Web) -> dict[str, int]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        rows = session.execute(
            text(
                "SELECT status, sum(quantity)::int FROM facts GROUP BY 1 HAVING sum(quantity) <> 0"
            )
        )
        return {status: total for status, total in rows}


def set_status(web: Web, status: str) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        session.execute(text("UPDATE appointments SET status = :status"), {"status": status})


@pytest.mark.parametrize(
    ("status", "name", "body"),
    [
        ("booked", "check-in", HERE),
        ("booked", "no-show", None),
        ("checked_in", "call", {"desk": "A"}),
        ("checked_in", "complete", None),
        ("called", "complete", None),
        ("called", "no-show", None),
        ("checked_in", "not-served", {"reason": "Falta el acta"}),
    ],
)
def test_no_step_of_the_desk_is_taken_before_the_day(
    web: Web, coming: str, status: str, name: str, body: Any
) -> None:
    set_status(web, status)
    for days in (-30, -1):
        web.travel(morning_at_office(days))
        answer = step(web, coming, name, body)
        assert refused(answer) == (409, "too_early"), days
    assert (
        web.call("GET", coming, token=web.token("officer", "losangeles")).get_json()["status"]
        == status
    )


def test_on_the_day_people_are_received_early_and_absent_only_after_the_start(
    web: Web, coming: str
) -> None:
    web.travel(morning_at_office())
    assert refused(step(web, coming, "no-show")) == (409, "too_early")
    assert step(web, coming, "check-in", HERE).status_code == 200
    assert step(web, coming, "call", {"desk": "A"}).status_code == 200
    assert step(web, coming, "complete").get_json()["status"] == "completed"


def test_the_day_is_the_one_at_the_office(web: Web) -> None:
    web.session(opens="23:00", closes="23:30")
    booked = web.book(web.free()[0]["start"], token=web.token("citizen", subject="ana"))
    path = f"/appointments/{booked.get_json()['id']}"
    web.travel(morning_at_office() - timedelta(hours=7, minutes=1))
    assert refused(step(web, path, "check-in", HERE)) == (409, "too_early")
    web.travel(morning_at_office() - timedelta(hours=6, minutes=59))
    assert step(web, path, "check-in", HERE).status_code == 200


def test_of_two_desks_that_call_one_person_one_wins_and_the_other_hears_which(web: Web) -> None:
    web.session(desks=DESKS, slot_minutes=5, closes="15:00")
    web.travel(morning_at_office())
    starts = [slot["start"] for slot in web.free()][:ROUNDS]
    token = web.token("citizen", subject="ana")
    for subject in ("one", "two"):
        web.token("officer", "losangeles", subject)
    for number, start in enumerate(starts):
        booked = web.book(start, token=token, attendees=[person(number)])
        path = f"/appointments/{booked.get_json()['id']}"
        assert step(web, path, "check-in", HERE).status_code == 200
        _both_call(web, path)


def _both_call(web: Web, path: str) -> None:
    ready = Barrier(2)

    def call(officer: str, desk: str) -> Callable[[], Any]:
        def send() -> Any:
            ready.wait()
            return step(web, path, "call", {"desk": desk}, officer)

        return send

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda do: do(), (call("one", "A"), call("two", "B"))))
    won, lost = sorted(answers, key=lambda answer: int(answer.status_code))
    assert won.status_code == 200
    assert refused(lost) == (409, "already_called")
    assert f"La ventanilla {won.get_json()['desk']} " in lost.get_json()["detail"]


def test_the_same_desk_may_repeat_its_call_and_nothing_happens_twice(web: Web, coming: str) -> None:
    web.travel(morning_at_office())
    step(web, coming, "check-in", HERE)
    first, again = (step(web, coming, "call", {"desk": "A"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.get_json() == again.get_json()
    with web.database.transaction(NETWORK_SCOPE) as session:
        entries = session.execute(
            text("SELECT count(*) FROM audit_entries WHERE action = 'appointment.call'")
        ).scalar_one()
    assert entries == 1


def test_a_call_can_be_undone_and_another_desk_calls_then(web: Web, coming: str) -> None:
    web.travel(morning_at_office())
    step(web, coming, "check-in", HERE)
    step(web, coming, "call", {"desk": "A"})
    start = web.call("GET", coming, token=web.token("officer", "losangeles")).get_json()["start"]
    waiting = step(web, coming, "back-to-waiting").get_json()
    assert (waiting["status"], waiting["desk"], waiting["start"]) == ("checked_in", None, start)
    assert refused(step(web, coming, "back-to-waiting")) == (409, "wrong_state")
    assert step(web, coming, "call", {"desk": "B"}).get_json()["desk"] == "B"
    assert step(web, coming, "complete").get_json()["desk"] == "B"
    assert facts(web) == {"completed": 1}


def test_who_comes_after_being_noted_as_absent_is_received_once_that_day(
    web: Web, coming: str
) -> None:
    nine = morning_at_office() + timedelta(hours=2)
    web.travel(nine + timedelta(minutes=5))
    assert step(web, coming, "no-show").get_json()["status"] == "no_show"
    late = step(web, coming, "check-in", HERE)
    assert late.status_code == 200, late.text
    noted = late.get_json()["outcome"]["late_arrival"]
    assert noted["start"] == nine.isoformat()
    token = web.token("citizen", subject="ana")
    assert refused(web.book(web.free()[-1]["start"], token=token)) == (409, "already_booked")
    assert step(web, coming, "no-show").status_code == 200
    assert refused(step(web, coming, "check-in", HERE)) == (409, "wrong_state")
    assert facts(web) == {"no_show": 1}
    assert web.book(web.free()[-1]["start"], token=token).status_code == 201


def test_who_comes_on_a_later_day_or_booked_again_is_not_received_as_late(
    web: Web, coming: str
) -> None:
    nine = morning_at_office() + timedelta(hours=2)
    web.travel(nine + timedelta(minutes=5))
    step(web, coming, "no-show")
    web.travel(morning_at_office(1))
    assert refused(step(web, coming, "check-in", HERE)) == (409, "wrong_state")
    web.travel(nine + timedelta(minutes=6))
    other = web.book(web.free()[-1]["start"], token=web.token("citizen", subject="ana"))
    assert other.status_code == 201, other.text
    assert refused(step(web, coming, "check-in", HERE)) == (409, "already_booked")
