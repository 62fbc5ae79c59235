"""A raid, a storm: bookings are canceled by a job, everybody who can be told is told at once, and
what failed and whom nothing reaches is listed. Meanwhile other days and offices are booked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from services.appointments.closing_days import CloseDays, close_days
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.factories.web import Web, person, working_day
from tests.workers.conftest import messages
from workers.runtime import JobContext

DESKS = [{"name": name, "services": ["PAS10"]} for name in "ABC"]
MOST = timedelta(minutes=10)


def book(web: Web, number: int, start: str, email: str | None, **more: Any) -> str:
    contact = {"email": email} if email else None
    token = web.token("citizen", subject=f"c{number}")
    answer = web.book(start, token=token, attendees=[person(number)], contact=contact, **more)
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["id"])


def test_a_closed_day_is_called_off_and_says_how_far_it_is(
    web: Web, job: JobContext, agencies_url: str, pump: Callable[[], int]
) -> None:
    web.session(desks=DESKS)
    start, day = web.free()[0]["start"], working_day().isoformat()
    reached, begun, silent = (
        book(web, n, start, email) for n, email in ((1, "ana@demo.invalid"), (2, None), (3, None))
    )
    supervisor = web.token("supervisor", "losangeles")
    body = {
        "consulate": "losangeles", "first_day": day, "last_day": day,
        "reason": "Redada en la zona", "bookings": "cancel",
    }  # fmt: skip
    closure = web.call("POST", "/closures", body, token=supervisor).get_json()
    assert closure["impact"]["appointments"] == 3
    # One of them begins before the job comes to it: it can't be canceled any more.
    with job.transaction() as session:
        session.execute(
            text("UPDATE appointments SET starts_at = now() - interval '1 minute' WHERE id = :id"),
            {"id": begun},
        )
    while pump():
        pass
    path = f"/closures/{closure['id']}"
    progress = web.call("GET", path, token=supervisor).get_json()["progress"]
    assert (progress["listed"], progress["cancelled"], progress["left"]) == (3, 2, [])
    assert progress["failed"] == {begun: "wrong_state"}
    assert silent in progress["without_contact"]
    assert reached not in progress["without_contact"]
    bodies = [each["body"] for each in messages(agencies_url, "ana@demo.invalid")]
    assert "Redada en la zona" in bodies[0]
    with web.database.transaction(NETWORK_SCOPE) as session:
        late = text(
            "SELECT max(sent_at) - (SELECT created_at FROM closures WHERE id = :id) FROM messages"
        )
        assert session.scalar(late, {"id": closure["id"]}) < MOST


def test_however_many_they_are_all_are_told_in_a_few_rounds_of_the_workers(
    web: Web, job: JobContext, agencies_url: str, pump: Callable[[], int]
) -> None:
    """A round is what is due when the schedule looks, once a second: minutes are far away."""
    web.session(desks=DESKS)
    starts = [slot["start"] for slot in web.free()]
    emails = [f"c{n}@demo.invalid" for n in range(6)]
    for n, email in enumerate(emails):
        book(web, n, starts[n // len(DESKS)], email)
    while pump():
        pass
    day = working_day().isoformat()
    body = {"consulate": "losangeles", "first_day": day, "last_day": day, "reason": "Tormenta",
            "bookings": "cancel"}  # fmt: skip
    supervisor = web.token("supervisor", "losangeles")
    assert web.call("POST", "/closures", body, token=supervisor).status_code == 201
    # Whoever is to be canceled is listed in the same transaction, with one item for all of them.
    query = text("SELECT topic FROM outbox WHERE done_at IS NULL AND topic LIKE '%call_off'")
    with job.transaction() as session:
        assert len(session.scalars(query).all()) == 1
        assert session.scalar(text("SELECT count(*) FROM bookings_called_off")) == len(emails)
    for _round in ("canceled", "told"):
        pump()
    for email in emails:
        assert any("Tormenta" in each["body"] for each in messages(agencies_url, email)), email


def test_other_days_and_offices_are_booked_while_a_day_is_called_off(web: Web) -> None:
    other = working_day(34)
    web.session(desks=DESKS)
    web.session(desks=DESKS, date=other.isoformat())
    web.session(desks=DESKS, consulate="chicago")
    start = web.free()[0]["start"]
    book(web, 1, start, None)
    there = web.free(consulate="chicago")[0]["start"]
    day = f"&from={other}&to={other}"
    path = f"/consulates/losangeles/availability?service=PAS10{day}"
    later = web.call("GET", path).get_json()["slots"][0]["start"]
    actor = Actor(Role.SUPERVISOR, UUID(int=1), "losangeles")
    with web.database.transaction(NETWORK_SCOPE) as session:
        session.execute(text("SET LOCAL lock_timeout = '5s'"))
        command = CloseDays(
            "losangeles", working_day(), working_day(), reason="Tormenta", cancels=True
        )
        close_days(session, command, now=system_clock(), actor=actor)
        # All of that day is locked until this ends: nobody else waits for it.
        book(web, 2, later, None)
        book(web, 3, there, None, consulate="chicago")
    assert web.free() == []
