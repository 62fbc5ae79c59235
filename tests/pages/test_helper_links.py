"""Somebody's helper books one appointment for them by a link, once, and sees nothing of theirs."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, citizen_browser
from tests.factories.web import Web, working_day

PERSON = {
    "given_names": "Itzel",
    "first_surname": "Quintana",
    "birth_date-day": "12",
    "birth_date-month": "5",
    "birth_date-year": "1990",
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


def _link(person: Browser) -> str:
    match = re.search(r"(/ayuda/[0-9a-f]{40})", person.send("/mis-datos/ayuda").text)
    assert match is not None
    return match[1]


class _Helper(Browser):
    """A browser in which nobody is signed in."""

    def csrf(self) -> str:
        """The token of the sign-in's form."""
        found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', self.get("/login").text)
        assert found is not None
        return found[1]


def _helper(web: Web) -> Browser:
    return _Helper(web.client, uuid4())


def _count(web: Web) -> int:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return int(session.execute(text("SELECT count(*) FROM appointments")).scalar_one())


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
    found = re.search(
        r'action="(/mis-datos/ayuda/[^"]+/quitar)"', person.get("/mis-datos/ayuda").text
    )
    assert found is not None
    person.send(found[1])
    helper.post(link, **_booking(web))
    old = _link(person)
    with web.database.transaction(NETWORK_SCOPE) as session:
        session.execute(text("DELETE FROM helper_links WHERE revoked_at IS NULL"))
    helper.post(old, **_booking(web))
    assert _count(web) == 1
