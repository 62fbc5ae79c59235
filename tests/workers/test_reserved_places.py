"""Places that are kept for some are nobody else's until they are let go; nobody loses a place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text

from services.appointments.releasing import list_due, release
from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import staff_browser
from tests.factories.web import Web, morning_at_office, person, working_day
from tests.workers.conftest import let_it_pass
from workers.runtime import JobContext

TWO = [{"name": "A", "services": ["PAS10"]}, {"name": "B", "services": ["PAS10", "MAT"]}]
ELDERLY = "elderly_or_disabled"


def kept(share: str = ELDERLY, places: int = 1, **more: Any) -> list[dict[str, Any]]:
    return [{"share": share, "places": places, **more}]


def change(web: Web, opened: dict[str, Any], **changes: Any) -> dict[str, Any]:
    token = web.token("supervisor", "losangeles")
    answer = web.call("PATCH", f"/sessions/{opened['id']}", changes, token=token)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def free(web: Web, share: str = "", token: str | None = None) -> dict[str, int]:
    day = working_day().isoformat()
    path = f"/consulates/losangeles/availability?service=PAS10&from={day}&to={day}"
    answer = web.call("GET", path + (f"&share={share}" if share else ""), token=token)
    return {slot["start"][11:16]: slot["free"] for slot in answer.get_json()["slots"]}


def book(web: Web, number: int, start: str, role: str = "citizen", **changes: Any) -> Any:
    """The code of the refusal, or nothing."""
    own = {} if role == "citizen" else {"consulate": "losangeles"}
    token = web.token(role, subject=f"c{number}", **own)
    answer = web.book(start, token=token, attendees=[person(number)], **changes)
    return answer.get_json().get("code")


def orphans(web: Web) -> int:
    with web.database.transaction(NETWORK_SCOPE) as session:
        query = "SELECT count(*) FROM appointments WHERE orphaned_at IS NOT NULL"
        return int(session.scalar(text(query)) or 0)


def test_a_kept_place_is_for_whom_it_is_kept(web: Web) -> None:
    opened = web.session(desks=TWO, closes="09:15", reserves=kept())
    assert opened["reserves"] == [{"share": ELDERLY, "places": 1, "release_hours": None}]
    start = web.free()[0]["start"]
    assert (free(web), free(web, ELDERLY)) == ({"09:00": 1}, {"09:00": 2})
    assert book(web, 1, start) is None
    assert (free(web), free(web, ELDERLY)) == ({}, {"09:00": 1})
    assert book(web, 2, start) == "slot_taken"
    assert book(web, 3, start, share=ELDERLY) is None
    assert (free(web), free(web, ELDERLY)) == ({}, {})
    assert book(web, 4, start, share=ELDERLY) == "slot_taken"


def test_no_place_is_kept_unless_somebody_says_so(web: Web) -> None:
    """By a session, by one that is opened on the page, and by a series."""
    assert web.session(desks=TWO, closes="09:15")["reserves"] == []
    assert (free(web), free(web, ELDERLY)) == ({"09:00": 2}, {"09:00": 2})
    supervisor, day = staff_browser(web.app, "supervisor", "losangeles"), working_day()
    on_page = {
        "date": day.isoformat(), "opens": "11:00", "closes": "11:15", "slot_minutes": "15",
        "groups": "1", "desks": "C", "service_1_PAS10": "1",
    }  # fmt: skip
    assert supervisor.post("/desk/sessions", **on_page).status_code == 303
    series = {
        "consulate": "losangeles", "rrule": f"FREQ=DAILY;UNTIL={day:%Y%m%d}",
        "first_day": day.isoformat(), "opens": "12:00", "closes": "12:15", "slot_minutes": 15,
        "desks": TWO,
    }  # fmt: skip
    token = web.token("supervisor", "losangeles")
    answer = web.call("POST", "/session-series", series, token=token)
    assert answer.status_code == 201, answer.text
    query = text("SELECT reserves FROM sessions UNION ALL SELECT reserves FROM session_series")
    with web.database.transaction(NETWORK_SCOPE) as session:
        assert session.scalars(query).all() == [[]] * 4
    assert free(web) == free(web, ELDERLY) == {"09:00": 2, "11:00": 1, "12:00": 2}


def test_who_uses_a_share_uses_another_place_once_theirs_are_taken(web: Web) -> None:
    web.session(desks=TWO, closes="09:15", reserves=kept())
    start = web.free()[0]["start"]
    assert [book(web, n, start, share=ELDERLY) for n in (1, 2, 3)] == [None, None, "slot_taken"]


def test_who_may_use_which(web: Web) -> None:
    web.session(desks=TWO, closes="09:15", reserves=kept("walk_ins"))
    start = web.free()[0]["start"]
    assert book(web, 1, start) is None
    for share in ("urgent_protection", "walk_ins"):
        assert book(web, 2, start, share=share) == "share_not_allowed"
    staff = web.token("officer", "losangeles")
    assert free(web, "walk_ins", staff) == {"09:00": 1}
    day = working_day().isoformat()
    path = f"/availability?service=PAS10&from={day}&share=walk_ins"
    assert web.call("GET", path).get_json()["code"] == "share_not_allowed"
    # Who comes without an appointment comes today.
    assert book(web, 3, start, "officer", share="walk_ins") == "share_not_allowed"
    web.travel(morning_at_office())
    assert book(web, 4, start, "supervisor", share="walk_ins") is None


def test_a_reserve_takes_nobody_their_place_and_lowered_gives_none_that_is_not_there(
    web: Web, job: JobContext, pump: Callable[[], int]
) -> None:
    opened = web.session(desks=TWO, closes="09:15")
    start = web.free()[0]["start"]
    assert [book(web, n, start) for n in (1, 2)] == [None, None]
    assert change(web, opened, reserves=kept())["impact"]["appointments"] == 0
    assert (free(web), free(web, ELDERLY), orphans(web)) == ({}, {}, 0)
    # The place that is given back is kept from then on.
    mine = web.token("citizen", subject="c2")
    (own,) = web.call("GET", "/appointments", token=mine).get_json()["items"]
    assert web.call("POST", f"/appointments/{own['id']}/cancel", {}, token=mine).status_code == 200
    let_it_pass(job, pump)
    assert (free(web), free(web, ELDERLY)) == ({}, {"09:00": 1})
    assert book(web, 3, start, share=ELDERLY) is None
    # Windows fewer than bookings: those who booked last wait, and nothing is offered.
    assert change(web, opened, desks=TWO[1:])["impact"]["appointments"] == 1
    assert (free(web), free(web, ELDERLY), orphans(web)) == ({}, {}, 1)
    change(web, opened, reserves=[])
    assert (free(web), free(web, ELDERLY), orphans(web)) == ({}, {}, 1)
    assert change(web, opened, desks=TWO)["impact"]["supported"] == 1
    assert (free(web), orphans(web)) == ({}, 0)


def test_more_places_than_windows_cannot_be_kept(web: Web) -> None:
    answer = web.try_session(desks=TWO, reserves=kept(places=3))
    assert answer.get_json()["code"] == "more_places_kept"
    answer = web.try_session(desks=TWO, reserves=kept() + kept())
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid_fields")


def test_places_are_let_go_at_their_moment(web: Web, job: JobContext) -> None:
    kinds = kept(release_hours=48) + kept("urgent_protection")
    web.session(desks=TWO, closes="09:15", reserves=kinds)
    assert free(web) == {}
    opens = morning_at_office() + timedelta(hours=2)
    for moment, left in ((-48.01, {}), (-47.99, {"09:00": 1})):
        now = opens + timedelta(hours=moment)
        with job.transaction() as session:
            for due in list_due(session, now=now):
                release(session, due, now=now)
        assert free(web) == left
    with job.transaction() as session:
        assert not list_due(session, now=opens)


def test_a_series_gives_its_days_what_it_keeps(web: Web) -> None:
    token = web.token("supervisor", "losangeles")
    body = {
        "consulate": "losangeles", "rrule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        "first_day": (datetime.now(UTC) + timedelta(days=1)).date().isoformat(), "opens": "09:00",
        "closes": "09:15", "slot_minutes": 15, "desks": TWO, "reserves": kept(),
        "daily_maximums": {"PAS10": 9},
    }  # fmt: skip
    series = web.call("POST", "/session-series", body, token=token).get_json()
    assert (series["reserves"][0]["places"], series["daily_maximums"]) == (1, {"PAS10": 9})
    assert (free(web), free(web, ELDERLY)) == ({"09:00": 1}, {"09:00": 2})
    path = f"/session-series/{series['id']}"
    answer = web.call("PATCH", path, {"reserves": [], "daily_maximums": {}}, token=token)
    assert answer.get_json()["daily_maximums"] == {}
    assert free(web) == {"09:00": 2}


def test_what_a_move_to_another_office_leaves_is_counted_by_the_office_it_left(
    web: Web, job: JobContext, pump: Callable[[], int]
) -> None:
    opened = web.session(desks=TWO, closes="09:15")
    web.session(consulate="chicago", desks=TWO, closes="09:15")
    mine = web.token("citizen", subject="c1")
    appointment = web.book(web.free()[0]["start"], token=mine, attendees=[person(1)]).get_json()
    to = {"start": web.free(consulate="chicago")[0]["start"], "consulate": "chicago"}
    moved = web.call("POST", f"/appointments/{appointment['id']}/reschedule", to, token=mine)
    assert moved.status_code == 200, moved.text
    change(web, opened, reason="Otra vez", closes="09:15")
    assert free(web) == {"09:00": 1}
    let_it_pass(job, pump)
    assert free(web) == {"09:00": 2}
