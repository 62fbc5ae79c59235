"""When many want the same places at once, exactly as many get one as there are places."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest

from services.kernel.settings import Settings
from tests.factories.server import Citizen, make_citizens, running_server
from tests.factories.web import Web, person, running_web

CLIENTS = 20


@dataclass(frozen=True)
class Rush:
    """The real server, and a supervisor who opens sessions for it."""

    web: Web
    url: str

    def starts(self, service: str = "PAS10", **session: Any) -> list[str]:
        """Open a session; the starts it offers."""
        self.web.session(**session)
        return [slot["start"] for slot in self.web.free(service)]

    def book_at_once(self, bodies: Sequence[dict[str, Any]]) -> list[httpx.Response]:
        """Every body from another citizen, all in the air together."""
        citizens = make_citizens(self.web.settings, len(bodies))
        return asyncio.run(self._send(list(zip(bodies, citizens, strict=True))))

    async def _send(self, requests: list[tuple[dict[str, Any], Citizen]]) -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=self.url, limits=limits, timeout=60) as client:
            sent = (
                client.post(
                    "/api/v1/appointments",
                    json=body,
                    headers={"Authorization": f"Bearer {citizen.token}"},
                )
                for body, citizen in requests
            )
            return list(await asyncio.gather(*sent))

    def places(self) -> tuple[int, int]:
        """(Places taken by the slots' own count, seats given), from the database."""
        with psycopg.connect(self.web.settings.values["DATABASE_OWNER_URL"]) as connection:
            # Row security holds the owner too.
            connection.execute("SELECT set_config('app.consulate', '*', true)")
            row = connection.execute(
                "SELECT (SELECT sum(most) FROM (SELECT max(taken) AS most FROM slot_sets"
                " GROUP BY slot_id) s), (SELECT count(*) FROM seats)"
            ).fetchone()
        assert row is not None
        return int(row[0]), int(row[1])


@pytest.fixture
def rush(settings: Settings) -> Iterator[Rush]:
    """Offices are loaded, nothing is booked."""
    with running_web(settings) as web, running_server(web.settings) as served:
        yield Rush(web, f"http://127.0.0.1:{served.port}")


def _body(start: str, *numbers: int, service: str = "PAS10") -> dict[str, Any]:
    return {
        "consulate": "losangeles",
        "service": service,
        "start": start,
        "attendees": [person(number) for number in numbers],
    }


def _codes(answers: Sequence[httpx.Response]) -> Counter[str]:
    """201 as "booked", every refusal by its code."""
    return Counter(
        "booked" if a.status_code == 201 else f"{a.status_code} {a.json()['code']}" for a in answers
    )


def test_fifteen_places_go_to_fifteen_of_three_hundred(rush: Rush) -> None:
    starts = rush.starts(opens="09:00", closes="12:45")
    assert len(starts) == 15
    bodies = [_body(start, n * 15 + i) for n in range(CLIENTS) for i, start in enumerate(starts)]
    answers = rush.book_at_once(bodies)
    assert _codes(answers) == {"booked": 15, "409 slot_taken": 285}
    assert {a.json()["start"] for a in answers if a.status_code == 201} == set(starts)
    assert rush.places() == (15, 15)
    assert rush.web.free() == []


def test_three_desks_seat_at_once_whoever_fits(rush: Rush) -> None:
    desks = [
        {"name": "1", "services": ["PAS10", "MAT"]},
        {"name": "2", "services": ["PAS10", "INE"]},
        {"name": "3", "services": ["INE", "MAT"]},
    ]
    starts = rush.starts("MAT", desks=desks)
    wanted = ("MAT", "INE", "MAT")
    bodies = [
        _body(start, at * 10 + number, service=service)
        for at, start in enumerate(starts)
        for number, service in enumerate(wanted)
    ]
    assert _codes(rush.book_at_once(bodies)) == {"booked": 3 * len(starts)}
    more = [_body(starts[0], 900 + n, service=s) for n, s in enumerate(("MAT", "INE", "PAS10"))]
    assert _codes(rush.book_at_once(more)) == {"409 slot_taken": 3}
    assert rush.places() == (3 * len(starts), 3 * len(starts))


def test_households_that_race_are_seated_whole_or_not_at_all(rush: Rush) -> None:
    desks = [{"name": name, "services": ["PAS10"]} for name in "AB"]
    start = rush.starts(desks=desks, closes="09:30")[0]
    households = [_body(start, *range(n * 4, n * 4 + 4)) for n in range(CLIENTS)]
    answers = rush.book_at_once(households)
    assert _codes(answers) == {"booked": 1, "409 slot_taken": CLIENTS - 1}
    assert rush.places() == (4, 4)


def test_one_person_in_many_hands_is_booked_once(rush: Rush) -> None:
    starts = rush.starts(desks=[{"name": n, "services": ["PAS10"]} for n in "ABCDE"])
    answers = rush.book_at_once([_body(starts[n % len(starts)], 1) for n in range(CLIENTS)])
    assert _codes(answers) == {"booked": 1, "409 identity_check_pending": CLIENTS - 1}
    assert rush.places() == (1, 1)


def test_who_has_the_last_place_hears_that_they_hold_it_not_that_it_is_gone(rush: Rush) -> None:
    start = rush.starts()[0]
    token = rush.web.token("citizen", subject="ana")
    assert rush.web.book(start, token=token).status_code == 201
    assert start not in [slot["start"] for slot in rush.web.free()]
    assert rush.web.book(start, token=token).get_json()["code"] == "already_booked"
