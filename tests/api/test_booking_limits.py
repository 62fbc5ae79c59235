"""Nobody hoards appointments: what an account, a contact or an address may hold is limited."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.appointments.rules import (
    DEVELOPMENT_LIMITS,
    PRODUCTION_LIMITS,
    BookingLimits,
    free_after,
)
from services.kernel.db import NETWORK_SCOPE
from tests.factories.web import Web, person

DESKS = [{"name": name, "services": ["PAS10", "MAT"]} for name in "ABCDEFGHIJKLMNOPQR"]
LIMITS = replace(DEVELOPMENT_LIMITS, per_account=12, per_contact=12)


@pytest.fixture
def starts(web: Web) -> list[str]:
    """288 places: eighteen windows, sixteen times."""
    web.session(closes="13:00", desks=DESKS)
    return [slot["start"] for slot in web.free()]


def limit(web: Web, limits: BookingLimits) -> None:
    web.app.config["BOOKING_LIMITS"] = limits


def live(web: Web) -> int:
    """People with a live appointment."""
    with web.database.transaction(NETWORK_SCOPE) as session:
        query = text("SELECT count(*) FROM seats JOIN appointments a ON a.id = appointment_id")
        return int(session.execute(query).scalar_one())


def codes(answers: list[Any]) -> Counter[str]:
    return Counter(
        "booked" if a.status_code == 201 else f"{a.status_code} {a.get_json()['code']}"
        for a in answers
    )


def test_one_account_cant_take_an_office_with_invented_people(web: Web, starts: list[str]) -> None:
    token = web.token("citizen", subject="broker")
    answers = []
    for number in range(99):
        people = [person(number * 10 + n) for n in range(10)]
        start = starts[number % len(starts)]
        answers.append(web.book(start, token=token, attendees=people, contact={}))
    assert set(codes(answers)) == {"booked", "409 booking_limit"}
    assert live(web) <= DEVELOPMENT_LIMITS.per_account


def test_fifty_requests_at_once_dont_pass_the_limit(web: Web, starts: list[str]) -> None:
    limit(web, LIMITS)
    token = web.token("citizen", subject="broker")

    def book(number: int) -> Any:
        start = starts[number % len(starts)]
        return web.book(start, token=token, attendees=[person(number)], contact={})

    with ThreadPoolExecutor(max_workers=10) as pool:
        answers = list(pool.map(book, range(50)))
    assert codes(answers) == {"booked": 12, "409 booking_limit": 38}
    assert live(web) == 12


@pytest.mark.parametrize(
    "contact",
    [{"email": "broker@demo.invalid"}, {"phone": "+13235550100"}],
    ids=["e-mail", "phone"],
)
def test_many_accounts_with_one_contact_hold_no_more_than_one(
    web: Web, starts: list[str], contact: dict[str, str]
) -> None:
    limit(web, LIMITS)
    web.session(consulate="chicago", desks=DESKS)
    there = [slot["start"] for slot in web.free(consulate="chicago")]
    answers = []
    for number in range(14):
        token = web.token("citizen", subject=f"account-{number}")
        office, start = ("chicago", there[0]) if number % 2 else ("losangeles", starts[0])
        answers.append(
            web.book(
                start, token=token, consulate=office, attendees=[person(number)], contact=contact
            )
        )
    assert codes(answers) == {"booked": 12, "409 booking_limit": 2}
    other = {name: f"9{value}" if "@" in value else value for name, value in contact.items()}
    if other != contact:
        token = web.token("citizen", subject="other")
        assert (
            web.book(starts[1], token=token, attendees=[person(99)], contact=other).status_code
            == 201
        )


def test_one_address_holds_no_more_than_its_limit(web: Web, starts: list[str]) -> None:
    limit(web, replace(LIMITS, per_address=3))
    tokens = [web.token("citizen", subject=str(number)) for number in range(5)]
    answers = [
        web.book(starts[0], token=token, attendees=[person(number)], contact={})
        for number, token in enumerate(tokens)
    ]
    assert codes(answers) == {"booked": 3, "409 booking_limit": 2}
    assert (
        web.call(
            "POST", f"/appointments/{answers[0].get_json()['id']}/cancel", {}, token=tokens[0]
        ).status_code
        == 200
    )
    answer = web.book(starts[0], token=tokens[4], attendees=[person(4)], contact={})
    assert answer.status_code == 201


def test_booking_and_cancelling_all_day_is_slowed(web: Web, starts: list[str]) -> None:
    limit(web, replace(LIMITS, per_day=3))
    token = web.token("citizen", subject="churner")
    for start in starts[:3]:
        booked = web.book(start, token=token).get_json()["id"]
        web.call("POST", f"/appointments/{booked}/cancel", {}, token=token)
    answer = web.book(starts[3], token=token)
    assert (answer.status_code, answer.get_json()["code"]) == (429, "too_many_requests")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_repeated_request_at_the_limit_gets_its_answer(web: Web, starts: list[str]) -> None:
    limit(web, replace(LIMITS, per_account=1))
    token, headers = web.token("citizen", subject="ana"), {"Idempotency-Key": "k-1"}
    body = {
        "consulate": "losangeles", "service": "PAS10", "start": starts[0], "attendees": [person()],
    }  # fmt: skip
    first = web.call("POST", "/appointments", body, token=token, headers=headers)
    again = web.call("POST", "/appointments", body, token=token, headers=headers)
    assert (first.status_code, again.get_json()) == (201, first.get_json())


def test_staff_book_for_many_callers(web: Web, starts: list[str]) -> None:
    limit(web, replace(LIMITS, per_account=1, per_address=1))
    agent = web.token("agent")
    for number in range(5):
        answer = web.book(starts[0], token=agent, attendees=[person(number)], contact={})
        assert answer.status_code == 201, answer.text


def test_production_is_strict_and_a_family_fits() -> None:
    assert 10 <= PRODUCTION_LIMITS.per_account <= 12
    assert 10 <= PRODUCTION_LIMITS.per_contact <= 12
    assert PRODUCTION_LIMITS.per_address
    assert PRODUCTION_LIMITS.per_day
    assert PRODUCTION_LIMITS.free_after[0].total_seconds() >= 300


def test_a_place_comes_back_within_its_bounds_and_before_its_time() -> None:
    now = datetime(2026, 12, 1, tzinfo=UTC)
    far, near = now + timedelta(days=9), now + timedelta(hours=1)
    assert free_after(PRODUCTION_LIMITS, far, now, 0.0) == 300
    assert free_after(PRODUCTION_LIMITS, far, now, 1.0) == 7200
    assert free_after(PRODUCTION_LIMITS, near, now, 1.0) == 1800
