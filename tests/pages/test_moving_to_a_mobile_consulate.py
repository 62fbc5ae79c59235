"""An appointment moves to and from a mobile consulate: every page says its place and clock."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, citizen_browser, staff_browser
from tests.factories.web import Web, working_day

PLACE = {
    "name": "Biblioteca de Yuma",
    "address": "21 W 3rd St, Yuma",
    "time_zone": "America/Phoenix",
}


@pytest.fixture
def there(web: Web) -> dict[str, Any]:
    """A mobile consulate, open at the office's own times and for half an hour longer."""
    web.session(closes="09:30")
    desks = [{"name": "M", "services": ["PAS10"]}]
    return web.session(desks=desks, opens="10:00", closes="11:00", place=PLACE)


def booked(web: Web, start: str, **more: Any) -> dict[str, Any]:
    answer = web.book(start, token=web.token("citizen", subject="ana"), **more)
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def ana(web: Web) -> Browser:
    with web.database.transaction(NETWORK_SCOPE) as session:
        account = session.scalar(text("SELECT account_id FROM appointments"))
    return citizen_browser(web.app, UUID(str(account)))


def plain(page: str) -> str:
    return page.replace("\xa0", " ").replace("\u202f", " ")


def times_there(web: Web, there: dict[str, Any]) -> list[str]:
    day = working_day().isoformat()
    path = f"/consulates/losangeles/availability?service=PAS10&from={day}&to={day}"
    slots = web.call("GET", f"{path}&place={there['id']}").get_json()["slots"]
    return [slot["start"] for slot in slots]


def test_from_the_office_to_a_mobile_consulate_and_back(web: Web, there: dict[str, Any]) -> None:
    first = web.free()[0]["start"]
    id = booked(web, first)["id"]
    browser, day = ana(web), working_day().isoformat()
    own = f"/citas/{id}/cambiar"
    assert f"mobile={there['id']}" in browser.get(own).text
    page = plain(browser.get(f"{own}?consulate=losangeles&mobile={there['id']}&from={day}").text)
    assert "Las horas son las de Biblioteca de Yuma" in page
    start = times_there(web, there)[0]
    checked = {"consulate": "losangeles", "start": start, "place": there["id"]}
    address = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in checked.items())
    page = plain(browser.get(f"{own}/revisar?{address}").text)
    # Ten in Yuma is nine in Los Angeles, where the office is open too.
    assert "10:00" in page
    assert "(hora de Biblioteca de Yuma)" in page
    assert "21 W 3rd St" in page
    moved = browser.send(f"{own}/confirmar", **checked)
    assert "Biblioteca de Yuma" in moved.text

    token = web.token("citizen", subject="ana")
    now_there = web.call("GET", f"/appointments/{id}", token=token).get_json()
    assert (now_there["place"], now_there["start"]) == (PLACE, start)
    # Its own page of times is that of the place where it is.
    assert "Las horas son las de Biblioteca de Yuma" in plain(browser.get(own).text)
    back = {"consulate": "losangeles", "start": web.free()[0]["start"]}
    assert "En el consulado" in browser.get(own).text
    browser.post(f"{own}/confirmar", **back)
    at_office = web.call("GET", f"/appointments/{id}", token=token).get_json()
    assert "place" not in at_office


def test_a_start_of_the_office_s_list_that_leads_there_says_so(
    web: Web, there: dict[str, Any]
) -> None:
    last = times_there(web, there)[-1]
    desk = staff_browser(web.app, "officer", "losangeles")
    id = booked(web, web.free()[0]["start"])["id"]
    address = f"/desk/appointments/{id}/times"
    page = plain(desk.get(f"{address}?consulate=losangeles&from={working_day()}").text)
    assert "10:45 a. m., Biblioteca de Yuma" in page
    checked = desk.get(f"{address}/check?consulate=losangeles&start={last}").text
    assert "(hora de Biblioteca de Yuma)" in plain(checked)
    form = {"service": "PAS10", "from": working_day().isoformat(), "times": "1"}
    assert "10:45 a. m., Biblioteca de Yuma" in plain(desk.send("/desk/book", **form).text)
    citizen = f"/citas/persona?consulate=losangeles&service=PAS10&start={last}"
    assert "(hora de Biblioteca de Yuma)" in plain(web.client.get(citizen).text)


def test_the_same_start_at_another_place_is_another_time(web: Web, there: dict[str, Any]) -> None:
    start = times_there(web, there)[0]
    token = web.token("citizen", subject="ana")
    id = booked(web, start, place=there["id"])["id"]
    path = f"/appointments/{id}/reschedule"
    same = web.call("POST", path, {"start": start, "place": there["id"]}, token=token)
    assert (same.status_code, same.get_json()["place"]) == (200, PLACE)
    with web.database.transaction(NETWORK_SCOPE) as session:
        assert session.scalar(text("SELECT count(*) FROM vacated_places")) == 0
    unknown = web.call("POST", path, {"start": start, "place": id}, token=token)
    assert unknown.status_code == 404
    later = times_there(web, there)[-1]
    moved = web.call("POST", path, {"start": later}, token=token)
    assert (moved.status_code, moved.get_json()["place"]) == (200, PLACE)


def test_the_desk_books_at_a_mobile_consulate_of_its_office(
    web: Web, there: dict[str, Any]
) -> None:
    desk = staff_browser(web.app, "officer", "losangeles")
    form = {"service": "PAS10", "from": working_day().isoformat()}
    assert "Consulado móvil" in desk.send("/desk/book", **form, times="1").text
    chosen = {**form, "mobile": there["id"], "start": times_there(web, there)[0]}
    who = {"given_names": "Rosa", "first_surname": "Quintana", "birth_date-day": "1"}
    who |= {"birth_date-month": "2", "birth_date-year": "1980"}
    page = desk.send("/desk/book", **chosen, **who)
    assert "La cita está reservada" in page.text
    assert "(hora de Biblioteca de Yuma)" in plain(page.text)
