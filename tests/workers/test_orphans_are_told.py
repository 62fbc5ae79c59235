"""Whoever loses the place by a change of the plan is told so, with the nearest time and the way to
others; and told again when the place is back."""

from __future__ import annotations

from collections.abc import Callable

from tests.factories.web import Web, person, working_day
from tests.workers.conftest import messages
from tests.workers.test_reserved_places import change

ANA = "ana@demo.invalid"
TWO = [{"name": name, "services": ["PAS10"]} for name in "AB"]


def _told(agencies_url: str, pump: Callable[[], int]) -> list[dict[str, str]]:
    """All of them so far, the first one first."""
    while pump():
        pass
    return messages(agencies_url, ANA)[::-1]


def test_an_orphan_hears_of_the_nearest_time_and_that_the_place_is_back(
    web: Web, agencies_url: str, pump: Callable[[], int]
) -> None:
    opened = web.session(desks=TWO[:1], closes="09:15")
    mine = web.token("citizen", subject="ana")
    booked = web.book(
        web.free()[0]["start"], token=mine, attendees=[person(1)], contact={"email": ANA}
    ).get_json()
    other = working_day(34)
    web.session(desks=TWO[:1], date=other.isoformat(), opens="10:30", closes="10:45")
    [confirmed] = _told(agencies_url, pump)
    change(web, opened, desks=[{"name": "A", "services": ["MAT"]}])
    [lost] = _told(agencies_url, pump)[1:]
    assert "9:00" in lost["body"]
    assert "10:30" in lost["body"]
    assert f"/citas/{booked['id']}/cambiar" in lost["body"]
    assert confirmed["attachments"]
    assert not lost.get("attachments")
    change(web, opened, desks=TWO[:1])
    [back] = _told(agencies_url, pump)[2:]
    assert "9:00" in back["body"]
    assert "/cambiar" not in back["body"]


def test_where_no_time_is_free_the_message_says_so(
    web: Web, agencies_url: str, pump: Callable[[], int]
) -> None:
    opened = web.session(desks=TWO[:1], closes="09:15")
    mine = web.token("citizen", subject="ana")
    web.book(web.free()[0]["start"], token=mine, attendees=[person(1)], contact={"email": ANA})
    before = len(_told(agencies_url, pump))
    change(web, opened, desks=[{"name": "A", "services": ["MAT"]}])
    [lost] = _told(agencies_url, pump)[before:]
    assert "La hora más cercana: todavía ninguna" in lost["body"]
