"""A mobile consulate is found, booked and told by its own place and clock."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.factories.web import Web, person, working_day

DESKS = [{"name": "A", "services": ["PAS10"]}]
PLACE = {
    "name": "Biblioteca de Yuma",
    "address": "21 W 3rd St, Yuma",
    "time_zone": "America/Phoenix",
}


def free(web: Web, more: str = "") -> list[str]:
    day = working_day().isoformat()
    path = f"/consulates/losangeles/availability?service=PAS10&from={day}&to={day}{more}"
    answer = web.call("GET", path).get_json()
    return [slot["start"] for slot in answer["slots"]]


def book(web: Web, number: int, start: str, **more: Any) -> dict[str, Any]:
    token = web.token("citizen", subject="ana")
    answer = web.book(start, token=token, attendees=[person(number)], **more)
    assert answer.status_code == 201, answer.text
    booked = dict(answer.get_json())
    assert booked == web.call("GET", f"/appointments/{booked['id']}", token=token).get_json()
    return booked


def test_its_times_are_asked_for_and_booked_by_its_place(web: Web) -> None:
    # Nine o'clock in Los Angeles is ten in Yuma, in winter: both are open then.
    nine = datetime.combine(working_day(), time(9), ZoneInfo("America/Los_Angeles"))
    times = [
        (nine + timedelta(minutes=15 * n)).astimezone(ZoneInfo(PLACE["time_zone"]))
        for n in range(4)
    ]
    hours = {"opens": f"{times[0]:%H:%M}", "closes": f"{times[3]:%H:%M}"}
    web.session(desks=DESKS, closes="09:30")
    mobile = web.session(desks=DESKS, **hours, place=PLACE)
    listed = web.call("GET", "/consulates/losangeles/places").get_json()["items"]
    assert listed == [{"id": mobile["id"], "date": mobile["date"], **PLACE}]
    there = free(web, f"&place={mobile['id']}")
    assert there == [each.isoformat() for each in times[:3]]
    at_office, at_place = book(web, 1, there[0]), book(web, 2, there[0], place=mobile["id"])
    assert (at_office.get("place"), at_office["start"]) == (None, nine.isoformat())
    assert (at_place["place"], at_place["start"]) == (PLACE, there[0])
    only_there = book(web, 3, there[2])
    assert (only_there["place"], only_there["start"]) == (PLACE, there[2])
    assert free(web, f"&place={mobile['id']}") == there[1:2]
    unknown = web.call(
        "GET", f"/consulates/chicago/availability?service=PAS10&place={mobile['id']}"
    )
    assert unknown.status_code == 404
