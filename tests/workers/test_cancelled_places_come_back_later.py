"""A cancelled place is nobody's for a while, and then it is free exactly once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import text

from services.appointments.rules import DEVELOPMENT_LIMITS
from tests.factories.web import Web, person
from workers.runtime import JobContext

_WAITS = text(
    "SELECT extract(epoch FROM ring_at - created_at) FROM outbox"
    " WHERE topic = 'appointments.free_places' ORDER BY id"
)
_NOW = text("UPDATE outbox SET ring_at = clock_timestamp() WHERE done_at IS NULL AND topic = :t")
# By hand: seats of live appointments and of cancelled ones whose places wait, against the sets.
_RECOUNT = text(
    """
    SELECT s.slot_id, s.taken, count(seats.slot_id) FROM slot_sets s
    LEFT JOIN LATERAL (
        SELECT e.slot_id FROM seats e JOIN appointments a ON a.id = e.appointment_id
        WHERE e.slot_id = s.slot_id AND e.service_code = ANY (s.services)
          AND (a.status <> 'cancelled' OR EXISTS (
              SELECT 1 FROM outbox o WHERE o.ref = a.id AND o.done_at IS NULL
                AND o.topic = 'appointments.free_places'))
    ) seats ON true
    GROUP BY s.slot_id, s.set_no, s.taken HAVING s.taken <> count(seats.slot_id)
    """
)


def let_it_pass(job: JobContext, pump: Callable[[], int]) -> None:
    """The delay, so to speak."""
    with job.transaction() as session:
        session.execute(_NOW, {"t": "appointments.free_places"})
    while pump():
        pass


def recount(job: JobContext) -> list[Any]:
    with job.transaction() as session:
        return list(session.execute(_RECOUNT))


def cancel(web: Web, booked: str, token: str) -> int:
    return web.call("POST", f"/appointments/{booked}/cancel", {}, token=token).status_code


def test_nobody_gets_a_cancelled_place_before_its_delay(
    web: Web, job: JobContext, pump: Callable[[], int]
) -> None:
    web.session(desks=[{"name": "A", "services": ["PAS10", "MAT"]}])
    start, broker = web.free()[0]["start"], web.token("citizen", subject="broker")
    booked = web.book(start, token=broker).get_json()["id"]
    assert cancel(web, booked, broker) == 200
    pump()
    for who in ("broker", "second account"):
        token = web.token("citizen", subject=who)
        assert web.book(start, token=token).get_json()["code"] == "slot_taken"
    assert start not in [slot["start"] for slot in web.free()]
    least, most = (each.total_seconds() for each in DEVELOPMENT_LIMITS.free_after)
    with job.transaction() as session:
        waits = [float(wait) for wait in session.scalars(_WAITS)]
    assert [least - 0.1 <= wait <= most + 0.5 for wait in waits] == [True]
    let_it_pass(job, pump)
    assert web.free()[0] == {**web.free()[0], "start": start, "free": 1}
    assert web.book(start, token=web.token("citizen", subject="second account")).status_code == 201
    assert recount(job) == []


def test_delays_are_drawn_by_lot(web: Web, job: JobContext) -> None:
    web.session()
    token = web.token("citizen", subject="ana")
    for slot in web.free():
        booked = web.book(slot["start"], token=token).get_json()["id"]
        assert cancel(web, booked, token) == 200
    with job.transaction() as session:
        waits = [float(wait) for wait in session.scalars(_WAITS)]
    # Two draws of four may well be alike to the hundredth: all four to within 50 ms, never.
    assert len(waits) == 4
    assert max(waits) - min(waits) > 0.05


def test_places_of_a_household_cancelled_twice_at_once_come_back_once(
    web: Web, job: JobContext, pump: Callable[[], int]
) -> None:
    web.session(desks=[{"name": name, "services": ["PAS10", "MAT"]} for name in "ABC"])
    token, before = web.token("citizen", subject="ana"), web.free()
    household = [person(number) for number in range(3)]
    booked = web.book(before[0]["start"], token=token, attendees=household).get_json()["id"]
    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(lambda _n: cancel(web, booked, token), range(8)))
    assert sorted(answers) == [200] + [409] * 7
    for _ in range(3):
        let_it_pass(job, pump)
        assert web.free() == before
    assert recount(job) == []
