"""A service that takes several slots keeps one desk for all of them, together with short ones."""

from __future__ import annotations

from collections.abc import Callable

from tests.factories.web import Web, person, working_day
from tests.workers.conftest import let_it_pass
from workers.runtime import JobContext

DESKS = [{"name": "A", "services": ["PAS10", "MAT"]}, {"name": "B", "services": ["PAS10"]}]
LONG = {"PAS10": 30}


def _starts(web: Web, service: str) -> dict[str, int]:
    return {slot["start"][11:16]: slot["free"] for slot in web.free(service)}


def test_a_long_service_and_a_short_one_share_desks(web: Web) -> None:
    web.session(desks=DESKS, closes="10:00", service_minutes=LONG)
    mine = web.token("citizen", subject="ana")
    assert _starts(web, "PAS10") == {"09:00": 2, "09:15": 2, "09:30": 2}
    assert _starts(web, "MAT") == {"09:00": 1, "09:15": 1, "09:30": 1, "09:45": 1}
    start = web.free("PAS10")[0]["start"]
    booked = web.book(start, token=mine)
    assert booked.status_code == 201, booked.text
    assert booked.get_json()["end"][11:16] == "09:30"
    assert _starts(web, "PAS10") == {"09:00": 1, "09:15": 1, "09:30": 2}
    assert _starts(web, "MAT") == {"09:00": 1, "09:15": 1, "09:30": 1, "09:45": 1}
    # Whichever desk the first one has: it moves to B for this one.
    other = web.token("citizen", subject="eve")
    answer = web.book(start, token=other, service="MAT", attendees=[person(2)])
    assert answer.status_code == 201, answer.text
    assert _starts(web, "PAS10") == {"09:15": 1, "09:30": 2}
    refused = web.book(start, token=other, attendees=[person(3)])
    assert (refused.status_code, refused.get_json()["code"]) == (409, "slot_taken")
    again = web.book(start, token=mine)
    assert again.get_json()["code"] == "already_booked"


def test_who_repeats_the_request_that_took_the_last_window_gets_the_same_answer(web: Web) -> None:
    web.session(desks=DESKS[:1], closes="09:30", service_minutes=LONG)
    mine, key = web.token("citizen", subject="ana"), {"Idempotency-Key": "last-window"}
    body = {
        "consulate": "losangeles",
        "service": "PAS10",
        "start": web.free("PAS10")[0]["start"],
        "attendees": [person()],
    }
    first, again = (
        web.call("POST", "/appointments", body, token=mine, headers=key) for _ in range(2)
    )
    assert (first.status_code, again.status_code) == (201, 201), again.text
    assert first.get_json() == again.get_json()


def test_moved_and_canceled_places_of_several_slots_come_back_once(
    web: Web, job: JobContext, pump: Callable[[], int]
) -> None:
    web.session(desks=DESKS[:1], closes="10:00", service_minutes=LONG)
    mine, other = web.token("citizen", subject="ana"), web.token("citizen", subject="eve")
    first, _, third = (slot["start"] for slot in web.free("PAS10"))
    booked = web.book(first, token=mine).get_json()
    path = f"/appointments/{booked['id']}"
    moved = web.call("POST", f"{path}/reschedule", {"start": third}, token=mine)
    assert (moved.status_code, moved.get_json()["end"][11:16]) == (200, "10:00"), moved.text
    assert _starts(web, "PAS10") == {}
    let_it_pass(job, pump)
    assert _starts(web, "PAS10") == {"09:00": 1}
    assert web.call("POST", f"{path}/cancel", {}, token=mine).status_code == 200
    assert _starts(web, "PAS10") == {"09:00": 1}
    for _ in range(2):
        let_it_pass(job, pump)
        assert _starts(web, "PAS10") == {"09:00": 1, "09:15": 1, "09:30": 1}
        assert _starts(web, "MAT") == {"09:00": 1, "09:15": 1, "09:30": 1, "09:45": 1}
    assert web.book(first, token=other, service="MAT").status_code == 201
    assert _starts(web, "PAS10") == {"09:15": 1, "09:30": 1}


def test_a_duration_that_changes_leaves_bookings_as_they_were_promised(web: Web) -> None:
    web.session(desks=DESKS[:1], closes="10:00")
    mine, supervisor = web.token("citizen", subject="ana"), web.token("supervisor", "losangeles")
    first = web.free("PAS10")[0]["start"]
    booked = web.book(first, token=mine).get_json()
    duration = {"service": "PAS10", "minutes": 40, "from": working_day().isoformat()}
    answer = web.call("POST", "/sessions/durations", duration, token=supervisor)
    assert answer.get_json()["items"] == [duration]
    kept = web.call("GET", f"/appointments/{booked['id']}", token=mine).get_json()
    assert kept["end"] == booked["end"]
    assert _starts(web, "PAS10") == {"09:15": 1}
    again = web.call("POST", "/sessions/durations", {**duration, "minutes": None}, token=supervisor)
    assert again.status_code == 200
    assert list(_starts(web, "PAS10")) == ["09:15", "09:30", "09:45"]


def test_a_service_longer_than_the_session_is_refused(web: Web) -> None:
    answer = web.try_session(desks=DESKS, closes="10:00", service_minutes={"PAS10": 75})
    assert answer.status_code == 422
    assert answer.get_json()["code"] == "service_longer_than_session"


def test_the_whole_network_is_searched_by_the_same_rule(web: Web) -> None:
    web.session(desks=DESKS, closes="09:30", service_minutes=LONG)
    web.session(consulate="chicago", desks=DESKS, closes="09:30")
    day = working_day().isoformat()

    def offices(service: str) -> list[str]:
        path = f"/availability?service={service}&from={day}"
        return [s["consulate"] for s in web.call("GET", path).get_json()["slots"]]

    assert sorted(offices("PAS10")) == ["chicago", "chicago", "losangeles"]
    start = web.free("PAS10")[0]["start"]
    family = [person(1), person(2)]
    assert web.book(start, token=web.token("citizen"), attendees=family).status_code == 201
    assert offices("PAS10") == ["chicago", "chicago"]


def test_only_windows_that_speak_it_count_for_who_needs_a_language(web: Web) -> None:
    desks = [
        {"name": "A", "services": ["PAS10"], "languages": ["en"], "interpreters": ["maya"]},
        {"name": "B", "services": ["PAS10"], "accessible": True},
    ]
    opened = web.session(desks=desks, closes="09:30")
    assert [(d["interpreters"], d["accessible"]) for d in opened["desks"]] == [
        (["maya"], False), ([], True),
    ]  # fmt: skip
    day, mine = working_day().isoformat(), web.token("citizen", subject="ana")
    path = f"/consulates/losangeles/availability?service=PAS10&from={day}&to={day}"

    def free(more: str = "") -> list[int]:
        return [slot["free"] for slot in web.call("GET", path + more).get_json()["slots"]]

    start = web.free()[0]["start"]
    assert (free(), free("&interpreter=maya"), free("&language=fr")) == ([2, 2], [1, 1], [])
    # Counted without a window: the one who needs the interpreter still gets theirs.
    assert web.book(start, token=mine, attendees=[person(1)]).status_code == 201
    needs = {"interpreter": "Maya", "language": "en"}
    booked = web.book(start, token=mine, attendees=[person(2)], needs=needs)
    assert booked.status_code == 201, booked.text
    assert (free(), free("&interpreter=maya")) == ([2], [1])
    second = web.free()[0]["start"]
    family = [person(3), person(4)]
    refused = web.book(second, token=mine, attendees=family, needs={"accessible": True})
    assert refused.get_json()["code"] == "slot_taken"
    assert web.book(second, token=mine, attendees=family).status_code == 201


def test_whoever_holds_a_window_that_is_taken_away_sits_at_another_or_waits(web: Web) -> None:
    desks = [{"name": "A", "services": ["PAS10"]}, {"name": "B", "services": ["PAS10", "MAT"]}]
    opened = web.session(desks=desks, closes="10:00", service_minutes=LONG)
    mine, supervisor = web.token("citizen", subject="ana"), web.token("supervisor", "losangeles")
    start, path = web.free("PAS10")[0]["start"], f"/sessions/{opened['id']}"
    family = [
        web.book(start, token=mine, attendees=[person(number)]).get_json() for number in (1, 2)
    ]
    change = {"desks": desks[1:], "reason": "Falta personal"}
    assert web.call("PATCH", path, change, token=supervisor).status_code == 200
    assert _starts(web, "PAS10") == {"09:30": 1}
    assert _starts(web, "MAT") == {"09:30": 1, "09:45": 1}
    change = {"desks": desks, "reason": "Volvió"}
    assert web.call("PATCH", path, change, token=supervisor).status_code == 200
    assert _starts(web, "PAS10") == {"09:30": 2}
    assert _starts(web, "MAT") == {"09:30": 1, "09:45": 1}
    for booked in family:
        kept = web.call("GET", f"/appointments/{booked['id']}", token=mine).get_json()
        assert (kept["start"], kept["end"]) == (booked["start"], booked["end"])
