"""An officer books for whoever is at the window, at their own office, in kept places too."""

from __future__ import annotations

import re
from html import unescape

import pytest
from werkzeug.test import TestResponse

from tests.factories.staff import Browser, staff_browser
from tests.factories.web import BORN, Web, morning_at_office, working_day

PERSON = {
    "given_names": "María Itzel",
    "first_surname": "de la Quintana",
    **BORN,
}
DAY = {"service": "PAS10", "from": working_day().isoformat()}
KEPT = [
    {"share": "urgent_protection", "places": 1},
    {"share": "walk_ins", "places": 1},
]


@pytest.fixture
def officer(web: Web) -> Browser:
    """Of an office all of whose two windows are kept, for two times."""
    desks = [{"name": name, "services": ["PAS10"], "languages": ["es", "en"]} for name in "AB"]
    web.session(desks=desks, closes="09:30", reserves=KEPT)
    web.session(consulate="chicago")
    return staff_browser(web.app, "officer", "losangeles")


def send(officer: Browser, **fields: str) -> TestResponse:
    return officer.send("/desk/book", **fields)


def starts(page: TestResponse) -> list[str]:
    return re.findall(r'<option value="(20[^"]+)"', page.text)


def test_a_place_that_is_kept_is_booked_and_then_one_for_the_family(
    web: Web, officer: Browser
) -> None:
    assert 'href="/desk/book"' in officer.get("/desk/").text
    assert starts(send(officer, **DAY, times="1")) == []
    urgent = {**DAY, "share": "urgent_protection"}
    page = send(officer, **PERSON, **urgent, times="1")
    assert [start[11:16] for start in starts(page)] == ["09:00", "09:15"]
    assert 'value="urgent_protection" selected' in page.text
    booked = send(officer, **PERSON, **urgent, start=starts(page)[0])
    assert "La cita está reservada" in booked.text
    assert "Lugar apartado para: Protección urgente" in booked.text

    after = re.search(r'href="(/desk/book\?after=[^"]+)"', booked.text)
    assert after is not None
    family = officer.get(unescape(after[1])).text
    assert f'value="{working_day().isoformat()}"' in family
    # Whoever comes along is asked anew whether a kept place is for them.
    assert 'value="urgent_protection" selected' not in family


def test_places_of_who_comes_without_an_appointment_are_booked_on_the_day(
    web: Web, officer: Browser
) -> None:
    walk_in = {**DAY, "share": "walk_ins"}
    start = starts(send(officer, **walk_in, times="1"))[1]
    early = send(officer, **PERSON, **walk_in, start=start)
    assert "son solo para hoy" in early.text
    assert "María Itzel" in early.text
    web.travel(morning_at_office())
    today = staff_browser(web.app, "officer", "losangeles")
    assert "La cita está reservada" in send(today, **PERSON, **walk_in, start=start).text


def test_an_officer_books_and_holds_at_their_own_office_only(web: Web, officer: Browser) -> None:
    elsewhere = web.free(consulate="chicago")[0]["start"]
    page = send(officer, **PERSON, **DAY, consulate="chicago", start=elsewhere)
    assert "La cita está reservada" not in page.text
    held = {"consulate": "chicago", "service": "PAS10", "start": elsewhere}
    token = web.token("officer", "losangeles")
    assert web.call("POST", "/holds", held, token=token).status_code == 404
    urgent = {**DAY, "share": "urgent_protection"}
    start = starts(send(officer, **urgent, times="1"))[0]
    held_page = send(officer, **urgent, start=start, more_time="1")
    assert "Te apartamos este horario hasta las" in held_page.text


def test_a_window_is_chosen_by_what_the_person_needs(web: Web, officer: Browser) -> None:
    urgent = {**DAY, "share": "urgent_protection"}
    assert starts(send(officer, **urgent, attended_in="language:en", times="1"))
    assert not starts(send(officer, **urgent, attended_in="interpreter:maya", times="1"))


def test_a_caller_of_the_telephone_center_may_use_what_is_kept_for_them(web: Web) -> None:
    web.session(closes="09:15", reserves=KEPT[:1])
    agent = staff_browser(web.app, "agent")
    place = {**DAY, "consulate": "losangeles", "share": "urgent_protection"}
    page = agent.send("/telephone/", **place, times="1")
    assert 'value="walk_ins"' not in page.text
    booked = agent.send("/telephone/", **PERSON, **place, start=starts(page)[0])
    assert "Dile a quien llama" in booked.text
    assert not starts(agent.send("/telephone/", **{**place, "share": "walk_ins"}, times="1"))
