"""A household loses its places whole and has them again whole; so does who needs something."""

from __future__ import annotations

from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from tests.factories.web import Web, person, working_day
from tests.workers.test_reserved_places import change, free, orphans

DESKS = [
    {"name": "A", "services": ["PAS10"], "interpreters": ["maya"]},
    {"name": "B", "services": ["PAS10"]},
]


def counted(web: Web) -> list[bool]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return list(session.scalars(text("SELECT counted FROM seats")))


def test_a_household_is_orphaned_as_a_whole_and_supported_as_a_whole(web: Web) -> None:
    opened = web.session(desks=DESKS, closes="09:15")
    start, mine = web.free()[0]["start"], web.token("citizen", subject="ana")
    family = [person(1), person(2)]
    assert web.book(start, token=mine, attendees=family).status_code == 201
    assert change(web, opened, desks=DESKS[1:])["impact"]["people"] == 2
    # Neither of them keeps the window that is left: others can have it.
    assert (orphans(web), counted(web), free(web)) == (1, [False, False], {"09:00": 1})
    assert change(web, opened, desks=DESKS)["impact"]["supported"] == 1
    assert (orphans(web), counted(web), free(web)) == (0, [True, True], {})


def test_who_needs_an_interpreter_has_that_window_again_and_takes_the_need_along(web: Web) -> None:
    opened = web.session(desks=DESKS, closes="09:30")
    start, mine = web.free()[0]["start"], web.token("citizen", subject="ana")
    needs = {"interpreter": "maya"}
    booked = web.book(start, token=mine, attendees=[person(1)], needs=needs).get_json()
    change(web, opened, desks=DESKS[1:])
    assert orphans(web) == 1
    change(web, opened, desks=DESKS)
    assert orphans(web) == 0
    day = working_day().isoformat()
    path = f"/consulates/losangeles/availability?service=PAS10&from={day}&to={day}&interpreter=maya"

    def with_maya() -> list[str]:
        return [slot["start"][11:16] for slot in web.call("GET", path).get_json()["slots"]]

    assert (with_maya(), free(web)) == (["09:15"], {"09:00": 1, "09:15": 2})
    second = web.free()[1]["start"]
    move = f"/appointments/{booked['id']}/reschedule"
    assert web.call("POST", move, {"start": second}, token=mine).status_code == 200
    assert with_maya() == []
