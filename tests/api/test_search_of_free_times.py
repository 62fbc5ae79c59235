"""Free times of several offices: named ones, those near a place, for a party, part of a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from services.appointments.planning import DeskPlan, OpenSession, open_sessions
from services.kernel.audit import SYSTEM
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.api.calls import steady_web
from tests.factories.web import Web, person, working_day
from tests.servers import Addresses

DAY = working_day(30)
# What Los Angeles calls the evening of a day is the next day in UTC.
OFFICES = {
    "losangeles": (time(9), time(10)),
    "sandiego": (time(11, 30), time(12, 30)),
    "sacramento": (time(16), time(20)),
    "phoenix": (time(14), time(15)),
}


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("search")) as running:
        with running.database.transaction(NETWORK_SCOPE) as session:
            planned = [_open(code, DAY, *hours) for code, hours in OFFICES.items()]
            planned.append(_open("losangeles", working_day(37), time(9), time(9, 15)))
            open_sessions(session, planned, now=system_clock(), actor=SYSTEM)
        yield running


def _open(consulate: str, day: date, opens: time, closes: time) -> OpenSession:
    desks = (DeskPlan("A", ("PAS10",)), DeskPlan("B", ("PAS10",)))
    return OpenSession(consulate, day, opens, closes, 15, desks)


def _search(web: Web, query: str, *, days: str = f"from={DAY}&to={DAY}") -> list[dict[str, Any]]:
    answer = web.call("GET", f"/availability?service=PAS10&{days}&{query}")
    assert answer.status_code == 200, answer.text
    return list(answer.get_json()["slots"])


def _offices(slots: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(slot["consulate"] for slot in slots))


def test_offices_that_are_named(web: Web) -> None:
    slots = _search(web, "consulates=sandiego,sacramento")
    assert _offices(slots) == ["sandiego", "sacramento"]
    unknown = web.call("GET", "/availability?service=PAS10&consulates=sandiego,atlantis")
    assert unknown.status_code == 404


def test_the_earliest_within_some_kilometers(web: Web) -> None:
    near = "near=34.05,-118.24&within_km=200"
    assert _offices(_search(web, near)) == ["losangeles", "sandiego"]
    assert _offices(_search(web, "near=32.7,-117.1&within_km=250")) == ["sandiego", "losangeles"]
    assert _offices(_search(web, "near=32.7,-117.1&within_km=250&sort=time"))[0] == "losangeles"


@pytest.mark.parametrize(
    ("place", "office"),
    [
        ("90012", "losangeles"),
        ("Fresno, CA", "sacramento"),
        ("chula vista", "sandiego"),
        ("Arizona", "phoenix"),
    ],
)
def test_a_place_is_a_city_a_state_or_a_zip_code(web: Web, place: str, office: str) -> None:
    assert _offices(_search(web, f"place={place}"))[0] == office


@pytest.mark.parametrize(
    ("query", "offices"),
    [
        ("part=morning", {"losangeles", "sandiego"}),
        ("part=afternoon", {"sandiego", "sacramento", "phoenix"}),
        (f"weekdays={DAY.isoweekday()}", set(OFFICES)),
        (f"weekdays={DAY.isoweekday() % 7 + 1}", set()),
    ],
)
def test_part_of_the_day_and_weekday_are_those_at_the_office(
    web: Web, query: str, offices: set[str]
) -> None:
    assert set(_offices(_search(web, query))) == offices


def test_times_around_an_hour_come_first(web: Web) -> None:
    slots = _search(web, "consulates=losangeles&around=09:30")
    assert [slot["start"][11:16] for slot in slots] == ["09:30", "09:15", "09:45"]


@pytest.mark.parametrize(("party", "starts"), [(1, 4), (3, 3), (5, 2), (8, 1), (9, 0)])
def test_a_party_fits_where_the_times_that_follow_hold_all(
    web: Web, party: int, starts: int
) -> None:
    path = f"/consulates/losangeles/availability?service=PAS10&from={DAY}&to={DAY}&party={party}"
    own = web.call("GET", path).get_json()["slots"]
    network = _search(web, f"consulates=losangeles&party={party}")
    assert (len(own), len(network)) == (starts, min(starts, 3))


@pytest.mark.parametrize(
    "query",
    [
        *(
            "party=0",
            "party=-1",
            "party=1.5",
            "party=999",
            "part=night",
            "weekdays=0",
            "near=north",
        ),
        *(
            "within_km=200",
            "place=atlantis",
            "near=1,1&place=Fresno",
            "consulates=,",
            "around=25:00",
        ),
        *("from=9999-12-31", "from=0001-01-01", "from=2027-02-30", "from=2027-02-01&to=2027-01-01"),
        "from=2027-01-01&to=2099-01-01",
    ],
)
def test_nonsense_is_refused_with_the_field(web: Web, query: str) -> None:
    answer = web.call("GET", f"/availability?service=PAS10&{query}")
    assert answer.status_code == 422, answer.text
    assert (
        query.rsplit("&", maxsplit=1)[-1].split("=", maxsplit=1)[0] in answer.get_json()["errors"]
    )


def test_the_days_are_the_offices_own_and_their_first_and_last_times_can_be_booked(
    web: Web,
) -> None:
    """An evening on the west coast is the next day in UTC; it stands under its local date."""
    slots = _search(web, "consulates=sacramento,phoenix&around=20:00")
    assert {slot["start"][:10] for slot in slots} == {DAY.isoformat()}
    last = max(slots, key=lambda slot: slot["start"])
    assert datetime.fromisoformat(last["start"]).astimezone(UTC).date() > DAY
    answer = web.book(
        last["start"],
        token=web.token("citizen", subject="eva"),
        consulate=last["consulate"],
        attendees=[person(3)],
    )
    assert answer.status_code == 201, answer.text
