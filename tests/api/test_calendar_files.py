"""The calendar file of an appointment: one event through every change, at the office's own time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import vobject
import zxingcpp
from icalendar import Calendar
from pypdfium2 import PdfDocument
from werkzeug.test import TestResponse

from tests.factories.scanning import scan
from tests.factories.staff import staff_browser
from tests.factories.web import Web, person


def book(web: Web, **session: Any) -> tuple[dict[str, Any], str]:
    web.session(**session)
    token = web.token("citizen", subject="ana")
    start = web.free(consulate=session.get("consulate", "losangeles"))[0]["start"]
    booked = web.book(start, token=token, **session)
    assert booked.status_code == 201, booked.text
    return dict(booked.get_json()), token


def fetch(web: Web, booked: dict[str, Any], token: str, language: str = "es") -> TestResponse:
    path = f"/appointments/{booked['id']}.ics"
    answer = web.call("GET", path, token=token, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer


def event(answer: TestResponse) -> Any:
    [entry] = Calendar.from_ical(answer.get_data()).walk("VEVENT")
    return entry


def test_a_moved_and_a_cancelled_one_are_the_same_event_with_a_higher_number(web: Web) -> None:
    booked, token = book(web)
    later = web.free()[-1]["start"]
    first = fetch(web, booked, token)
    assert "method=PUBLISH" in first.headers["Content-Type"]
    web.call("POST", f"/appointments/{booked['id']}/reschedule", {"start": later}, token=token)
    moved = event(fetch(web, booked, token))
    web.call("POST", f"/appointments/{booked['id']}/cancel", {}, token=token)
    answer = fetch(web, booked, token)
    cancelled = event(answer)
    assert {str(each["UID"]) for each in (event(first), moved, cancelled)} == {
        f"{booked['id']}@localhost"
    }
    numbers = [int(each["SEQUENCE"]) for each in (event(first), moved, cancelled)]
    assert numbers == [0, 1, 2]
    assert moved["DTSTART"].dt == datetime.fromisoformat(later)
    assert str(cancelled["STATUS"]) == "CANCELLED"
    assert Calendar.from_ical(answer.get_data())["METHOD"] == "CANCEL"
    assert "method=CANCEL" in answer.headers["Content-Type"]


@pytest.mark.parametrize("office", ["losangeles", "phoenix", "elpaso", "barcelona"])
def test_its_time_is_the_offices_by_two_readers(web: Web, office: str) -> None:
    booked, token = book(web, consulate=office)
    answer = fetch(web, booked, token)
    start = datetime.fromisoformat(booked["start"])
    assert event(answer)["DTSTART"].dt == start
    second = vobject.readOne(answer.get_data().decode()).vevent
    assert second.dtstart.value.astimezone(UTC) == start.astimezone(UTC)
    assert second.dtend.value.astimezone(UTC) == datetime.fromisoformat(booked["end"]).astimezone(
        UTC
    )
    assert (second.dtstart.value.hour, second.dtstart.value.minute) == (9, 0)


def test_it_names_nobody_and_speaks_the_readers_language(web: Web) -> None:
    booked, token = book(web)
    for language, words in (("es", "Pasaporte"), ("en", "passport")):
        entry = event(fetch(web, booked, token, language))
        assert words in str(entry["SUMMARY"])
        assert "Demo" not in fetch(web, booked, token, language).get_data(as_text=True)


def test_signs_of_the_format_in_a_text_stay_what_they_are(web: Web) -> None:
    booked, token = book(web)
    described = str(event(fetch(web, booked, token))["DESCRIPTION"])
    assert described.count(booked["id"]) == 1
    assert "\\" not in described


def test_strangers_and_other_offices_get_neither_file(web: Web) -> None:
    booked, _token = book(web)
    for other in (web.token("citizen", subject="eve"), web.token("officer", "chicago")):
        for kind in ("ics", "pdf"):
            answer = web.call("GET", f"/appointments/{booked['id']}.{kind}", token=other)
            assert answer.status_code == 404


def test_the_paper_says_when_where_and_for_whom(web: Web) -> None:
    booked, token = book(web)
    answer = web.call("GET", f"/appointments/{booked['id']}.pdf", token=token)
    assert answer.mimetype == "application/pdf"
    pages = PdfDocument(answer.get_data())
    said = "\n".join(page.get_textpage().get_text_range() for page in pages)
    for words in ("9:00", "Los Ángeles", person()["first_surname"], "Qué llevar"):
        assert words in said


def test_the_paper_of_several_says_who_comes_and_what_they_pay_together(web: Web) -> None:
    """Each with their own folio; who was taken out neither comes nor pays."""
    web.session()
    token = web.token("citizen", subject="ana")
    family = [person(1), person(2), person(3)]
    booked = web.book(web.free()[0]["start"], token=token, attendees=family).get_json()
    web.call("POST", f"/appointments/{booked['id']}/attendees/2/cancel", {}, token=token)
    answer = web.call("GET", f"/appointments/{booked['id']}.pdf", token=token)
    pages = PdfDocument(answer.get_data())
    said = "".join(page.get_textpage().get_text_range() for page in pages)
    letters = "".join(each for each in said if each.isalnum())
    assert [each["folio"] in letters for each in booked["attendees"]] == [True, False, True]
    assert [each["first_surname"].split()[-1] in said for each in family] == [True, False, True]
    assert "418.00" in said


def test_the_paper_has_a_code_by_which_the_desk_finds_it(web: Web) -> None:
    booked, token = book(web)
    paper = web.call("GET", f"/appointments/{booked['id']}.pdf", token=token).get_data()
    code = scan(paper)
    assert code.format == zxingcpp.BarcodeFormat.QRCode
    assert urlsplit(code.text).path == f"/verify/{booked['folio']}"
    assert web.client.get(urlsplit(code.text).path).status_code == 200
    officer = staff_browser(web.app, "officer", "losangeles")
    assert booked["id"] in officer.get(f"/desk/?q={quote(code.text)}").text
    assert booked["id"] not in officer.get("/desk/").text
