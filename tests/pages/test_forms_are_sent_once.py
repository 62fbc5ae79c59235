"""The same form sent twice, at once or one after the other, is done once and ends on one page."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from consular.pages.portal import enrolling
from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, citizen_browser, staff_browser
from tests.factories.web import BORN, Web, working_day
from tests.pages.test_booking_pages import PLACE, fields
from tests.pages.test_citizens_forms import citizen

OWN = {
    "given_names": "Rosa",
    "first_surname": "Demo",
    **BORN,
    "email": "rosa@demo.invalid",
}


def count(web: Web, query: str) -> int:
    with web.app.extensions["consular.database"].transaction(NETWORK_SCOPE) as session:
        return int(session.execute(text(query)).scalar_one())


def twice(send: Callable[[], TestResponse]) -> list[TestResponse]:
    """At the same time."""
    answers: list[TestResponse] = []
    threads = [threading.Thread(target=lambda: answers.append(send())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(answers) == 2
    return answers


def a_second_browser_window(web: Web, browser: Browser) -> Browser:
    """The same cookies: two requests of one browser that are under way together."""
    other = citizen_browser(web.app, browser.account)
    for cookie in browser.client._cookies.values():  # type: ignore[attr-defined]
        other.client.set_cookie(cookie.key, cookie.value)
    return other


def prepared(web: Web) -> tuple[Browser, str, dict[str, str]]:
    """A signed-in citizen on the page before booking."""
    web.session()
    browser = citizen(web)
    start = web.free()[0]["start"]
    page = browser.send("/citas/persona", **PLACE, start=start, **OWN).text
    return browser, "/citas/revisar", fields(page)


@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "one after the other"])
def test_a_booking_pressed_twice_is_one_appointment_and_one_page(web: Web, at_once: bool) -> None:
    browser, path, form = prepared(web)
    windows = [browser, a_second_browser_window(web, browser)]
    if at_once:
        answers = twice(lambda: windows.pop().client.post(path, data=form))
    else:
        answers = [browser.client.post(path, data=form) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    assert "nueva=1" in answers[0].location
    assert browser.get(answers[0].location).status_code == 200
    assert count(web, "SELECT count(*) FROM appointments") == 1


def test_a_step_at_the_desk_pressed_twice_is_no_error(web: Web) -> None:
    web.session()
    booked = web.book(web.free()[0]["start"], token=web.token("citizen", subject="a")).get_json()
    officer = staff_browser(web.app, "officer", "losangeles")
    path, form = f"/citas/{booked['id']}", {"form_key": uuid4().hex}
    owner = citizen_browser(web.app, _account(web))
    first = owner.post(f"{path}/cancelar", **form)
    second = owner.post(f"{path}/cancelar", **form)
    assert (
        (first.status_code, first.location) == (second.status_code, second.location) == (303, path)
    )
    assert "Revisa lo siguiente" not in owner.get(second.location).text
    assert officer.get("/desk/").status_code == 200


def test_the_session_form_pressed_twice_opens_one_session(web: Web) -> None:
    supervisor = staff_browser(web.app, "supervisor", "losangeles")
    form = {
        "date": working_day().isoformat(), "opens": "09:00", "closes": "10:00",
        "slot_minutes": "15", "desks": "A", "service_1_PAS10": "1", "form_key": "one-press",
    }  # fmt: skip
    locations = {supervisor.post("/desk/sessions", **form).location for _ in range(2)}
    assert locations == {"/desk/sessions?opened=1"}
    assert count(web, "SELECT count(*) FROM sessions") == 1


def test_a_staff_account_sent_twice_is_made_once(web: Web) -> None:
    admin = staff_browser(web.app, "admin")
    form = {"subject": "rosa.prueba", "name": "Rosa Prueba", "role": "analyst", "form_key": "k"}
    assert {admin.post("/admin/staff/new", **form).location for _ in range(2)} == {"/admin/"}


def test_a_corrected_form_is_another_one(web: Web) -> None:
    admin = staff_browser(web.app, "admin")
    form = {"name": "Rosa Prueba", "role": "analyst", "form_key": "k"}
    admin.post("/admin/staff/new", **form, subject="rosa")
    admin.post("/admin/staff/new", **form, subject="rosa.prueba")
    page = admin.get("/admin/").text
    assert "rosa.prueba" in page


def test_a_form_that_failed_on_our_side_may_be_sent_again(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = citizen(web)
    form = {"form_key": "k"}

    def fail(*_arguments: Any) -> None:
        raise RuntimeError("out of order")

    with monkeypatch.context() as patch:
        patch.setattr(enrolling, "read_request", fail)
        assert browser.post("/rfc", **form).status_code == 500
    assert browser.post("/rfc", **form).status_code == 303


def test_a_sign_in_pressed_twice_signs_in_once_and_both_answers_are_signed_in(web: Web) -> None:
    client = web.client
    token = fields(client.get("/login").text)
    answer = client.post("/login", data={**token, "contact": "rosa@demo.invalid"})
    code = _code(web)
    form = {**fields(client.get(answer.location).text), "code": code}
    first = client.post("/login/codigo", data=form)
    # The browser dropped the first answer: it still has the cookies from before.
    client.delete_cookie("consular-session")
    second = client.post("/login/codigo", data=form)
    assert (first.location, second.location) == ("/mis-tramites", "/mis-tramites")
    assert client.get("/mis-tramites").status_code == 200
    assert count(web, "SELECT count(*) FROM web_sessions") == 1


def test_a_sign_in_sent_from_a_second_tab_lands_on_the_first_page(web: Web) -> None:
    client = web.client
    token = fields(client.get("/login").text)
    sent = client.post("/login", data={**token, "contact": "rosa@demo.invalid"})
    tabs = [fields(client.get(sent.location).text) for _ in range(2)]
    code = _code(web)
    answers = [client.post("/login/codigo", data={**tab, "code": code}) for tab in tabs]
    assert [answer.location for answer in answers] == ["/mis-tramites"] * 2
    assert client.get("/mis-tramites").status_code == 200


def _account(web: Web) -> Any:
    with web.app.extensions["consular.database"].transaction(NETWORK_SCOPE) as session:
        return session.execute(text("SELECT account_id FROM appointments")).scalar_one()


def _code(web: Web) -> str:
    """The newest code, as its message would say it."""
    vault = web.app.extensions["consular.vault"]
    with web.app.extensions["consular.database"].transaction(NETWORK_SCOPE) as session:
        row = session.execute(
            text(
                "SELECT id, data_key, code_sealed FROM login_codes ORDER BY created_at DESC LIMIT 1"
            )
        ).one()
    key = vault.unwrap(row.data_key, row.id)
    return str(key.open(row.code_sealed, place="login_codes.code", row=row.id))
