"""A call on one screen: questions in any order, a second person without typing again, and a search
by name and birth date."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from consular.i18n import folio
from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import BORN, Web, person, working_day

PERSON = {
    "given_names": "María Itzel",
    "first_surname": "de la Quintana",
    **BORN,
}
PLACE = {"service": "PAS10", "consulate": "losangeles"}
CONTACT = {"phone": "213 555 0123", "phone_country": "1", "notices": "en"}


@pytest.fixture
def agent(web: Web) -> Browser:
    web.session()
    return staff_browser(web.app, "agent")


def _send(agent: Browser, page: TestResponse | None, **fields: str) -> TestResponse:
    """The form with what its page holds; a select's choice, or what was typed."""
    match = page and re.search(r'name="d" value="([^"]+)"', page.text)
    return agent.send("/telephone/", **({"d": match[1]} if match else {}), **fields)


def _starts(page: TestResponse) -> list[str]:
    return re.findall(r'<option value="(20[^"]+)"', page.text)


def _audited(web: Web, action: str) -> int:
    with web.database.transaction(NETWORK_SCOPE) as session:
        query = text("SELECT count(*) FROM audit_entries WHERE action = :action")
        return int(session.execute(query, {"action": action}).scalar_one())


def _booked_by(web: Web) -> list[Any]:
    """Who booked, as the audit has it, and for whom: a line for each appointment."""
    query = text(
        "SELECT e.actor_role, e.actor_id, e.consulate_code, a.account_id, p.given_names,"
        " p.first_surname FROM audit_entries e JOIN appointments a ON a.id = e.subject_id"
        " JOIN attendees m ON m.appointment_id = a.id JOIN people p ON p.id = m.person_id"
        " WHERE e.action = 'appointment.book' ORDER BY e.at"
    )
    with web.database.transaction(NETWORK_SCOPE) as session:
        return list(session.execute(query))


def test_a_caller_and_then_another_of_the_same_call(web: Web, agent: Browser) -> None:
    # The name first, before anybody said what for.
    page = _send(agent, None, **PERSON, times="1")
    assert "María Itzel" in page.text
    page = _send(agent, page, **PERSON, **PLACE, **{"from": working_day().isoformat()}, times="1")
    first = _starts(page)[0]
    booked = _send(agent, page, **PERSON, **PLACE, **CONTACT, start=first)
    assert "La cita está reservada" in booked.text
    assert "Dile a quien llama" in booked.text
    after = re.search(r'href="(/telephone/\?after=[^"]+)"', booked.text)
    assert after is not None

    [entry] = _booked_by(web)
    assert (entry.actor_role, entry.actor_id) == ("agent", agent.account)
    # In the caller's name: the appointment's person is the caller, and no account of the agent's.
    assert (entry.given_names, entry.first_surname) == ("María Itzel", "de la Quintana")
    assert (entry.account_id, entry.consulate_code) == (None, "losangeles")

    page = agent.get(unescape(after[1]))
    assert "+12135550123" in page.text
    assert 'value="losangeles" selected' in page.text
    second = {**PERSON, "given_names": "Ángel", "birth_date-year": "2015"}
    taken = _send(agent, page, **second, **PLACE, **CONTACT, start=_starts(page)[0])
    assert "La cita está reservada" in taken.text
    assert [each.given_names for each in _booked_by(web)] == ["María Itzel", "Ángel"]
    assert {each.actor_id for each in _booked_by(web)} == {agent.account}


def test_a_time_is_held_while_the_caller_is_asked(web: Web, agent: Browser) -> None:
    """Nobody else gets it; the agent sees until when, and books it once everything was told."""
    page = _send(agent, None, **PLACE, **{"from": working_day().isoformat()}, times="1")
    chosen = {**PLACE, "start": _starts(page)[0]}
    held = _send(agent, page, **chosen, more_time="1")
    assert "Te apartamos este horario hasta las" in held.text
    assert chosen["start"] in _starts(held)
    free = {slot["start"] for slot in web.free()}
    assert chosen["start"] not in free
    wrong = _send(agent, held, **chosen, **CONTACT)
    assert "Te apartamos este horario hasta las" in wrong.text
    booked = _send(agent, wrong, **PERSON, **chosen, **CONTACT)
    assert "La cita está reservada" in booked.text


def test_a_time_that_was_taken_meanwhile_keeps_every_answer(web: Web, agent: Browser) -> None:
    start = web.free()[0]["start"]
    web.book(start, token=web.token("citizen", subject="other"))
    page = _send(agent, None, **PERSON, **PLACE, **CONTACT, start=start)
    assert "María Itzel" in page.text
    assert "ya se ocupó" in page.text


def test_somebody_without_a_folio_is_found_moved_and_cancelled(web: Web, agent: Browser) -> None:
    somebody: dict[str, Any] = {
        "given_names": "María Itzel",
        "first_surname": "de la Quintana",
        "birth_date": "1990-05-12",
    }
    start = web.free()[0]["start"]
    answer = web.book(start, token=web.token("citizen"), attendees=[somebody])
    appointment = UUID(answer.get_json()["id"])
    written = {**PERSON, "given_names": "MARIA ITZEL", "first_surname": "De La Quintana"}
    page = _send(agent, None, **written, search="1")
    assert f"/telephone/appointments/{appointment}" in page.text
    assert _audited(web, "appointment.search") == 1
    assert _audited(web, "appointment.list") == 1

    there = f"/telephone/appointments/{appointment}"
    assert _audited(web, "appointment.read") == 0
    assert "Dile a quien llama" in agent.get(there).text
    assert _audited(web, "appointment.read") == 1
    other = web.free()[-1]["start"]
    moved = agent.send(f"{there}/times/confirm", start=other, consulate="losangeles")
    assert "La cita cambió" in moved.text
    assert "Cancelada" in agent.send(f"{there}/cancel").text

    nobody = _send(agent, None, **{**PERSON, "birth_date-year": "1991"}, search="1")
    assert "No hay citas con ese nombre" in nobody.text


def test_a_folio_that_is_told_finds_the_appointment_at_any_office(web: Web, agent: Browser) -> None:
    """However it is said, and with nothing else; the search can be read by whoever comes."""
    web.session(consulate="chicago")
    start = web.free(consulate="chicago")[0]["start"]
    booked = web.book(start, token=web.token("citizen"), consulate="chicago").get_json()
    said = booked["folio"].lower().replace("0", "o")
    page = _send(agent, None, folio=f"{said[:4]} {said[4:8]} {said[8:]}", search="1").text
    assert f"/telephone/appointments/{booked['id']}" in page
    assert _audited(web, "appointment.list") == 1
    officer = staff_browser(web.app, "officer", "losangeles")
    page = officer.send("/desk/book", folio=booked["folio"], search="1").text
    assert "No hay ninguna cita con ese folio" in page
    assert booked["id"] not in page
    slip = said[:-1] + ("1" if said[-1] == "o" else "0")
    assert 'id="error-folio"' in _send(agent, None, folio=slip, search="1").text


def test_the_search_over_the_api_is_for_staff_and_within_their_offices(web: Web) -> None:
    web.session()
    web.book(web.free()[0]["start"], token=web.token("citizen"))
    named = {"given_names": "ana", "first_surname": "DEMO AAAA", "second_surname": "Prueba"}
    body = {**named, "birth_date": "1990-05-12"}

    def found(role: str, office: str = "") -> int:
        answer = web.call("POST", "/appointments/search", body, token=web.token(role, office))
        return len(answer.get_json()["items"])

    assert [found("agent"), found("officer", "losangeles"), found("officer", "chicago")] == [
        1,
        1,
        0,
    ]


def test_where_and_when_a_mobile_consulate_is_read_out(web: Web, agent: Browser) -> None:
    """By the clock of its place, which isn't the office's."""
    place = {"name": "Biblioteca", "address": "21 W 3rd St", "time_zone": "America/Denver"}
    web.session(place=place, desks=[{"name": "M", "services": ["MAT"]}])
    start = web.free("MAT")[0]["start"]
    answer = web.book(start, token=web.token("citizen"), service="MAT")
    assert answer.get_json()["place"]["name"] == "Biblioteca"
    page = agent.get(f"/telephone/appointments/{answer.get_json()['id']}").text
    for words in ("9:00", "(hora de Biblioteca)", "Dirección: 21 W 3rd St"):
        assert words in page.replace("\xa0", " ")
    named = {"given_names": "Ana", "first_surname": "Demo Aaaa", "second_surname": "Prueba"}
    assert "(hora de Biblioteca)" in _send(agent, None, **named, **BORN, search="1").text
    moving = agent.get(f"/telephone/appointments/{answer.get_json()['id']}/times").text
    assert "(hora de Biblioteca)" in moving


def test_one_of_a_household_is_taken_out_by_telephone_and_at_the_desk(
    web: Web, agent: Browser
) -> None:
    """Each by their own number; the page says who still comes and what those pay."""
    start, family = web.free()[0]["start"], [person(number) for number in (1, 2, 3)]
    answer = web.book(start, token=web.token("citizen"), attendees=family).get_json()
    officer = staff_browser(web.app, "officer", "losangeles")
    called, desk = (f"/{area}/appointments/{answer['id']}" for area in ("telephone", "desk"))
    page = agent.get(called).text
    assert "627.00" in page
    assert [each in page for each in _folios(answer)] == [True] * 3
    page = agent.send(f"{called}/cancel", n="2").text
    assert "418.00" in page
    assert page.count("Sí, quitar a") == 2
    assert officer.get(desk).text.count("Sí, quitar a") == 2
    agenda = f"/desk/?day={working_day()}"
    assert officer.get(agenda).text.count("Grupo de 2") == 3
    page = officer.send(f"{desk}/cancel", n="3", back=desk).text
    assert "Sí, quitar a" not in page
    assert "Grupo de" not in officer.get(agenda).text
    owner = web.token("citizen")
    shown = web.call("GET", f"/appointments/{answer['id']}", token=owner).get_json()
    statuses = [each["status"] for each in shown["attendees"]]
    assert (shown["status"], statuses) == ("booked", ["booked", "cancelled", "cancelled"])
    stranger = staff_browser(web.app, "officer", "chicago")
    assert stranger.post(f"{desk}/cancel", n="1").status_code == 404


def _folios(appointment: dict[str, Any]) -> list[str]:
    return [str(folio(each["folio"])) for each in appointment["attendees"]]
