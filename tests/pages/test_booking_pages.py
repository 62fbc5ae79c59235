"""Booking on the pages: what a person typed about themselves outlives a slot that is taken."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from consular.i18n import date_plain
from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, citizen_browser
from tests.factories.web import BORN, Web, person

ZONE = "America/Los_Angeles"
PLACE = {"consulate": "losangeles", "service": "PAS10"}
OWN = {
    "given_names": "Rosa María",
    "first_surname": "Demo",
    "second_surname": "Prueba",
    **BORN,
    "email": "rosa@demo.invalid",
}
_FIELD = re.compile(r'<input[^>]* name="([a-z_-]+)"[^>]* value="([^"]*)"')
_LINK = re.compile(r'href="(/citas/[^"]*)"')


def fields(page: str) -> dict[str, str]:
    """What the forms of a page would send."""
    return {name: unescape(value) for name, value in _FIELD.findall(page)}


def links(page: str, path: str) -> list[str]:
    return [unescape(link) for link in _LINK.findall(page) if link.startswith(path)]


def post(client: FlaskClient, path: str, form: dict[str, str], page: str) -> TestResponse:
    """Send a form of ``page`` and open what that leads to."""
    ours = {name: fields(page)[name] for name in ("csrf_token", "form_key")}
    return client.post(path, data={**form, **ours}, follow_redirects=True)


def test_answers_are_kept_when_the_time_is_changed(web: Web) -> None:
    web.session()
    client, start = web.client, web.free()[0]["start"]
    page = client.get("/citas/persona", query_string={**PLACE, "start": start}).text
    times = post(client, "/citas/persona", {**fields(page), **OWN, "change_time": "1"}, page).text
    assert "Para Rosa María Demo Prueba." in times
    assert "Rosa" not in "".join(re.findall(r'href="[^"]*"', times))
    other = client.get(links(times, "/citas/persona")[0]).text
    assert fields(other).items() >= OWN.items()
    service = client.get(links(times, "/citas/nueva")[-1]).text
    assert "d" in fields(service)


def test_a_time_that_is_taken_meanwhile_costs_no_answer(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "randbelow", lambda _most: 123456)
    web.session()
    client, (first, second) = web.client, [slot["start"] for slot in web.free()[:2]]
    page = client.get("/citas/persona", query_string={**PLACE, "start": first}).text
    check = post(client, "/citas/persona", {**fields(page), **OWN}, page).text
    refused = post(client, "/citas/revisar", fields(check), check).text
    assert web.book(first, token=web.token("citizen", subject="other")).status_code == 201
    taken = post(client, "/citas/codigo", {**fields(refused), "code": "123456"}, refused).text
    assert "Ese horario ya se ocup" in taken
    # Signed in by now: the button of a time holds it.
    own = post(client, "/citas/horarios", {**fields(taken), "start": second}, taken).text
    assert fields(own).items() >= {**OWN, "start": second}.items()
    check = post(client, "/citas/persona", {**fields(own), **OWN}, own).text
    booked = post(client, "/citas/revisar", fields(check), check).text
    assert "Tu cita está reservada" in booked


def test_the_last_steps_alone_book_nothing(web: Web) -> None:
    """Sent without those before them: no contact was proved, so there is no appointment."""
    web.session()
    client, start = web.client, web.free()[0]["start"]
    page = client.get("/citas/persona", query_string={**PLACE, "start": start}).text
    for address, code in (("/citas/revisar", ""), ("/citas/codigo", "123456")):
        answer = post(client, address, {**fields(page), **OWN, "code": code}, page)
        assert "Tu cita está reservada" not in answer.text
    with web.database.transaction(NETWORK_SCOPE) as session:
        assert session.scalar(text("SELECT count(*) FROM appointments")) == 0


def test_each_page_says_for_whom_when_and_where_and_what_it_costs_and_takes(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "randbelow", lambda _most: 123456)
    web.session()
    client, start = web.client, web.free()[0]["start"]
    where, when = "Los Ángeles", date_plain(datetime.fromisoformat(start), ZONE)
    assert where in client.get("/citas/horarios", query_string=PLACE).text
    page = client.get("/citas/persona", query_string={**PLACE, "start": start}).text
    assert where in page
    assert when in page
    check = post(client, "/citas/persona", {**fields(page), **OWN}, page).text
    code = post(client, "/citas/revisar", fields(check), check).text
    booked = post(client, "/citas/codigo", {**fields(code), "code": "123456"}, code).text
    assert "Tu cita está reservada" in booked
    for name, text_of_page in {"check": check, "code": code, "booked": booked}.items():
        for said in (where, when, "Rosa María Demo Prueba"):
            assert said in text_of_page, (name, said)
    for text_of_page in (check, booked):
        assert "Unos 15 minutos" in text_of_page
        assert "209.00" in text_of_page
        assert "Qué llevar" in text_of_page


@pytest.mark.parametrize("address", ["/rfc", "/mis-datos", "/citas/persona"])
def test_what_was_told_for_an_appointment_is_suggested_afterwards(web: Web, address: str) -> None:
    web.session()
    start = web.free()[0]["start"]
    browser = _after_booking(web, start, [person(7)])
    page = browser.get(f"{address}?consulate=losangeles&service=MAT&start={quote(start)}").text
    profile = {"first_surname": "Demo Aaah", "birth_date-month": "5", "email": "ana@demo.invalid"}
    assert fields(page).items() >= profile.items()
    assert "Pusimos los datos" in page


@pytest.mark.parametrize(
    "attendees",
    [[person(1, birth_date="2020-01-31")], [person(1, birth_date="2020-01-31"), person(2)]],
    ids=["a child", "a household"],
)
def test_nobody_is_suggested_after_an_appointment_of_others(
    web: Web, attendees: list[dict[str, Any]]
) -> None:
    web.session()
    browser = _after_booking(web, web.free()[0]["start"], attendees)
    page = browser.get("/mis-datos").text
    assert fields(page)["first_surname"] == ""
    assert "Pusimos los datos" not in page


def _after_booking(web: Web, start: str, attendees: list[dict[str, Any]]) -> Browser:
    token = web.token("citizen", subject="ana")
    answer = web.book(start, token=token, attendees=attendees)
    assert answer.status_code == 201, answer.text
    with web.database.transaction(NETWORK_SCOPE) as session:
        # The development token told a name, which an address with a code doesn't.
        session.execute(text("UPDATE people SET holder = false"))
        account = session.execute(text("SELECT id FROM accounts")).scalar_one()
    return citizen_browser(web.app, account)


@pytest.mark.parametrize(
    ("language", "words"),
    [("es", "Las horas son las de Los Ángeles."), ("en", "Los Angeles")],
)
def test_a_city_is_called_as_its_office_is(web: Web, language: str, words: str) -> None:
    page = web.client.get("/citas/horarios", query_string={**PLACE, "lang": language}).text
    assert words in page
    assert ("Los Angeles" in page) != ("Los Ángeles" in page)


def test_the_page_of_an_appointment_tells_the_fee_and_sends_nobody_to_look_for_it(web: Web) -> None:
    web.session()
    browser = _after_booking(web, web.free()[0]["start"], [person(7)])
    listed = re.search(r'href="(/citas/[0-9a-f-]{36})"', browser.get("/mis-tramites").text)
    assert listed
    page = browser.get(listed[1]).text
    assert "El pago de derechos" in page
    assert "consulta el costo" not in page


def test_an_office_without_times_says_so_and_names_the_nearest_that_have_some(web: Web) -> None:
    web.session()
    there = {"consulate": "saopaulo", "service": "PAS10"}
    client = web.client
    page = client.get("/citas/horarios", query_string=there).text
    assert "Aquí no hay horarios en las próximas 8 semanas" in page
    assert "Más días" not in page
    day = web.free()[0]["start"][:10]
    assert f"/citas/horarios?consulate=losangeles&amp;service=PAS10&amp;from={day}" in page


def test_an_empty_week_leads_to_the_next_day_that_has_places(web: Web) -> None:
    web.session()
    day = web.free()[0]["start"][:10]
    page = web.client.get("/citas/horarios", query_string=PLACE).text
    assert "Ver ese día" in page
    assert f"service=PAS10&amp;from={day}" in page


def test_of_a_service_that_says_nothing_of_who_comes_nothing_is_said(web: Web) -> None:
    web.session(desks=[{"name": "A", "services": ["POF", "PAS10"]}])
    for services, said in (("POF", ""), ("POF,PAS10", "Personas de 18 años o más")):
        service, _comma, further = services.partition(",")
        place = {**PLACE, "service": service, "further": further}
        page = web.client.get("/citas/horarios", query_string=place).text
        assert ("Quién va:" in page) == bool(said)
        assert said in page
        assert "None" not in page
