"""An appointment moves whole or not at all, and the place that it left is free exactly once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import text
from werkzeug.test import TestResponse

from services.appointments.rules import DEVELOPMENT_LIMITS
from tests.factories.web import Web, morning_at_office, person, working_day
from tests.workers.conftest import let_it_pass, messages
from workers.runtime import JobContext

ONE_DESK = [{"name": "A", "services": ["PAS10", "MAT"]}]
THREE_DESKS = [{"name": name, "services": ["PAS10", "MAT"]} for name in "ABC"]
# By hand, against the sets: seats of live and of just cancelled ones, and places that a move left
# and nobody freed yet.
_RECOUNT = text(
    """
    SELECT s.slot_id, s.taken, seats.n, vacated.n FROM slot_sets s
    CROSS JOIN LATERAL (
        SELECT count(*) AS n FROM seats e JOIN appointments a ON a.id = e.appointment_id
        WHERE e.slot_id = s.slot_id AND e.service_code = ANY (s.services)
          AND (a.status <> 'cancelled' OR EXISTS (
              SELECT 1 FROM outbox o WHERE o.ref = a.id AND o.done_at IS NULL
                AND o.topic = 'appointments.free_places'))) seats
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(v.places), 0) AS n FROM vacated_places v
        WHERE v.slot_id = s.slot_id AND v.service_code = ANY (s.services)
          AND EXISTS (SELECT 1 FROM outbox o WHERE o.ref = v.move_id AND o.done_at IS NULL)
    ) vacated WHERE s.taken <> seats.n + vacated.n
    """
)
_COUNTED = text(
    "SELECT consulate_code, day, sum(quantity), sum(people), sum(services) FROM facts"
    " WHERE kind = 'appointment' AND status = 'booked' GROUP BY consulate_code, day"
    " HAVING sum(quantity) <> 0 OR sum(people) <> 0 OR sum(services) <> 0"
)


def recount(job: JobContext) -> list[Any]:
    with job.transaction() as session:
        return list(session.execute(_RECOUNT))


def move(web: Web, booked: str, start: str, token: str, **more: Any) -> TestResponse:
    body = {"start": start, **more}
    return web.call("POST", f"/appointments/{booked}/reschedule", body, token=token)


def cancel(web: Web, booked: str, token: str) -> TestResponse:
    return web.call("POST", f"/appointments/{booked}/cancel", {}, token=token)


def test_it_keeps_its_folio_and_leaves_a_place_that_is_free_later(
    web: Web, job: JobContext, pump: Callable[[], int]
) -> None:
    web.session(desks=ONE_DESK)
    first, second = (slot["start"] for slot in web.free()[:2])
    mine = web.token("citizen", subject="ana")
    booked = web.book(first, token=mine).get_json()
    answer = move(web, booked["id"], second, mine)
    assert answer.status_code == 200, answer.text
    moved = answer.get_json()
    assert (moved["folio"], moved["status"], moved["start"]) == (
        booked["folio"], "booked", second,
    )  # fmt: skip
    assert moved["end"] > second
    stranger = web.token("citizen", subject="eve")
    assert web.book(first, token=stranger, attendees=[person(2)]).status_code == 409
    assert recount(job) == []
    let_it_pass(job, pump)
    let_it_pass(job, pump)
    assert recount(job) == []
    assert web.book(first, token=stranger, attendees=[person(2)]).status_code == 201
    assert web.book(second, token=stranger, attendees=[person(3)]).status_code == 409


def test_a_party_that_does_not_fit_stays_where_it_is(web: Web, job: JobContext) -> None:
    web.session(desks=THREE_DESKS)
    first, second = (slot["start"] for slot in web.free()[:2])
    last = web.free()[-1]["start"]
    mine, other = web.token("citizen", subject="ana"), web.token("citizen", subject="eve")
    family = [person(number) for number in range(3)]
    booked = web.book(first, token=mine, attendees=family).get_json()
    assert web.book(last, token=other, attendees=[person(9)]).status_code == 201
    refused = move(web, booked["id"], last, mine)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "slot_taken")
    nothing = move(web, booked["id"], last.replace(":45:", ":50:"), mine)
    assert (nothing.status_code, nothing.get_json()["code"]) == (409, "slot_not_offered")
    assert web.call("GET", f"/appointments/{booked['id']}", token=mine).get_json() == booked
    assert recount(job) == []
    whole = move(web, booked["id"], second, mine)
    assert (whole.status_code, len(whole.get_json()["attendees"])) == (200, 3)


def test_the_same_time_again_changes_nothing(web: Web, job: JobContext) -> None:
    web.session(desks=ONE_DESK)
    start, mine = web.free()[0]["start"], web.token("citizen", subject="ana")
    booked = web.book(start, token=mine).get_json()
    assert move(web, booked["id"], start, mine).get_json() == booked
    with job.transaction() as session:
        assert session.scalar(text("SELECT count(*) FROM vacated_places")) == 0


def test_it_moves_to_another_office_with_its_people(web: Web, job: JobContext) -> None:
    web.session(desks=ONE_DESK)
    web.session(consulate="chicago", desks=ONE_DESK)
    mine = web.token("citizen", subject="ana")
    booked = web.book(web.free()[0]["start"], token=mine).get_json()
    there = web.free(consulate="chicago")[0]["start"]
    moved = move(web, booked["id"], there, mine, consulate="chicago")
    assert (moved.status_code, moved.get_json()["consulate"]) == (200, "chicago"), moved.text
    path = f"/appointments/{booked['id']}"
    assert web.call("GET", path, token=web.token("officer", "losangeles")).status_code == 404
    seen = web.call("GET", path, token=web.token("officer", "chicago"))
    assert seen.get_json()["attendees"] == booked["attendees"]
    with job.transaction() as session:
        assert [tuple(row) for row in session.execute(_COUNTED)] == [
            ("chicago", working_day(), 1, 1, 1)
        ]
    unknown = move(web, booked["id"], there, mine, consulate="nowhere")
    assert (unknown.status_code, unknown.get_json()["code"]) == (422, "consulate_not_found")


def test_staff_move_within_their_own_office(web: Web) -> None:
    web.session(desks=ONE_DESK)
    web.session(consulate="chicago", desks=ONE_DESK)
    first, second = (slot["start"] for slot in web.free()[:2])
    booked = web.book(first, token=web.token("citizen", subject="ana")).get_json()
    there = web.free(consulate="chicago")[0]["start"]
    officer = web.token("officer", "losangeles")
    assert move(web, booked["id"], there, officer, consulate="chicago").status_code == 404
    stranger = web.token("officer", "chicago")
    assert move(web, booked["id"], second, stranger).status_code == 404
    assert move(web, booked["id"], second, officer).get_json()["start"] == second


def test_only_before_its_start_and_while_it_is_booked(web: Web) -> None:
    web.session(desks=ONE_DESK)
    slots = [slot["start"] for slot in web.free()]
    mine = web.token("citizen", subject="ana")
    booked = web.book(slots[0], token=mine).get_json()["id"]
    cancelled = web.book(slots[2], token=mine, attendees=[person(2)]).get_json()["id"]
    assert cancel(web, cancelled, mine).status_code == 200
    over = move(web, cancelled, slots[3], mine)
    assert (over.status_code, over.get_json()["code"]) == (409, "wrong_state")
    web.travel(morning_at_office() + timedelta(hours=2, minutes=1))
    late = move(web, booked, slots[3], mine)
    assert (late.status_code, late.get_json()["code"]) == (409, "wrong_state")


def test_a_day_has_few_moves(web: Web) -> None:
    web.app.config["BOOKING_LIMITS"] = DEVELOPMENT_LIMITS.__class__(
        **{**vars(DEVELOPMENT_LIMITS), "moves_per_day": 2}
    )
    web.session(desks=ONE_DESK)
    slots = [slot["start"] for slot in web.free()]
    mine = web.token("citizen", subject="ana")
    booked = web.book(slots[0], token=mine).get_json()["id"]
    answers = [move(web, booked, start, mine) for start in slots[1:4]]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 23 * 3600


def test_a_repeat_with_its_key_is_one_move(web: Web, job: JobContext) -> None:
    web.session(desks=ONE_DESK)
    first, second = (slot["start"] for slot in web.free()[:2])
    mine = web.token("citizen", subject="ana")
    booked = web.book(first, token=mine).get_json()["id"]
    path, headers = f"/appointments/{booked}/reschedule", {"Idempotency-Key": "move-1"}
    answers = [
        web.call("POST", path, {"start": second}, token=mine, headers=headers) for _ in range(2)
    ]
    assert answers[0].get_json() == answers[1].get_json()
    with job.transaction() as session:
        assert session.scalar(text("SELECT count(DISTINCT move_id) FROM vacated_places")) == 1


def test_moves_cancels_and_bookings_at_once_never_sell_a_place_twice(
    web: Web, job: JobContext, pump: Callable[[], int]
) -> None:
    web.session(desks=ONE_DESK)
    slots = [slot["start"] for slot in web.free()]
    tokens = [web.token("citizen", subject=f"c{n}") for n in range(3)]
    for turn in range(4):
        parties = [
            (
                web.book(start, token=token, attendees=[person(10 * turn + n)]).get_json()["id"],
                token,
            )
            for n, (start, token) in enumerate(zip(slots, tokens, strict=False))
        ]
        moves = [partial(move, web, id, slots[3], token) for id, token in parties]
        with ThreadPoolExecutor(max_workers=4) as pool:
            calls = [pool.submit(call) for call in (*moves, partial(cancel, web, *parties[0]))]
        answers = [call.result().status_code for call in calls]
        assert set(answers) <= {200, 409}
        assert answers[:3].count(200) <= 1
        assert recount(job) == []
        for party in parties:
            cancel(web, *party)
        let_it_pass(job, pump)
        assert recount(job) == []
        assert [slot["start"] for slot in web.free()] == slots


def test_whoever_booked_is_told_once_of_the_new_time(
    web: Web, agencies_url: str, pump: Callable[[], int]
) -> None:
    web.session(desks=ONE_DESK)
    first, second = (slot["start"] for slot in web.free()[:2])
    mine = web.token("citizen", subject="ana")
    booked = web.book(first, token=mine).get_json()
    move(web, booked["id"], second, mine)
    while pump():
        pass
    bodies = [each["body"] for each in messages(agencies_url, "ana@demo.invalid")]
    assert len(bodies) == 2
    assert all("9:15" in body and "9:00" not in body for body in bodies)
    assert len([body for body in bodies if "La hora de antes ya no vale" in body]) == 1
