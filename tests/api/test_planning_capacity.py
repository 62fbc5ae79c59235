"""Sessions, series and closures: what is offered follows the plan, and bookings are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from tests.factories.web import Web, next_closed_day, person, working_day

TWO = [{"name": "A", "services": ["PAS10"]}, {"name": "B", "services": ["PAS10", "MAT"]}]


def supervisor(web: Web) -> str:
    return web.token("supervisor", "losangeles")


def change(web: Web, opened: dict[str, Any], **changes: Any) -> Any:
    return web.call("PATCH", f"/sessions/{opened['id']}", changes, token=supervisor(web))


def changed(web: Web, opened: dict[str, Any], **changes: Any) -> dict[str, Any]:
    answer = change(web, opened, **changes)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def close(web: Web, **changes: Any) -> dict[str, Any]:
    day = working_day().isoformat()
    body = {"consulate": "losangeles", "first_day": day, "last_day": day, "reason": "Tormenta"}
    answer = web.call("POST", "/closures", {**body, **changes}, token=supervisor(web))
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def lift(web: Web, closure: dict[str, Any]) -> dict[str, Any]:
    path = f"/closures/{closure['id']}"
    answer = web.call("PATCH", path, {"status": "lifted"}, token=supervisor(web))
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def booked(web: Web, number: int, start: str, **changes: Any) -> dict[str, Any]:
    token = web.token("citizen", subject=f"c{number}")
    answer = web.book(start, token=token, attendees=[person(number)], **changes)
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def orphans(web: Web) -> set[str]:
    return {
        str(row.id)
        for row in rows(web, "SELECT id FROM appointments WHERE orphaned_at IS NOT NULL")
    }


def rows(web: Web, statement: str) -> list[Any]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return list(session.execute(text(statement)))


def recounted(web: Web) -> bool:
    """What each constraint has as taken is what is counted of its services."""
    return (
        rows(
            web,
            "SELECT FROM slot_sets t WHERE taken <> (SELECT count(*) FROM seats s"
            " WHERE s.slot_id = t.slot_id AND s.counted AND s.service_code = ANY (t.services)) + ("
            " SELECT coalesce(sum(places), 0) FROM vacated_places v WHERE v.slot_id = t.slot_id"
            " AND v.counted AND v.service_code = ANY (t.services))",
        )
        == []
    )


def starts(web: Web, service: str = "PAS10") -> list[str]:
    return [slot["start"][11:16] for slot in web.free(service)]


def topics(web: Web, *wanted: str) -> list[str]:
    topics = rows(web, "SELECT topic FROM outbox WHERE topic LIKE 'appointments.%' ORDER BY id")
    return [
        row.topic.removeprefix("appointments.")
        for row in topics
        if not wanted or row.topic.endswith(wanted)
    ]


def test_an_edit_adds_and_takes_places_and_keeps_the_time_of_each_slot(web: Web) -> None:
    opened = web.session(desks=TWO, breaks=[{"begins": "09:15", "ends": "09:30"}])
    assert starts(web) == ["09:00", "09:30", "09:45"]
    changed(web, opened, opens="08:50", closes="10:20", breaks=[], reason="Más demanda")
    assert starts(web) == ["09:00", "09:15", "09:30", "09:45", "10:00"]
    changed(web, opened, closes="09:30", desks=[{"name": "B", "services": ["PAS10", "MAT", "INE"]}])
    assert [slot["free"] for slot in web.free("INE")] == [1, 1]
    path = f"/sessions/{opened['id']}/history"
    history = web.call("GET", path, token=supervisor(web)).get_json()["items"]
    assert [entry["action"] for entry in history] == ["edit", "edit", "open"]
    assert history[1]["reason"] == "Más demanda"
    assert (history[1]["before"]["opens"], history[1]["after"]["opens"]) == ("09:00", "08:50")


def test_who_booked_last_loses_the_place_and_has_it_again_when_the_plan_gives_it_back(
    web: Web,
) -> None:
    opened = web.session(desks=TWO)
    start = web.free()[0]["start"]
    first, second = booked(web, 1, start), booked(web, 2, start)
    tried = changed(web, opened, desks=TWO[:1], dry_run=True)
    assert tried["impact"]["appointments"] == 1
    assert orphans(web) == set()
    done = changed(web, opened, desks=TWO[:1], reason="Falta personal")
    assert done["impact"] == tried["impact"]
    assert done["impact"]["by_service"] == {"PAS10": 1}
    assert orphans(web) == {second["id"]}
    assert recounted(web)
    # Nobody else is offered the place that isn't there, and the promise stands as it was.
    assert start not in [slot["start"] for slot in web.free()]
    token = web.token("citizen", subject="c2")
    kept = web.call("GET", f"/appointments/{second['id']}", token=token).get_json()
    assert (kept["start"], kept["end"], kept["service"]) == (
        second["start"], second["end"], second["service"],
    )  # fmt: skip
    assert topics(web, "orphaned", "supported") == ["orphaned"]
    again = changed(web, opened, desks=TWO)
    assert again["impact"]["supported"] == 1
    assert orphans(web) == set()
    assert topics(web, "orphaned", "supported") == ["orphaned", "supported"]
    assert recounted(web)
    assert first["status"] == "booked"


def test_a_booking_keeps_its_length_when_its_session_is_cancelled(web: Web) -> None:
    opened = web.session(slot_minutes=30)
    start = web.free()[0]["start"]
    appointment = booked(web, 1, start)
    cancelled = changed(web, opened, status="cancelled", reason="No hay luz")
    assert cancelled["status"] == "cancelled"
    token = web.token("citizen", subject="c1")
    kept = web.call("GET", f"/appointments/{appointment['id']}", token=token).get_json()
    assert (kept["start"], kept["end"], kept["status"]) == (
        appointment["start"],
        appointment["end"],
        "booked",
    )
    calendar = web.call("GET", f"/appointments/{appointment['id']}.ics", token=token).text
    assert "DTSTART" in calendar
    # Its desk is free for another session, which takes the booking in again.
    web.session(slot_minutes=15)
    assert starts(web) == ["09:00", "09:15", "09:30", "09:45"]
    assert orphans(web) == {appointment["id"]}
    assert change(web, opened, closes="12:00").status_code == 409


def test_closures_win_over_what_there_is_and_what_comes_and_are_undone_without_doubling(
    web: Web,
) -> None:
    opened = web.session(desks=TWO)
    free = web.free()
    appointment = booked(web, 1, free[0]["start"])
    closure = close(web)
    assert closure["impact"]["people"] == 1
    assert web.free() == []
    assert orphans(web) == {appointment["id"]}
    refused = web.try_session(desks=[{"name": "C", "services": ["PAS10"]}])
    assert (refused.status_code, refused.get_json()["code"]) == (422, "office_closed")
    token = web.token("citizen", subject="c1")
    assert (
        web.call("POST", f"/appointments/{appointment['id']}/cancel", {}, token=token).status_code
        == 200
    )
    second = close(web, begins="09:00", ends="09:30")
    lift(web, closure)
    assert starts(web) == ["09:30", "09:45"]
    lift(web, second)
    # Of the one that was cancelled meanwhile the place is there once.
    assert web.free() == free
    again = web.call(
        "PATCH", f"/closures/{closure['id']}", {"status": "lifted"}, token=supervisor(web)
    )
    assert again.status_code == 409
    assert recounted(web)
    changed(web, opened, closes="09:30")


def test_an_event_cancels_by_a_job_and_says_whom_it_cannot_reach(web: Web) -> None:
    web.session(desks=TWO)
    start = web.free()[0]["start"]
    appointments = [booked(web, 1, start), booked(web, 2, start, contact=None)]
    tried = close(web, bookings="cancel", dry_run=True)
    assert tried["impact"]["appointments"] == 2
    assert len(web.free()) == 3
    closure = close(web, bookings="cancel")
    assert closure["impact"]["people"] == 2
    shown = web.call("GET", f"/closures/{closure['id']}", token=supervisor(web)).get_json()
    assert shown["progress"]["left"] == [each["id"] for each in appointments]
    assert "call_off" in topics(web)
    assert "orphaned" not in topics(web)


def series_body(**changes: Any) -> dict[str, Any]:
    return {
        "consulate": "losangeles",
        "rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        "first_day": (datetime.now(UTC) + timedelta(days=1)).date().isoformat(),
        "opens": "09:00",
        "closes": "09:30",
        "slot_minutes": 15,
        "desks": [{"name": "A", "services": ["PAS10"]}],
        **changes,
    }


def create_series(web: Web, **changes: Any) -> Any:
    return web.call("POST", "/session-series", series_body(**changes), token=supervisor(web))


def test_a_series_leaves_holidays_out_and_leaves_days_edited_apart_alone(web: Web) -> None:
    created = create_series(web)
    assert created.status_code == 201, created.text
    series = created.get_json()
    holiday = next_closed_day().day.isoformat()
    assert holiday not in series["days"]
    assert [day["date"] for day in series["left_out"]].count(holiday) == 1
    day = working_day().isoformat()
    assert day in series["days"]
    listed = web.call("GET", f"/sessions?from={day}&to={day}", token=supervisor(web)).get_json()
    (opened,) = listed["items"]
    assert opened["series"] == series["id"]
    changed(web, opened, closes="10:00")
    path = f"/session-series/{series['id']}"
    answer = web.call(
        "PATCH", path, {"closes": "09:15", "reason": "Menos demanda"}, token=supervisor(web)
    )
    assert answer.status_code == 200, answer.text
    assert len(web.free()) == 4
    sizes = rows(
        web,
        "SELECT count(*) AS slots, edited_apart FROM slots JOIN sessions s ON s.id = session_id"
        " WHERE open GROUP BY s.id, edited_apart",
    )
    assert {(row.slots, row.edited_apart) for row in sizes} == {(1, False), (4, True)}
    # An exception has no session any more; the others stay.
    other = next(each for each in series["days"] if each != day)
    answer = web.call("PATCH", path, {"exdates": [other]}, token=supervisor(web))
    assert other not in answer.get_json()["days"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"rrule": "FREQ=HOURLY"}, "rule_not_understood"),
        ({"rrule": "every monday"}, "rule_not_understood"),
        ({"rrule": "FREQ=DAILY;INTERVAL=7;BYDAY=SU,SA"}, "rule_not_understood"),
        ({"rrule": "FREQ=DAILY;UNTIL=20200101"}, "no_days"),
        ({"breaks": [{"begins": "08:00", "ends": "09:15"}]}, "break_outside_hours"),
    ],
)
def test_a_series_that_cannot_be_is_refused(web: Web, changes: dict[str, Any], code: str) -> None:
    answer = create_series(web, **changes)
    assert (answer.status_code, answer.get_json()["code"]) == (422, code)


def test_a_series_never_takes_a_desk_twice(web: Web) -> None:
    web.session()
    answer = create_series(web)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "desk_taken")
    assert len(rows(web, "SELECT FROM sessions")) == 1
