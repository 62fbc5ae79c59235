"""Places are held for some minutes: for all or nobody, one hold for each, free again once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.appointments import holding
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.factories.web import Web, person, working_day
from workers.runtime import JobContext

BOTH = ["PAS10", "MAT"]
TWO_DESKS = [{"name": name, "services": BOTH} for name in "AB"]


def hold(web: Web, start: str, token: str, **changes: Any) -> Any:
    body = {"consulate": "losangeles", "service": "PAS10", "start": start, **changes}
    return web.call("POST", "/holds", body, token=token)


def free(web: Web, service: str = "PAS10") -> dict[str, int]:
    return {slot["start"]: slot["free"] for slot in web.free(service)}


def citizens(web: Web, *names: str) -> list[str]:
    return [web.token("citizen", subject=name) for name in names]


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


def sweep(job: JobContext, later: timedelta = timedelta(hours=1)) -> int:
    """Free what is due then, twice over; returns how many there were."""
    with job.transaction() as session:
        due = holding.list_due(session, now=system_clock() + later, most=100)
    for each in [*due, *due]:
        with job.transaction() as session:
            holding.free_hold(session, each)
    return len(due)


def test_whoever_holds_places_books_them_and_nobody_else(web: Web, job: JobContext) -> None:
    web.session(desks=TWO_DESKS)
    ana, eve = citizens(web, "ana", "eve")
    before = free(web)
    start = next(iter(before))
    held = hold(web, start, ana, people=2)
    assert held.status_code == 201, held.text
    assert start not in free(web)
    assert code(web.book(start, token=eve, attendees=[person(9)])) == (409, "slot_taken")
    assert code(hold(web, start, eve)) == (409, "slot_taken")
    path = f"/holds/{held.get_json()['id']}"
    for answer in (
        web.call("POST", f"{path}/extend", {}, token=eve),
        web.call("DELETE", path, token=eve),
    ):
        assert answer.status_code == 404
    mine = web.call("GET", "/holds", token=ana).get_json()["items"]
    assert [each["id"] for each in mine] == [held.get_json()["id"]]
    booked = web.book(start, token=ana, attendees=[person(1), person(2)])
    assert booked.status_code == 201, booked.text
    assert booked.get_json()["start"] == start
    assert web.call("GET", "/holds", token=ana).get_json()["items"] == []
    assert sweep(job) == 0
    assert free(web) == {time: places for time, places in before.items() if time != start}


def test_one_hold_for_each_and_all_or_nobody(web: Web, job: JobContext) -> None:
    web.session(desks=TWO_DESKS)
    (ana,) = citizens(web, "ana")
    before = free(web)
    first, *_others, last = before
    assert hold(web, first, ana).status_code == 201
    assert code(hold(web, last, ana, people=3)) == (409, "slot_taken")
    assert free(web) == {**before, first: 1}
    # More people at the same start: the time that was left stays.
    one = web.call("GET", "/holds", token=ana).get_json()["items"][0]
    two = hold(web, first, ana, people=2).get_json()
    assert (two["expires_at"], two["people"]) == (one["expires_at"], 2)
    # Another start in its place: what was left is of nobody else yet, but still of whoever left it.
    assert hold(web, last, ana, people=2).status_code == 201
    rest = {time: places for time, places in before.items() if time not in (first, last)}
    assert free(web) == rest
    again = web.book(first, token=ana, attendees=[person(1), person(2)])
    assert again.status_code == 201, again.text
    assert sweep(job) == 1
    assert free(web) == {**rest, last: 2}
    assert hold(web, last, ana, people=0).status_code == 422


def test_more_time_is_given_once_and_places_come_back_once(web: Web, job: JobContext) -> None:
    web.session(desks=TWO_DESKS)
    before = free(web)
    start = next(iter(before))
    real = system_clock()
    web.travel(real - timedelta(minutes=15))
    ana, eve = citizens(web, "ana", "eve")
    held = hold(web, start, ana, people=2).get_json()
    assert held["can_extend"] is True
    path = f"/holds/{held['id']}"
    web.travel(real - timedelta(minutes=14))
    longer = web.call("POST", f"{path}/extend", {}, token=ana)
    assert (longer.status_code, longer.get_json()["can_extend"]) == (200, False)
    assert longer.get_json()["expires_at"] > held["expires_at"]
    assert code(web.call("POST", f"{path}/extend", {}, token=ana)) == (409, "hold_over")
    web.travel(real - timedelta(minutes=3))
    assert web.call("GET", "/holds", token=ana).get_json()["items"] == []
    # Nobody swept yet: whoever asks for a place finds it, whoever only looks doesn't.
    assert start not in free(web)
    booked = web.book(start, token=eve, attendees=[person(9)])
    assert booked.status_code == 201, booked.text
    assert sweep(job) == 0
    assert free(web) == {**before, start: 1}
    assert web.call("DELETE", path, token=ana).status_code == 404


def test_what_is_held_no_longer_is_free_at_a_moment_that_nobody_knows(
    web: Web, job: JobContext
) -> None:
    web.session(desks=TWO_DESKS)
    before = free(web)
    start = next(iter(before))
    (ana,) = citizens(web, "ana")
    held = hold(web, start, ana, people=2).get_json()
    whole = web.call("GET", "/me/data", token=ana).get_json()["holds"]
    assert [each["id"] for each in whole] == [held["id"]]
    assert web.call("DELETE", f"/holds/{held['id']}", token=ana).status_code == 200
    assert start not in free(web)
    assert sweep(job, timedelta(seconds=1)) == 0
    assert sweep(job, timedelta(seconds=7)) == 1
    assert free(web) == before


def test_a_longer_service_and_several_hold_named_desks(web: Web, job: JobContext) -> None:
    """As booked, so held: a desk for as long as it takes, and one service after another."""
    web.session(desks=TWO_DESKS, service_minutes={"PAS10": 30}, closes="11:00")
    start = next(iter(free(web)))
    passports, matriculas = free(web), free(web, "MAT")
    ana, eve = citizens(web, "ana", "eve")
    assert hold(web, start, ana, service=None, services=BOTH, people=2).status_code == 201
    held = set(passports) - set(free(web))
    assert start in held
    assert code(web.book(start, token=eve, attendees=[person(9)])) == (409, "slot_taken")
    family = [person(1), person(2)]
    booked = web.book(start, token=ana, service=None, services=BOTH, attendees=family)
    assert booked.status_code == 201, booked.text
    assert booked.get_json()["end"] > booked.get_json()["start"]
    web.call("POST", f"/appointments/{booked.get_json()['id']}/cancel", {}, token=ana)
    rest = [time for time in passports if time >= booked.get_json()["end"]]
    mine = hold(web, rest[0], ana).get_json()
    assert web.call("DELETE", f"/holds/{mine['id']}", token=ana).status_code == 200
    assert sweep(job) == 1
    assert {time: free(web)[time] for time in rest} == {time: passports[time] for time in rest}
    late = [time for time in matriculas if time >= booked.get_json()["end"]]
    assert {time: free(web, "MAT")[time] for time in late} == {t: matriculas[t] for t in late}


def test_an_edited_session_counts_a_hold_or_ends_it_for_no_booking(web: Web) -> None:
    """Fewer desks: whoever booked keeps the place, a hold is ended, and nothing is freed twice."""
    opened = web.session(desks=TWO_DESKS)
    ana, eve = citizens(web, "ana", "eve")
    before = free(web)
    start, other = list(before)[:2]
    assert hold(web, start, ana).status_code == 201
    assert web.book(start, token=eve, attendees=[person(9)]).status_code == 201
    supervisor = web.token("supervisor", "losangeles")
    path = f"/sessions/{opened['id']}"
    three = {"desks": [*TWO_DESKS, {"name": "C", "services": BOTH}], "reason": "Una más"}
    assert web.call("PATCH", path, three, token=supervisor).status_code == 200
    assert free(web) == {**{time: 3 for time in before}, start: 1}
    one = {"desks": TWO_DESKS[:1], "reason": "Una menos"}
    changed = web.call("PATCH", path, one, token=supervisor)
    assert changed.status_code == 200, changed.text
    assert web.call("GET", "/holds", token=ana).get_json()["items"] == []
    assert code(web.book(start, token=ana, attendees=[person(1)])) == (409, "slot_taken")
    assert free(web) == {time: 1 for time in before if time != start}
    # Closed to bookings: places that are only held are nobody's.
    assert hold(web, other, ana).status_code == 201
    assert web.call("PATCH", path, {"status": "closed"}, token=supervisor).status_code == 200
    assert code(web.book(other, token=ana, attendees=[person(1)])) == (409, "slot_not_offered")
    with web.database.transaction(NETWORK_SCOPE) as session:
        taken = "SELECT sum(taken) FROM slot_sets WHERE services <> '{}'"
        assert session.scalar(text(taken)) == 1


def test_holds_are_limited_as_bookings_are(web: Web) -> None:
    web.session(desks=TWO_DESKS)
    start, other = list(free(web))[:2]
    ana, _eve = citizens(web, "ana", "eve")
    limits = web.app.config["BOOKING_LIMITS"]
    web.app.config["BOOKING_LIMITS"] = type(limits)(
        per_account=2, per_contact=60, per_address=1, per_day=None, free_after=limits.free_after
    )
    assert code(hold(web, start, ana, people=2)) == (409, "booking_limit")
    assert hold(web, start, ana).status_code == 201
    # Another account of the same address.
    (eve,) = citizens(web, "eve")
    assert code(web.book(other, token=eve, attendees=[person(9)])) == (409, "booking_limit")
    copied = (
        "INSERT INTO booking_holds SELECT gen_random_uuid(), holder_id, consulate_code,"
        " services, people, starts_at, ends_at, created_at, expires_at, extended, frees_at"
        " FROM booking_holds"
    )
    with web.app.extensions["consular.database"].transaction(NETWORK_SCOPE) as session:
        with pytest.raises(IntegrityError, match="ex_booking_holds_holder"):
            session.execute(text(copied))
        session.rollback()


def test_an_agent_holds_a_place_during_a_call(web: Web) -> None:
    web.session(desks=TWO_DESKS[:1])
    start = next(iter(free(web)))
    agent, other = web.token("agent", subject="one"), web.token("agent", subject="two")
    assert hold(web, start, agent).status_code == 201
    assert code(web.book(start, token=other, attendees=[person(9)])) == (409, "slot_taken")
    assert web.call("GET", "/holds", token=other).get_json()["items"] == []
    booked = web.book(start, token=agent, attendees=[person(1)])
    assert booked.status_code == 201, booked.text
    assert working_day().isoformat() in booked.get_json()["start"]
