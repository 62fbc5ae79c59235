"""When many want the same places at once, exactly as many get one as there are places.

``--full``: 1,000 rounds of everything that clients and the office do at once.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import psycopg
import pytest

from tests.factories.races import deadlocks, run_rounds
from tests.factories.server import Citizen, make_citizens, running_server
from tests.factories.web import Web, person, running_web
from tests.servers import Addresses, settings_over

CLIENTS = 20
ROUNDS, ROUNDS_FULL = 2, 1000


@dataclass(frozen=True)
class Rush:
    """The real server, and an office at which a supervisor opens sessions; people are of the
    test's own."""

    web: Web
    url: str
    office: str
    first_person: int

    def starts(self, service: str = "PAS10", **session: Any) -> list[str]:
        """Open a session; the starts it offers."""
        self.web.session(consulate=self.office, **session)
        return [slot["start"] for slot in self.free(service)]

    def free(self, service: str = "PAS10") -> list[dict[str, Any]]:
        """What is left."""
        return self.web.free(service, self.office)

    def body(self, start: str, *numbers: int, service: str = "PAS10") -> dict[str, Any]:
        """A booking for people of these numbers."""
        return {
            "consulate": self.office,
            "service": service,
            "start": start,
            "attendees": [person(self.first_person + number) for number in numbers],
        }

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
                "SELECT (SELECT sum(most) FROM (SELECT max(taken) AS most FROM slot_sets t"
                " JOIN slots l ON l.id = t.slot_id WHERE l.consulate_code = %(office)s"
                " GROUP BY slot_id) s), (SELECT count(*) FROM seats e"
                " JOIN slots l ON l.id = e.slot_id WHERE l.consulate_code = %(office)s)",
                {"office": self.office},
            ).fetchone()
        assert row is not None
        return int(row[0]), int(row[1])


@pytest.fixture(scope="module")
def served(
    servers: Addresses, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Web, str]]:
    """Offices are loaded, nothing is booked; the web and its address."""
    home = tmp_path_factory.mktemp("races")
    with servers.fresh_database() as urls:
        settings = settings_over(urls, home, servers.redis(63))
        with (
            running_web(settings) as web,
            running_server(web.settings, SERVER_HEAD_SECONDS="60") as at,
        ):
            yield web, f"http://127.0.0.1:{at.port}"


# People's numbers begin where those of the last round end.
_OFFICES = enumerate(
    ("losangeles", "sandiego", "sacramento", "seattle", "phoenix", "denver"), ROUNDS_FULL
)


@pytest.fixture
def rush(served: tuple[Web, str]) -> Rush:
    """An office of the test's own."""
    number, office = next(_OFFICES)
    return Rush(*served, office, number * 1000)


def _codes(answers: Sequence[httpx.Response]) -> Counter[str]:
    """201 as "booked", every refusal by its code."""
    return Counter(
        "booked" if a.status_code == 201 else f"{a.status_code} {a.json()['code']}" for a in answers
    )


def test_fifteen_places_go_to_fifteen_of_three_hundred(rush: Rush) -> None:
    starts = rush.starts(opens="09:00", closes="12:45")
    assert len(starts) == 15
    bodies = [
        rush.body(start, n * 15 + i) for n in range(CLIENTS) for i, start in enumerate(starts)
    ]
    answers = rush.book_at_once(bodies)
    assert _codes(answers) == {"booked": 15, "409 slot_taken": 285}
    assert {a.json()["start"] for a in answers if a.status_code == 201} == set(starts)
    assert rush.places() == (15, 15)
    assert rush.free() == []


def test_three_desks_seat_at_once_whoever_fits(rush: Rush) -> None:
    desks = [
        {"name": "1", "services": ["PAS10", "MAT"]},
        {"name": "2", "services": ["PAS10", "INE"]},
        {"name": "3", "services": ["INE", "MAT"]},
    ]
    starts = rush.starts("MAT", desks=desks)
    wanted = ("MAT", "INE", "MAT")
    bodies = [
        rush.body(start, at * 10 + number, service=service)
        for at, start in enumerate(starts)
        for number, service in enumerate(wanted)
    ]
    assert _codes(rush.book_at_once(bodies)) == {"booked": 3 * len(starts)}
    more = [rush.body(starts[0], 900 + n, service=s) for n, s in enumerate(("MAT", "INE", "PAS10"))]
    assert _codes(rush.book_at_once(more)) == {"409 slot_taken": 3}
    assert rush.places() == (3 * len(starts), 3 * len(starts))


def test_households_that_race_are_seated_whole_or_not_at_all(rush: Rush) -> None:
    desks = [{"name": name, "services": ["PAS10"]} for name in "AB"]
    start = rush.starts(desks=desks, closes="09:30")[0]
    households = [rush.body(start, *range(n * 4, n * 4 + 4)) for n in range(CLIENTS)]
    answers = rush.book_at_once(households)
    assert _codes(answers) == {"booked": 1, "409 slot_taken": CLIENTS - 1}
    assert rush.places() == (4, 4)


def test_one_person_in_many_hands_is_booked_once(rush: Rush) -> None:
    starts = rush.starts(desks=[{"name": n, "services": ["PAS10"]} for n in "ABCDE"])
    answers = rush.book_at_once([rush.body(starts[n % len(starts)], 1) for n in range(CLIENTS)])
    assert _codes(answers) == {"booked": 1, "409 identity_check_pending": CLIENTS - 1}
    assert rush.places() == (1, 1)


def test_who_has_the_last_place_hears_that_they_hold_it_not_that_it_is_gone(rush: Rush) -> None:
    start = rush.starts()[0]
    token = rush.web.token("citizen", subject="ana")
    own = {"consulate": rush.office, "attendees": [person(rush.first_person)]}
    assert rush.web.book(start, token=token, **own).status_code == 201
    assert start not in [slot["start"] for slot in rush.free()]
    assert rush.web.book(start, token=token, **own).get_json()["code"] == "already_booked"


def test_whatever_is_sent_at_once_every_place_goes_to_somebody_who_fits(
    served: tuple[Web, str], request: pytest.FixtureRequest
) -> None:
    full = request.config.getoption("--full")
    there = {"hold", "hold used", "book", "book slot_taken", "cancel", "late refused", "ticket"}
    seen = run_rounds(*served, ROUNDS_FULL if full else ROUNDS, until=there)
    print(*(f"{name}: {times}" for name, times in sorted(seen.items())), sep=", ")
    assert there <= set(seen), seen
    assert deadlocks(served[0]) == 0
