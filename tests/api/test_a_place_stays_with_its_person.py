"""A place that somebody has can't be handed to somebody else, by whatever way it is tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from tests.factories.web import Web, person

DESKS = [{"name": "A", "services": ["PAS10"]}]
CHECKED = {"identity_checked": True}
Way = Callable[[Web, dict[str, Any], str, str], Any]


def _cancels(web: Web, booked: dict[str, Any], token: str, other: str) -> Any:
    return web.call("POST", f"/appointments/{booked['id']}/cancel", {}, token=token)


def _takes_one_off(web: Web, booked: dict[str, Any], token: str, other: str) -> Any:
    return web.call("POST", f"/appointments/{booked['id']}/attendees/1/cancel", {}, token=token)


def _moves_away(web: Web, booked: dict[str, Any], token: str, other: str) -> Any:
    path = f"/appointments/{booked['id']}/reschedule"
    return web.call("POST", path, {"start": other}, token=token)


def _telephone_cancels(web: Web, booked: dict[str, Any], token: str, other: str) -> Any:
    return _cancels(web, booked, web.token("agent"), other)


@pytest.mark.parametrize("way", [_cancels, _takes_one_off, _moves_away, _telephone_cancels])
def test_who_lets_go_of_a_place_cant_say_who_gets_it(web: Web, way: Way) -> None:
    web.session(desks=DESKS, closes="10:00")
    start, *_others, last = (slot["start"] for slot in web.free())
    seller, buyer = (web.token("citizen", subject=name) for name in ("ana", "eve"))
    booked = web.book(start, token=seller).get_json()
    assert way(web, booked, seller, last).status_code == 200
    mine = {"attendees": [person(7)]}
    hold = {"consulate": "losangeles", "service": "PAS10", "start": start}
    for answer in (
        web.book(start, token=buyer, **mine),
        web.book(start, token=web.token("agent"), **mine),
        web.call("POST", "/holds", hold, token=buyer),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (409, "slot_taken")


def test_who_holds_a_place_and_gives_it_up_cant_say_who_gets_it(web: Web) -> None:
    web.session(desks=DESKS)
    start = web.free()[0]["start"]
    seller, buyer = (web.token("citizen", subject=name) for name in ("ana", "eve"))
    body = {"consulate": "losangeles", "service": "PAS10", "start": start}
    held = web.call("POST", "/holds", body, token=seller)
    assert web.call("DELETE", f"/holds/{held.get_json()['id']}", token=seller).status_code < 300
    answer = web.book(start, token=buyer, attendees=[person(7)])
    assert (answer.status_code, answer.get_json()["code"]) == (409, "slot_taken")


def test_no_request_of_its_owner_names_somebody_else(web: Web) -> None:
    web.session(desks=DESKS)
    start, other, *_ = (slot["start"] for slot in web.free())
    seller = web.token("citizen", subject="ana")
    booked = web.book(start, token=seller).get_json()
    path, names = f"/appointments/{booked['id']}", [person(7)]
    moved = web.call(
        "POST", f"{path}/reschedule", {"start": other, "attendees": names}, token=seller
    )
    assert moved.status_code == 422
    for method in ("PUT", "PATCH"):
        assert web.call(method, path, {"attendees": names}, token=seller).status_code == 405
    correction = {**_names("Zoe", "Vargas"), **CHECKED}
    for token in (seller, web.token("agent")):
        answer = web.call("POST", f"{path}/attendees/1/correct", correction, token=token)
        assert answer.status_code == 403


def test_a_correction_makes_nobody_else_of_them_at_once_or_step_by_step(web: Web) -> None:
    web.session(desks=DESKS)
    token, officer = web.token("citizen", subject="ana"), web.token("officer", "losangeles")
    who = {"given_names": "Ana", "first_surname": "Robles", "second_surname": None}
    booked = web.book(web.free()[0]["start"], token=token, attendees=[person(**who)]).get_json()
    path = f"/appointments/{booked['id']}/attendees/1/correct"

    def correct(*names: str) -> Any:
        return web.call("POST", path, {**_names(*names), **CHECKED}, token=officer)

    other = correct("Zoe", "Vargas")
    assert (other.status_code, other.get_json()["code"]) == (422, "not_a_spelling")
    for names in (("Anna", "Robles"), ("Anna", "Roble", "Díaz"), ("Hanna", "Robles", "Díaz")):
        assert correct(*names).status_code == 200, names
    # Each is like the one before, and no longer like who was booked.
    for names in (("Hannia", "Nobles"), ("Hania", "Nobles"), ("Tania", "Nobel")):
        answer = correct(*names)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "not_a_spelling")
    with web.database.transaction(NETWORK_SCOPE) as session:
        assert session.scalar(text("SELECT count(*) FROM claims")) == 1


def _names(given: str, first: str, second: str | None = None) -> dict[str, Any]:
    return {"given_names": given, "first_surname": first, "second_surname": second}
