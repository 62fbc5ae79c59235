"""A desk serves one session at a time; a closed session takes no more bookings."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from services.appointments.errors import SlotNotOffered
from services.kernel.db import NETWORK_SCOPE
from tests.factories.web import Web

DESK = [{"name": "A", "services": ["PAS10", "MAT"]}]


def close(web: Web, session: dict[str, Any], token: str = "") -> Any:
    token = token or web.token("supervisor", "losangeles")
    return web.call("PATCH", f"/sessions/{session['id']}", {"status": "closed"}, token=token)


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["code"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"opens": "09:45", "closes": "11:00"},
        {"opens": "08:00", "closes": "12:00", "slot_minutes": 30},
        {"desks": [{"name": "B", "services": ["MAT"]}, {"name": "a", "services": ["MAT"]}]},
    ],
)
def test_a_desk_is_never_given_twice_at_one_time(web: Web, changes: dict[str, Any]) -> None:
    web.session()
    free = web.free()
    answer = web.try_session(**changes)
    assert refused(answer) == (409, "desk_taken")
    assert "ventanilla a ya atiende" in answer.get_json()["errors"]["desks"][0].lower()
    assert web.free() == free


def test_another_desk_time_or_office_is_no_matter(web: Web) -> None:
    web.session()
    web.session(desks=[{"name": "B", "services": ["PAS10"]}])
    web.session(opens="10:00", closes="11:00")
    web.session(consulate="chicago")
    assert len(web.free()) == 8


def test_two_names_that_differ_by_case_are_one_desk(web: Web) -> None:
    desks = [{"name": name, "services": ["MAT"]} for name in ("A", "a")]
    assert refused(web.try_session(desks=desks)) == (422, "invalid_fields")


def test_of_sessions_sent_at_once_that_want_the_same_desks_one_is_opened(web: Web) -> None:
    names = ["A", "B", "C", "D"]
    orders = [names, names[::-1]] * 4
    web.token("supervisor", "losangeles")
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(
                lambda order: web.try_session(
                    desks=[{"name": name, "services": ["PAS10"]} for name in order]
                ),
                orders,
            )
        )
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [201] + [409] * 7
    assert {slot["free"] for slot in web.free()} == {4}


def test_a_release_by_draw_is_refused_while_there_is_no_draw(web: Web) -> None:
    answer = web.try_session(release="draw")
    assert refused(answer) == (422, "draw_not_available")
    assert "Todavía no hay sorteos" in answer.get_json()["errors"]["release"][0]


def test_a_closed_session_takes_no_more_bookings_and_keeps_those_it_has(web: Web) -> None:
    opened = web.session()
    assert opened["status"] == "open"
    token = web.token("citizen", subject="ana")
    start, other, *_rest = (slot["start"] for slot in web.free())
    booked = web.book(start, token=token).get_json()
    closed = close(web, opened)
    assert closed.status_code == 200, closed.text
    answer = closed.get_json()
    assert answer["status"] == "closed"
    assert [booking["folio"] for booking in answer["bookings"]] == [booked["folio"]]
    assert web.free() == []
    eva = web.token("citizen", subject="eva")
    taken = web.book(other, token=eva)
    assert refused(taken) == (409, SlotNotOffered.code)
    assert web.call("GET", f"/appointments/{booked['id']}", token=token).get_json() == booked
    # A place given back in a closed session is offered to nobody.
    assert (
        web.call("POST", f"/appointments/{booked['id']}/cancel", {}, token=token).status_code == 200
    )
    assert web.free() == []
    assert close(web, opened).get_json()["bookings"] == []


def test_the_desks_of_a_closed_session_are_free_but_while_somebody_is_booked(web: Web) -> None:
    opened = web.session()
    start = web.free()[1]["start"]
    booked = web.book(start, token=web.token("citizen", subject="ana")).get_json()
    close(web, opened)
    assert refused(web.try_session()) == (409, "desk_taken")
    assert web.try_session(opens="09:30", closes="10:00").status_code == 201
    path = f"/appointments/{booked['id']}/cancel"
    web.call("POST", path, {}, token=web.token("citizen", subject="ana"))
    close(web, opened)
    assert web.try_session(opens="09:00", closes="09:30").status_code == 201


def test_only_the_offices_supervisor_closes(web: Web) -> None:
    opened = web.session()
    assert close(web, opened, web.token("officer", "losangeles")).status_code == 403
    assert close(web, opened, web.token("supervisor", "chicago")).status_code == 404
    assert len(web.free()) == 4


def test_a_booking_under_way_when_a_session_closes_is_counted_or_refused(web: Web) -> None:
    """It holds its places' locks: closing waits for it, and what follows finds nothing."""
    opened = web.session()
    start = web.free()[0]["start"]
    database = web.database
    with database.transaction(NETWORK_SCOPE) as session, ThreadPoolExecutor(1) as pool:
        session.execute(text("SELECT take_seat(id, 'PAS10') FROM slots ORDER BY starts_at LIMIT 1"))
        closing = pool.submit(close, web, opened)
        assert not closing.done()
        session.commit()
        assert closing.result().status_code == 200
    with database.transaction(NETWORK_SCOPE) as session:
        places = session.execute(text("SELECT DISTINCT capacity - taken FROM slot_sets")).all()
    assert [tuple(row) for row in places] == [(0,)]
    late = web.book(start, token=web.token("citizen", subject="eva"))
    assert refused(late) == (409, "slot_not_offered")
