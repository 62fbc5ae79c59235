"""Somebody's helper books one appointment for them by a link, moves it and cancels it, each once
and only when they allowed it, and sees nothing else of theirs."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.citizens.helping import VALID, Right, use_right
from services.kernel.audit import SYSTEM
from services.kernel.db import NETWORK_SCOPE
from services.kernel.errors import NotFound
from tests.factories.staff import Browser, citizen_browser
from tests.factories.web import BORN, Web, working_day
from tests.factories.web import person as booked_person

PERSON = {
    "given_names": "Itzel",
    "first_surname": "Quintana",
    **BORN,
}
PLACE = {"service": "PAS10", "consulate": "losangeles"}


@pytest.fixture
def person(web: Web) -> Browser:
    """A citizen with one appointment, of which nobody else may learn."""
    web.session()
    web.book(web.free()[-1]["start"], token=web.token("citizen", subject="ana"))
    return citizen_browser(web.app, _account(web))


def _account(web: Web) -> UUID:
    with web.database.transaction(NETWORK_SCOPE) as session:
        account: UUID = session.execute(text("SELECT account_id FROM appointments")).scalar_one()
        return account


def _link(person: Browser, **allowed: str) -> str:
    match = re.search(r"(/ayuda/[0-9a-f]{40})", person.send("/mis-datos/ayuda", **allowed).text)
    assert match is not None
    return match[1]


class _Helper(Browser):
    """A browser in which nobody is signed in."""

    def csrf(self) -> str:
        """The token of the sign-in's form."""
        match = re.search(r'name="csrf_token" value="([0-9a-f]+)"', self.get("/login").text)
        assert match is not None
        return match[1]


def _helper(web: Web) -> Browser:
    return _Helper(web.client, uuid4())


def _count(web: Web) -> int:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return int(session.execute(text("SELECT count(*) FROM appointments")).scalar_one())


def _appointment(web: Web) -> tuple[str, str, str, int, list[str]]:
    """Id, when, status, people and services of the one that there is."""
    with web.database.transaction(NETWORK_SCOPE) as session:
        row = session.execute(
            text("SELECT id::text, starts_at, status, people, services FROM appointments")
        ).one()
        return row.id, row.starts_at.isoformat(), row.status, row.people, row.services


def _booking(web: Web) -> dict[str, Any]:
    return {**PERSON, **PLACE, "start": web.free()[0]["start"]}


def test_a_helper_books_once_and_the_person_sees_it(web: Web, person: Browser) -> None:
    link, helper = _link(person), _helper(web)
    for _ in range(3):
        helper.client.head(link)
        assert "Reservar para esa persona" in helper.get(link).text
    times = helper.send(link, **PERSON, **PLACE, **{"from": working_day().isoformat()}, times="1")
    assert web.free()[0]["start"] in times.text
    assert "Demo Aaaa" not in times.text
    assert _count(web) == 1

    booking = _booking(web)
    assert "La cita está reservada" in helper.send(link, **booking).text
    assert "ya no sirve" in helper.get(link).text
    assert _helper(web).post(link, **booking).status_code == 303
    assert _count(web) == 2
    shown = person.get("/mis-datos/ayuda").text
    assert "reservó esta cita" in shown
    assert link not in shown
    assert "Quien te ayuda reservó una cita" in person.get("/mis-datos/consultas").text


def test_a_refused_booking_keeps_the_link_and_the_answers(web: Web, person: Browser) -> None:
    link, helper = _link(person), _helper(web)
    taken = {**_booking(web), "start": f"{working_day().isoformat()}T03:00:00-08:00"}
    page = helper.send(link, **taken).text
    assert "Itzel" in page
    assert "Reservar para esa persona" in page
    assert "La cita está reservada" in helper.send(link, **_booking(web)).text


def test_a_link_that_was_taken_back_or_is_old_books_nothing(web: Web, person: Browser) -> None:
    link, helper = _link(person), _helper(web)
    match = re.search(
        r'action="(/mis-datos/ayuda/[^"]+/quitar)"', person.get("/mis-datos/ayuda").text
    )
    assert match is not None
    person.send(match[1])
    helper.post(link, **_booking(web))
    old = _link(person)
    with web.database.transaction(NETWORK_SCOPE) as session:
        session.execute(text("DELETE FROM helper_links WHERE revoked_at IS NULL"))
    helper.post(old, **_booking(web))
    assert _count(web) == 1


def test_a_helper_moves_the_appointment_once_and_the_person_sees_it(
    web: Web, person: Browser
) -> None:
    id, before, *rest = _appointment(web)
    link, helper = _link(person, appointment=id, may_move="yes"), _helper(web)
    page = helper.get(link).text
    assert "Cambiar la cita" in page
    assert "Sí, cancelar la cita" not in page
    assert "Quién va a la cita" not in page
    assert "Demo Aaaa" not in page
    # Neither what wasn't allowed nor what is refused does anything or uses the link up.
    helper.send(f"{link}/cancelar")
    taken = f"{working_day().isoformat()}T03:00:00-08:00"
    refused = helper.send(f"{link}/cambiar", start=taken).text
    assert "Cambiar la cita" in refused
    assert "error-summary" in refused
    helper.post(link, **_booking(web))
    assert _appointment(web) == (id, before, *rest)

    free = [each["start"] for each in web.free()]
    later = {"from": working_day().isoformat()}
    assert free[0] in helper.send(f"{link}/cambiar", times="1", **later).text
    assert "La cita está cambiada" in helper.send(f"{link}/cambiar", start=free[0]).text
    moved = _appointment(web)
    assert moved[1] != before
    assert (moved[0], *moved[2:]) == (id, *rest)
    assert "ya no sirve" in helper.get(link).text
    helper.post(f"{link}/cambiar", start=free[1])
    assert _appointment(web) == moved
    assert "la cambió" in person.get("/mis-datos/ayuda").text
    assert "Quien te ayuda cambió tu cita" in person.get("/mis-datos/consultas").text


def test_a_helper_books_then_cancels_what_they_booked(web: Web, person: Browser) -> None:
    link, helper = _link(person, may_cancel="yes"), _helper(web)
    helper.send(f"{link}/cancelar")
    page = helper.send(link, **_booking(web)).text
    assert "La cita está reservada" in page
    assert "Sí, cancelar la cita" in page
    assert "Cambiar la cita" not in page
    helper.post(f"{link}/cambiar", start=web.free()[0]["start"])
    assert "La cita está cancelada" in helper.send(f"{link}/cancelar").text
    assert "ya no sirve" in helper.get(link).text
    with web.database.transaction(NETWORK_SCOPE) as session:
        statuses = session.scalars(text("SELECT status FROM appointments ORDER BY created_at"))
        assert list(statuses) == ["booked", "cancelled"]
    assert "la canceló" in person.get("/mis-datos/ayuda").text
    assert "Quien te ayuda canceló tu cita" in person.get("/mis-datos/consultas").text


def test_a_link_is_about_ones_own_appointment_and_allows_something(
    web: Web, person: Browser
) -> None:
    id = _appointment(web)[0]
    refused = person.send("/mis-datos/ayuda", appointment=id)
    assert "Elige si quien te ayuda puede" in refused.text
    token = web.token("citizen", subject="eva")
    assert (
        web.book(web.free()[0]["start"], token=token, attendees=[booked_person(2)]).status_code
        == 201
    )
    with web.database.transaction(NETWORK_SCOPE) as session:
        others = session.execute(
            text("SELECT account_id FROM appointments WHERE id <> :id"), {"id": UUID(id)}
        ).scalar_one()
    stranger = citizen_browser(web.app, others)
    assert stranger.post("/mis-datos/ayuda", appointment=id, may_move="yes").status_code == 404
    with web.database.transaction(NETWORK_SCOPE) as session:
        assert session.scalar(text("SELECT count(*) FROM helper_links")) == 0


def test_of_two_at_once_one_gets_a_right(web: Web, person: Browser) -> None:
    link = _link(person, appointment=_appointment(web)[0], may_move="yes")
    database = web.app.extensions["consular.database"]
    secret, now = link.rpartition("/")[2], web.app.extensions["consular.clock"]()

    def use(right: Right = Right.MOVE) -> str:
        try:
            with database.transaction(NETWORK_SCOPE) as session:
                return str(use_right(session, secret, right, now=now, actor=SYSTEM))
        except NotFound:
            return "refused"

    with ThreadPoolExecutor(2) as both:
        answers = sorted(both.map(lambda _: use(), range(2)))
    assert answers == sorted([_appointment(web)[0], "refused"])
    assert use(Right.CANCEL) == "refused"
    with (
        pytest.raises(IntegrityError, match="ck_helper_links_cancelled"),
        database.transaction(NETWORK_SCOPE) as session,
    ):
        session.execute(text("UPDATE helper_links SET cancelled_at = now()"))


def test_no_other_secret_and_no_reading_does_anything(web: Web, person: Browser) -> None:
    before = _appointment(web)
    link = _link(person, appointment=before[0], may_move="yes", may_cancel="yes")
    secret, helper = link.rpartition("/")[2], _helper(web)
    free = web.free()[0]["start"]
    guesses = (secret[::-1], secret[:-1], secret.upper() + "A", "0" * 40, f"{secret}%00")
    for guess in guesses:
        other = f"/ayuda/{guess}"
        shown = helper.get(other)
        assert shown.status_code == 404 or "ya no sirve" in shown.text
        assert helper.post(f"{other}/cambiar", start=free).status_code in (303, 404)
        assert helper.post(f"{other}/cancelar").status_code in (303, 404)
    for scanner in (helper.client.get, helper.client.head):
        for address in (link, f"{link}/cambiar", f"{link}/cancelar"):
            scanner(f"{address}?start={free}&lista=1")
    assert _appointment(web) == before


def test_a_link_reaches_its_own_appointment_whatever_is_sent(web: Web, person: Browser) -> None:
    mine = _appointment(web)[0]
    link, helper = _link(person, appointment=mine, may_cancel="yes"), _helper(web)
    token = web.token("citizen", subject="eva")
    other = web.book(web.free()[0]["start"], token=token, attendees=[booked_person(2)]).get_json()
    helper.post(f"{link}/cancelar", appointment=other["id"], id=other["id"], n="1")
    path = f"/appointments/{other['id']}"
    assert web.call("GET", path, token=token).get_json()["status"] == "booked"
    assert "ya no sirve" in helper.get(link).text


def test_a_link_ends_with_its_days_and_with_the_appointment(web: Web, person: Browser) -> None:
    id = _appointment(web)[0]
    moving, cancelling = (
        _link(person, appointment=id, may_move="yes"),
        _link(person, appointment=id, may_cancel="yes"),
    )
    person.post(f"/citas/{id}/cancelar")
    helper, before = _helper(web), _appointment(web)
    for link in (moving, cancelling):
        assert "ya no sirve" in helper.get(link).text
        helper.post(f"{link}/cambiar", start=web.free()[0]["start"])
        helper.post(f"{link}/cancelar")
    booking, body = _link(person), _booking(web)
    web.travel(datetime.now(UTC) + VALID + timedelta(minutes=1))
    assert "ya no sirve" in _helper(web).get(booking).text
    _helper(web).post(booking, **body)
    assert (_count(web), _appointment(web)) == (1, before)
