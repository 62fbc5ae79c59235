"""A raid, a storm: bookings are canceled by a job, everybody who can be told is told at once, and
what failed and whom nothing reaches is listed. Meanwhile other days and offices are booked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, text

from services.appointments.calling_off import cancel_called_off, note_failure, progress_of
from services.appointments.closing_days import CloseDays, close_days
from services.appointments.models import BookingCalledOff
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.factories.web import Web, person, working_day
from tests.workers.conftest import messages
from workers.runtime import JobContext

DESKS = [{"name": name, "services": ["PAS10"]} for name in "ABC"]
MOST = timedelta(minutes=10)
OFFICES = ("losangeles", "chicago")


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


def test_more_than_a_lease_allows_are_called_off_item_by_item(
    web: Web,
    job: JobContext,
    agencies_url: str,
    pump: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two days of two offices are closed: five bookings by items of two; the third day stays."""
    monkeypatch.setattr("workers.jobs.appointments.CALLED_OFF_TOGETHER", 2)
    days = sorted({working_day(n) for n in range(20, 35)})[:3]
    for consulate in OFFICES:
        for day in days:
            web.session(desks=DESKS, consulate=consulate, date=day.isoformat())
    stays = [
        book(web, 10 + n, _start(web, office, days[2]), f"stays{n}@demo.invalid", consulate=office)
        for n, office in enumerate(OFFICES)
    ]
    booked = [
        book(web, n, _start(web, office, day), f"c{n}@demo.invalid", consulate=office)
        for n, (office, day) in enumerate(
            [(office, day) for office in OFFICES for day in days[:2]] + [("chicago", days[0])]
        )
    ]
    while pump():
        pass
    body = {"consulate": None, "first_day": days[0].isoformat(), "last_day": days[1].isoformat(),
            "reason": "Huracan", "bookings": "cancel"}  # fmt: skip
    admin = web.token("admin")
    closure = web.call("POST", "/closures", body, token=admin)
    assert closure.status_code == 201, closure.text
    assert closure.get_json()["impact"]["appointments"] == len(booked)
    while pump():
        pass
    shown = web.call("GET", f"/closures/{closure.get_json()['id']}", token=admin).get_json()
    progress = shown["progress"]
    assert (progress["listed"], progress["cancelled"], progress["left"]) == (5, 5, [])
    assert progress["failed"] == {}
    for n in range(len(booked)):
        told = [each["body"] for each in messages(agencies_url, f"c{n}@demo.invalid")]
        assert sum("Huracan" in each for each in told) == 1, n
    for n, (appointment, office) in enumerate(zip(stays, OFFICES, strict=True)):
        officer = web.token("officer", office)
        shown = web.call("GET", f"/appointments/{appointment}", token=officer).get_json()
        assert shown["status"] == "booked"
        [told] = [each["body"] for each in messages(agencies_url, f"stays{n}@demo.invalid")]
        assert "Huracan" not in told


def _start(web: Web, consulate: str, day: date) -> str:
    path = f"/consulates/{consulate}/availability?service=PAS10&from={day}&to={day}"
    return str(web.call("GET", path).get_json()["slots"][0]["start"])


def test_whoever_is_cancelled_already_did_not_fail(web: Web, job: JobContext) -> None:
    """Of two workers that cancel the same one, the later is refused: nothing is listed for it."""
    web.session(desks=DESKS)
    appointment = UUID(book(web, 1, web.free()[0]["start"], None))
    subject = UUID(int=7)
    with job.transaction() as session:
        session.execute(
            insert(BookingCalledOff).values(subject_id=subject, appointment_id=appointment)
        )
        cancel_called_off(session, subject, appointment, now=job.now(session))
    with job.transaction() as session:
        note_failure(session, subject, appointment, "wrong_state")
        assert progress_of(session, subject).failed == {}


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
