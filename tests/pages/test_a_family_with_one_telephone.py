"""Five people with one telephone and e-mail each get an appointment, whatever is corrected on the
way, and nobody is told of an account or a person that wasn't made."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, citizen_browser
from tests.factories.web import BORN, Web, person
from tests.pages.test_booking_pages import PLACE

SHARED = {"email": "familia@demo.invalid", "phone": "+12135550123"}
FAMILY = ("Ana", "Beto", "Carla", "Diego", "Elena")


def _form(start: str, name: str, surname: str) -> dict[str, str]:
    names = {"given_names": name, "first_surname": surname, "second_surname": "Prueba"}
    return {**PLACE, "start": start, **names, **BORN, **SHARED}


def _book(browser: Browser, start: str, name: str) -> None:
    """Misspelled, back from the check and corrected, then confirmed, back again and confirmed."""
    wrong = browser.post("/citas/persona", **_form(start, name, "Demmo")).location
    assert f"{name} Demmo" in browser.get(wrong).text
    draft = wrong.partition("d=")[2]
    right = browser.post("/citas/persona", d=draft, **_form(start, name, "Demo")).location
    assert f"{name} Demo Prueba" in browser.get(right).text
    confirm = {**_form(start, name, "Demo"), "d": draft, "form_key": f"confirm-{name}"}
    first = browser.post("/citas/revisar", **confirm)
    assert "/citas/" in first.location, browser.get(first.location).text
    again = browser.post("/citas/revisar", **confirm)
    assert again.location.partition("?")[0] == first.location.partition("?")[0]


def _count(web: Web, query: str) -> list[Any]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return list(session.scalars(text(query)))


def test_all_five_are_booked_and_an_edited_spelling_makes_no_other_person(web: Web) -> None:
    web.session(closes="11:00")
    web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    account = _count(web, "SELECT id FROM accounts")[0]
    before = len(_count(web, "SELECT id FROM people"))
    browser = citizen_browser(web.app, account)
    for slot, name in zip(web.free(), FAMILY, strict=False):
        _book(browser, slot["start"], name)
    booked = _count(web, "SELECT status FROM appointments")
    assert booked == ["booked"] * len(FAMILY)
    named = _count(
        web, "SELECT given_names || ' ' || first_surname FROM people ORDER BY created_at, id"
    )
    assert sorted(named[before:]) == [f"{name} Demo" for name in FAMILY]
    assert _count(web, "SELECT id FROM accounts") == [account]
    signed_up = "SELECT id FROM audit_entries WHERE action = 'account.sign_up'"
    assert len(_count(web, signed_up)) <= 1
    messages = _count(
        web, "SELECT topic FROM outbox WHERE topic LIKE '%confirmation' OR topic LIKE '%sign%'"
    )
    assert messages == ["appointments.confirmation"] * len(FAMILY)


def test_one_who_was_booked_with_another_spelling_is_not_booked_twice(web: Web) -> None:
    """By one account, whoever is alike but for a mark is the same person."""
    web.session()
    token = web.token("citizen", subject="ana")
    first, second = (slot["start"] for slot in web.free()[:2])
    one = person(
        1,
        given_names="José Ángel",
    )
    assert web.book(first, token=token, attendees=[one], contact=SHARED).status_code == 201
    alike = {**one, "given_names": "JOSE  ANGEL"}
    refused = web.book(second, token=token, attendees=[alike], contact=SHARED)
    assert (refused.status_code, refused.get_json()["code"]) == (409, "already_booked")
