"""A day takes so many people of a service and no more, whichever way they come."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from sqlalchemy import text

from services.appointments.errors import DayFull
from services.appointments.walking_in import GiveTicket, give_ticket
from services.kernel.audit import SYSTEM
from services.kernel.crypto import Vault
from services.kernel.db import NETWORK_SCOPE
from tests.factories.web import Web, morning_at_office, person, working_day
from tests.workers.test_reserved_places import change, free, let_it_pass, orphans
from workers.runtime import JobContext

DESKS = [{"name": name, "services": ["PAS10", "MAT"]} for name in "AB"]


def book(web: Web, number: int, start: str, people: int = 1, **changes: Any) -> Any:
    token = web.token("citizen", subject=f"c{number}")
    named = [person(10 * number + n) for n in range(people)]
    return web.book(start, token=token, attendees=named, **changes)


def counted(web: Web) -> list[tuple[int, int]]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        rows = session.execute(text("SELECT taken, most FROM day_maximums ORDER BY most"))
        return [(row.taken, row.most) for row in rows]


def test_a_maximum_holds_for_bookings_moves_and_what_is_given_back(
    web: Web, job: JobContext, pump: Callable[[], int]
) -> None:
    opened = web.session(desks=DESKS, daily_maximums={"PAS10": 3})
    assert opened["daily_maximums"] == {"PAS10": 3}
    starts = [slot["start"] for slot in web.free()]
    one = book(web, 1, starts[0]).get_json()
    assert book(web, 2, starts[1], 3).get_json()["code"] == "slot_taken"
    assert book(web, 2, starts[1], 2).status_code == 201
    assert (free(web), web.free("MAT") != [], counted(web)) == ({}, True, [(3, 3)])
    assert book(web, 3, starts[3]).get_json()["code"] == "slot_taken"
    # Within its day it moves, and counts once.
    mine, path = web.token("citizen", subject="c1"), f"/appointments/{one['id']}"
    moved = web.call("POST", f"{path}/reschedule", {"start": starts[3]}, token=mine)
    assert moved.status_code == 200, moved.text
    let_it_pass(job, pump)
    assert (free(web), counted(web)) == ({}, [(3, 3)])
    assert web.call("POST", f"{path}/cancel", {}, token=mine).status_code == 200
    assert counted(web) == [(3, 3)]
    let_it_pass(job, pump)
    assert counted(web) == [(2, 3)]
    assert set(free(web).values()) == {1}


def test_the_office_sets_one_from_a_day_on_and_who_is_booked_stays(web: Web) -> None:
    opened = web.session(desks=DESKS)
    starts = [slot["start"] for slot in web.free()]
    assert [book(web, n, starts[0]).status_code for n in (1, 2)] == [201, 201]
    supervisor = web.token("supervisor", "losangeles")
    rule = {"service": "PAS10", "most": 1, "from": working_day().isoformat()}
    answer = web.call("POST", "/sessions/maximums", rule, token=supervisor)
    assert answer.get_json()["items"] == [rule]
    assert (free(web), counted(web), orphans(web)) == ({}, [(2, 1)], 0)
    # An edit of the hours takes nobody's place for it; who lost theirs waits for room.
    change(web, opened, desks=DESKS[:1], reason="Falta personal")
    assert orphans(web) == 1
    change(web, opened, desks=DESKS, reason="Volvió")
    assert (orphans(web), counted(web)) == (1, [(1, 1)])
    change(web, opened, daily_maximums={"PAS10": 4})
    assert (orphans(web), counted(web)) == (0, [(2, 4)])
    change(web, opened, daily_maximums={})
    none = {**rule, "most": None}
    assert web.call("POST", "/sessions/maximums", none, token=supervisor).status_code == 200
    assert (counted(web), max(free(web).values())) == ([], 2)


def test_people_who_book_at_once_never_pass_it(web: Web) -> None:
    web.session(desks=DESKS, daily_maximums={"PAS10": 3})
    starts = [slot["start"] for slot in web.free()]
    for number in range(8):
        web.token("citizen", subject=f"c{number}")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: book(web, n, starts[n % 4]).status_code, range(8)))
    assert sorted(answers) == [201] * 3 + [409] * 5
    assert counted(web) == [(3, 3)]


def test_a_ticket_counts_and_is_refused_when_the_day_is_full(web: Web) -> None:
    web.session(desks=DESKS, daily_maximums={"PAS10": 1})
    web.travel(morning_at_office())
    from_desk = [_ticket(web, service) for service in ("PAS10", "PAS10", "MAT")]
    assert from_desk == [None, "day_full", None]
    assert (counted(web), free(web)) == ([(1, 1)], {})


def _ticket(web: Web, service: str) -> str | None:
    now: datetime = web.app.extensions["consular.clock"]()
    vault = Vault(web.settings.master_keys(), web.settings.index_key())
    try:
        with web.database.transaction(NETWORK_SCOPE) as session:
            command = GiveTicket("losangeles", service)
            give_ticket(session, command, now=now, actor=SYSTEM, vault=vault)
    except DayFull as full:
        return full.code
    return None
