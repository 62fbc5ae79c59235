"""An appointment is booked once, by whoever may, or not at all."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from tests.factories.web import Web, morning_at_office, person


def test_a_citizen_books_and_sees_it(web: Web) -> None:
    web.session()
    token = web.token("citizen", subject="ana")
    start = web.free()[0]["start"]
    answer = web.book(start, token=token)
    assert answer.status_code == 201, answer.text
    booked = answer.get_json()
    assert booked["status"] == "booked"
    assert booked["start"] == start
    assert len(booked["folio"]) == 12
    assert answer.headers["Location"].endswith(booked["id"])
    again = web.call("GET", f"/appointments/{booked['id']}", token=token)
    assert again.get_json() == booked
    assert [s["start"] for s in web.free()] == [s["start"] for s in web.free("MAT")]
    assert start not in [s["start"] for s in web.free()]


def test_the_last_place_goes_to_one(web: Web) -> None:
    web.session()
    start = web.free()[0]["start"]
    first = web.book(start, token=web.token("citizen", subject="a"))
    second = web.book(start, token=web.token("citizen", subject="b"), attendees=[person(2)])
    assert first.status_code == 201
    assert (second.status_code, second.get_json()["code"]) == (409, "slot_taken")


def test_a_moment_is_one_place_in_whatever_zone_it_is_written(web: Web) -> None:
    """The instant decides; a time without a zone could be of two places."""
    web.session(desks=[{"name": name, "services": ["PAS10"]} for name in "ABC"])
    first = web.free()[0]
    start = datetime.fromisoformat(first["start"])
    path = f"/consulates/losangeles/availability?service=PAS10&from={first['start'][:10]}"
    listed = [
        web.call("GET", path, headers={"Accept-Language": language}).get_json()["slots"]
        for language in ("es-MX", "en", "ja")
    ]
    assert listed[0] == listed[1] == listed[2]
    spellings = [start.astimezone(ZoneInfo(zone)) for zone in ("UTC", "Asia/Tokyo")]
    for number, spelled in enumerate([*spellings, start]):
        assert web.free()[0] == {**first, "free": 3 - number}
        token = web.token("citizen", subject=str(number))
        answer = web.book(spelled.isoformat(), token=token, attendees=[person(number)])
        assert (answer.status_code, answer.get_json()["start"]) == (201, first["start"])
    assert web.free()[0]["start"] != first["start"]
    naive = web.book(first["start"][:19], token=web.token("citizen", subject="9"))
    assert (naive.status_code, list(naive.get_json()["errors"])) == (422, ["start"])


def test_a_booking_and_a_refusal_are_one_statement_each(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the body to the answer, with the words of the refusal: one round trip."""
    web.session()
    first, second = (slot["start"] for slot in web.free()[:2])
    tokens = [web.token("citizen", subject=str(number)) for number in range(3)]
    assert web.book(first, token=tokens[0], attendees=[person(0)]).status_code == 201
    asked: list[Any] = []
    execute = psycopg.Cursor.execute

    def note(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        asked.append(query)
        return execute(cursor, query, *arguments, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", note)
    for number, (start, status) in enumerate(((second, 201), (first, 409)), start=1):
        asked.clear()
        answer = web.book(start, token=tokens[number], attendees=[person(number)])
        assert (answer.status_code, len(asked)) == (status, 1), asked


def test_three_desks_take_what_a_greedy_assignment_refuses(web: Web) -> None:
    web.session(
        desks=[
            {"name": "1", "services": ["PAS10", "MAT"]},
            {"name": "2", "services": ["PAS10", "INE"]},
            {"name": "3", "services": ["INE", "MAT"]},
        ]
    )
    start = web.free("MAT")[0]["start"]
    for number, service in enumerate(("MAT", "INE", "MAT")):
        token = web.token("citizen", subject=str(number))
        answer = web.book(start, token=token, service=service, attendees=[person(number)])
        assert answer.status_code == 201, (service, answer.text)
    fourth = web.book(start, token=web.token("citizen", subject="4"), attendees=[person(4)])
    assert fourth.get_json()["code"] == "slot_taken"


def test_the_same_key_gets_the_same_answer_and_one_appointment(web: Web) -> None:
    web.session()
    token = web.token("citizen", subject="ana")
    start = web.free()[0]["start"]
    body = {
        "consulate": "losangeles",
        "service": "PAS10",
        "start": start,
        "attendees": [person()],
    }
    headers = {"Idempotency-Key": "k-1"}
    first = web.call("POST", "/appointments", body, token=token, headers=headers)
    second = web.call("POST", "/appointments", body, token=token, headers=headers)
    other = web.call(
        "POST", "/appointments", {**body, "service": "MAT"}, token=token, headers=headers
    )
    assert first.status_code == second.status_code == 201
    assert first.get_json() == second.get_json()
    assert (other.status_code, other.get_json()["code"]) == (422, "idempotency_key_reused")
    listed = web.call("GET", "/appointments", token=token).get_json()
    assert len(listed["items"]) == 1


def test_one_live_appointment_per_person_and_service(web: Web) -> None:
    web.session()
    mine, theirs = web.token("citizen", subject="ana"), web.token("citizen", subject="eve")
    first, second = (slot["start"] for slot in web.free()[:2])
    booked = web.book(first, token=mine)
    assert booked.status_code == 201
    assert web.book(second, token=mine).get_json()["code"] == "already_booked"
    stranger = web.book(second, token=theirs)
    assert (stranger.status_code, stranger.get_json()["code"]) == (409, "identity_check_pending")
    assert booked.get_json()["folio"] not in stranger.text
    cancelled = web.call("POST", f"/appointments/{booked.get_json()['id']}/cancel", {}, token=mine)
    assert cancelled.get_json()["status"] == "cancelled"
    assert web.book(second, token=theirs).status_code == 201


def test_a_household_is_seated_together_or_not_at_all(web: Web) -> None:
    web.session(closes="09:30", desks=[{"name": "A", "services": ["PAS10"]}])
    token = web.token("citizen", subject="ana")
    start = web.free()[0]["start"]
    three = web.book(start, token=token, attendees=[person(1), person(2), person(3)])
    assert three.get_json()["code"] == "slot_taken"
    two = web.book(start, token=token, attendees=[person(1), person(2)])
    assert two.status_code == 201, two.text
    assert web.free() == []


def test_a_bundle_is_one_visit_one_service_after_another(web: Web) -> None:
    web.session(closes="09:30", desks=[{"name": "A", "services": ["PAS10", "MAT"]}])
    token = web.token("citizen", subject="ana")
    start = web.free()[0]["start"]
    answer = web.book(start, token=token, service=None, services=["PAS10", "MAT"])
    assert answer.status_code == 201, answer.text
    assert answer.get_json()["end"] > answer.get_json()["start"]
    assert web.free("PAS10") == []
    assert web.free("MAT") == []


def test_a_passport_then_rfc_then_imss_are_one_visit_or_none_of_it(web: Web) -> None:
    services = ["PAS10", "RFC", "IMSS"]
    for name, closes in (("A", "09:45"), ("B", "09:30")):
        web.session(desks=[{"name": name, "services": services}], closes=closes)
    start = web.free()[0]["start"]
    ana = web.token("citizen", subject="ana")
    booked = web.book(start, token=ana, service=None, services=services)
    assert booked.status_code == 201, booked.text
    shown = booked.get_json()
    assert shown["services"] == services
    minutes = datetime.fromisoformat(shown["end"]) - datetime.fromisoformat(shown["start"])
    assert minutes == timedelta(minutes=45)
    # Two quarters are free at the other desk, and three services don't fit into them.
    before = {code: web.free(code) for code in services}
    assert [slot["start"][11:16] for slot in before["IMSS"]] == ["09:00", "09:15"]
    eva = web.token("citizen", subject="eva")
    whole = {"service": None, "services": services, "attendees": [person(1)]}
    refused = web.book(start, token=eva, **whole)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "slot_taken")
    assert {code: web.free(code) for code in services} == before
    assert web.call("GET", "/appointments", token=eva).get_json()["items"] == []
    # Nothing of the refused one stands in the way: two of the three fit.
    fewer = web.book(start, token=eva, **{**whole, "services": services[1:]})
    assert fewer.status_code == 201, fewer.text


def test_the_desk_serves_whom_it_checked_in(web: Web) -> None:
    web.session()
    web.travel(morning_at_office())
    booked = web.book(web.free()[0]["start"], token=web.token("citizen", subject="ana")).get_json()
    officer = web.token("officer", "losangeles")
    path = f"/appointments/{booked['id']}"
    early = web.call("POST", f"{path}/complete", {}, token=officer)
    assert (early.status_code, early.get_json()["code"]) == (409, "wrong_state")
    unchecked = web.call("POST", f"{path}/check-in", {"identity_checked": False}, token=officer)
    assert unchecked.status_code == 422
    for step, body, status in (
        ("check-in", {"identity_checked": True}, "checked_in"),
        ("call", {"desk": "A"}, "called"),
        (
            "complete",
            {"document_number": "G12345678", "fee": {"amount": "209.00", "currency": "USD"}},
            "completed",
        ),
    ):
        answer = web.call("POST", f"{path}/{step}", body, token=officer)
        assert (answer.status_code, answer.get_json().get("status")) == (200, status), answer.text
    assert "G12345678" not in web.call("GET", path, token=officer).text


def test_another_office_and_another_person_see_nothing(web: Web) -> None:
    web.session()
    booked = web.book(web.free()[0]["start"], token=web.token("citizen", subject="ana")).get_json()
    missing = "00000000-0000-7000-8000-000000000000"
    for token in (
        web.token("officer", "chicago"),
        web.token("citizen", subject="eve"),
    ):
        foreign = web.call("GET", f"/appointments/{booked['id']}", token=token)
        absent = web.call("GET", f"/appointments/{missing}", token=token)
        assert foreign.status_code == absent.status_code == 404
        ours, theirs = foreign.get_json(), absent.get_json()
        assert {**ours, "request_id": ""} == {**theirs, "request_id": ""}
        assert web.call(
            "POST", f"/appointments/{booked['id']}/cancel", {}, token=token
        ).status_code in (403, 404)


def test_a_look_by_staff_is_told_to_the_person(web: Web) -> None:
    web.session()
    mine = web.token("citizen", subject="ana")
    booked = web.book(web.free()[0]["start"], token=mine).get_json()
    web.call("GET", f"/appointments/{booked['id']}", token=web.token("officer", "losangeles"))
    accesses = web.call("GET", "/me/accesses", token=mine).get_json()["items"]
    assert ("officer", "losangeles", "appointment.read") in {
        (a["role"], a["consulate"], a["action"]) for a in accesses
    }
