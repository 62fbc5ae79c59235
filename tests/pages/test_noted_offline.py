"""What the desk noted without the network is taken in once, by the rules of the desk, and what no
longer fits is told in words."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from services.kernel.ids import FolioKind, new_folio
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web, morning_at_office, person

NINE = morning_at_office() + timedelta(hours=2)


@pytest.fixture
def officer(web: Web) -> Browser:
    web.session(desks=[{"name": name, "services": ["PAS10", "MAT"]} for name in "AB"])
    web.travel(NINE)
    return staff_browser(web.app, "officer", "losangeles", who="first")


@pytest.fixture
def other(web: Web, officer: Browser) -> Browser:
    return staff_browser(web.app, "officer", "losangeles", who="other")


def booked(web: Web, number: int = 0) -> dict[str, Any]:
    token = web.token("citizen", subject=f"person-{number}")
    start = (NINE + timedelta(minutes=15 * (1 + number % 3))).isoformat()
    answer = web.book(start, token=token, attendees=[person(number)])
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def noted(
    officer: Browser, step: str, appointment: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """Something that was noted, five minutes ago."""
    return {
        "id": str(uuid4()),
        "step": step,
        "appointment": appointment["id"] if appointment else str(uuid4()),
        "n": 1,
        "made_at": (NINE - timedelta(minutes=5)).isoformat(),
        "made_by": str(officer.account),
        **more,
    }


def send(officer: Browser, *steps: Any) -> list[str | None]:
    """Send them together: the code of each one's refusal, or None."""
    answer = officer.post("/desk/offline/steps", steps=json.dumps(steps))
    assert answer.status_code == 200, answer.text
    results = answer.get_json()["results"]
    assert [r["id"] for r in results] == [s.get("id") for s in steps]
    return [result["refusal"] for result in results]


def stands(web: Web, appointment: dict[str, Any]) -> tuple[str, str | None]:
    token = web.token("officer", "losangeles")
    shown = web.call("GET", f"/appointments/{appointment['id']}", token=token).get_json()
    return shown["status"], shown["desk"]


def rows(web: Web, sql: str, **values: Any) -> list[Any]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return list(session.execute(text(sql), values))


def refused_page(officer: Browser) -> str:
    return unescape(officer.get("/desk/offline/refused").text).replace("\xa0", " ")


def test_a_batch_is_applied_once_however_often_it_arrives(web: Web, officer: Browser) -> None:
    coming = booked(web)
    ticket = noted(officer, "ticket", service="MAT", folio=new_folio(FolioKind.APPOINTMENT))
    batch = [
        noted(officer, "check_in", coming, seen="booked"),
        noted(officer, "park", coming, seen="checked_in"),
        noted(officer, "unpark", coming, seen="checked_in"),
        noted(officer, "call", coming, seen="checked_in", desk="A"),
        ticket,
    ]
    for _ in range(2):
        assert send(officer, *batch) == [None] * 5
    assert stands(web, coming) == ("called", "A")
    [visit] = rows(web, "SELECT arrived_at FROM visits WHERE appointment_id = :id", id=coming["id"])
    assert visit.arrived_at == NINE - timedelta(minutes=5)
    [waits] = rows(
        web, "SELECT status, folio FROM attendees WHERE appointment_id = :id",
        id=ticket["appointment"],
    )  # fmt: skip
    assert (waits.status, waits.folio) == ("checked_in", ticket["folio"])
    entries = rows(web, "SELECT action FROM audit_entries WHERE subject_id = :id", id=coming["id"])
    assert sum(entry.action == "appointment.check_in" for entry in entries) == 1


def test_of_two_desks_that_checked_one_person_in_the_second_hears_who_and_when(
    web: Web, officer: Browser, other: Browser
) -> None:
    coming = booked(web)
    assert send(officer, noted(officer, "check_in", coming, seen="booked")) == [None]
    late = (NINE - timedelta(minutes=1)).isoformat()
    alone = noted(other, "check_in", coming, seen="booked", made_at=late)
    unreadable = {"id": "x", "step": "complete"}
    fits = noted(other, "call", coming, seen="checked_in", desk="B")
    assert send(other, alone, unreadable, fits) == ["wrong_state", "invalid", None]
    page = refused_page(other)
    assert "Ana Demo Aaaa Prueba" in page
    assert "En la sala de espera" in page
    assert "8:55 a. m." in page  # since when, by the first officer
    assert page.count("Demo Officer") >= 2
    assert "sin aplicar: 1" in other.get("/desk/").text
    other.post("/desk/offline/refused", id=alone["id"])
    assert "se aplicó" in refused_page(officer)
    assert "sin aplicar" not in other.get("/desk/").text


def test_what_changed_meanwhile_is_never_overruled(
    web: Web, officer: Browser, other: Browser
) -> None:
    left, here, called = (booked(web, number) for number in range(3))
    token = web.token("citizen", subject="person-0")
    answer = web.call("POST", f"/appointments/{left['id']}/cancel", {}, token=token)
    assert answer.status_code == 200
    assert (
        send(other, noted(other, "check_in", here), noted(other, "check_in", called)) == [None] * 2
    )
    assert send(other, noted(other, "call", called, desk="B")) == [None]
    after_start = (NINE + timedelta(minutes=50)).isoformat()
    web.travel(NINE + timedelta(hours=1))
    officer = staff_browser(web.app, "officer", "losangeles", who="first")
    assert send(
        officer,
        noted(officer, "check_in", left, seen="booked"),
        noted(officer, "no_show", here, seen="booked", made_at=after_start),
        noted(officer, "call", called, seen="checked_in", desk="A"),
        noted(officer, "park", called, seen="checked_in"),
        noted(officer, "call", here, seen="checked_in", desk="Z"),
    ) == ["wrong_state", "moved_meanwhile", "already_called", "moved_meanwhile", "desk_not_open"]
    assert [stands(web, each)[0] for each in (left, here, called)] == [
        "cancelled", "checked_in", "called",
    ]  # fmt: skip
    page = refused_page(officer)
    for words in ("Cancelada", "La ventanilla B llamó antes", "Alguien dio otro paso"):
        assert words in page


def test_a_ticket_never_has_the_folio_of_another(
    web: Web, officer: Browser, other: Browser
) -> None:
    coming = booked(web)
    blank = [each.get("/desk/offline/day").get_json()["tickets"] for each in (officer, other)]
    folios = [ticket["folio"] for tickets in blank for ticket in tickets]
    assert len(set(folios)) == len(folios) == 200
    one = noted(officer, "ticket", service="MAT", folio=folios[0])
    again = noted(other, "ticket", service="MAT", folio=folios[0])
    known = noted(other, "ticket", service="MAT", folio=coming["folio"])
    assert send(officer, one) == [None]
    assert send(other, again, known) == ["ticket_taken", "ticket_taken"]
    assert send(other, noted(other, "ticket", service="NADA", folio=folios[1])) == [
        "service_not_offered"
    ]


def test_what_is_too_old_or_of_another_office_is_refused_and_kept(
    web: Web, officer: Browser
) -> None:
    coming = booked(web)
    old = (NINE - timedelta(hours=40)).isoformat()
    assert send(officer, noted(officer, "check_in", coming, made_at=old)) == ["noted_too_long_ago"]
    stranger = staff_browser(web.app, "officer", "chicago")
    assert send(stranger, noted(stranger, "check_in", coming)) == ["not_found"]
    assert "Persona que no está en tu oficina" in refused_page(stranger)
    assert "demasiado tarde" in refused_page(officer)
    assert stands(web, coming)[0] == "booked"


def test_a_clock_that_is_ahead_brings_nobody_into_the_future(web: Web, officer: Browser) -> None:
    coming = booked(web)
    ahead = (NINE + timedelta(hours=3)).isoformat()
    assert send(officer, noted(officer, "check_in", coming, made_at=ahead)) == [None]
    [visit] = rows(web, "SELECT arrived_at FROM visits")
    assert visit.arrived_at == NINE


def test_the_list_holds_who_may_still_be_received_and_nothing_more(
    web: Web, officer: Browser
) -> None:
    coming, done = booked(web), booked(web, 1)
    send(officer, noted(officer, "check_in", done))
    token = web.token("officer", "losangeles")
    web.call("POST", f"/appointments/{done['id']}/complete", {}, token=token)
    answer = officer.get("/desk/offline/day")
    day = answer.get_json()
    assert [line["id"] for line in day["lines"]] == [coming["id"]]
    assert set(day["lines"][0]) == {
        "id", "n", "time", "who", "folio", "service", "status", "desk", "notes", "due", "arrived",
        "priority", "parked",
    }  # fmt: skip
    assert datetime.fromisoformat(day["until"]).isoformat()[11:19] == "00:00:00"
    same = officer.client.get(
        "/desk/offline/day", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert same.status_code == 304
    shell = officer.get("/desk/offline").text
    assert "Demo Officer" not in shell
    assert "csrf_token" not in shell


def test_the_worker_may_answer_for_the_desk_alone(web: Web) -> None:
    answer = web.client.get("/desk/worker.js")
    assert answer.headers["Service-Worker-Allowed"] == "/desk"
    assert answer.mimetype == "text/javascript"
    assert "addEventListener" in answer.text


@pytest.mark.parametrize("sent", ["", "{", "{}", json.dumps([{}] * 101)])
def test_what_is_no_list_is_refused(web: Web, officer: Browser, sent: str) -> None:
    assert officer.post("/desk/offline/steps", steps=sent).status_code == 303
    assert rows(web, "SELECT 1 FROM noted_offline") == []


def test_only_the_desk_notes_and_only_with_its_own_token(web: Web, officer: Browser) -> None:
    coming = booked(web)
    step = json.dumps([noted(officer, "check_in", coming)])
    for forged in ({"steps": step}, {"steps": step, "csrf_token": "0" * 64}):
        assert officer.client.post("/desk/offline/steps", data=forged).status_code != 200
    agent = staff_browser(web.app, "agent")
    assert agent.post("/desk/offline/steps", steps=step).status_code == 403
    assert agent.get("/desk/offline/day").status_code == 403
    assert stands(web, coming)[0] == "booked"


def test_two_sendings_at_once_apply_once(web: Web, officer: Browser) -> None:
    coming = booked(web)
    batch = [
        noted(officer, "check_in", coming, seen="booked"),
        noted(officer, "call", coming, seen="checked_in", desk="A"),
    ]
    fields = {"csrf_token": officer.csrf(), "steps": json.dumps(batch)}

    def post(_number: int) -> Any:
        browser = staff_browser(web.app, "officer", "losangeles", who="first")
        return browser.client.post(
            "/desk/offline/steps", data={**fields, "csrf_token": browser.csrf()}
        ).get_json()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(post, range(4)))
    assert all(r["refusal"] is None for answer in answers for r in answer["results"])
    assert stands(web, coming) == ("called", "A")
