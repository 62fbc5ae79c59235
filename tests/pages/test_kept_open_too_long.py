"""A page that was left open leads on in words; a browser's own secrets are no script's to read."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, citizen_browser, staff_browser
from tests.factories.web import BORN, Web, morning_at_office

PLACE = {"consulate": "losangeles", "service": "PAS10"}
WHO = {
    "given_names": "<script>alert(1)</script>",
    "first_surname": "Quintana",
    **BORN,
    "email": "ana@demo.invalid",
}


def ana(web: Web) -> Browser:
    token = web.token("citizen", subject="ana")
    return citizen_browser(web.app, UUID(web.call("GET", "/me", token=token).get_json()["id"]))


def booked(web: Web) -> tuple[str, str]:
    """An appointment at nine, and the start after it."""
    first, second = (slot["start"] for slot in web.free()[:2])
    answer = web.book(first, token=web.token("citizen", subject="ana"))
    return answer.get_json()["id"], second


def test_a_page_that_was_open_past_the_time_leads_on(web: Web) -> None:
    web.session()
    id, next_one = booked(web)
    web.travel(morning_at_office() + timedelta(hours=2, minutes=20))
    citizen, officer = ana(web), staff_browser(web.app, "officer", "losangeles")
    who = {**WHO, "given_names": "Rosa"}
    late = citizen.send("/citas/revisar", **PLACE, **who, start=next_one).text
    assert "Esa hora ya pasó" in late
    assert "Rosa" in late
    for browser, form in (
        (citizen, f"/citas/{id}/cambiar/confirmar"),
        (citizen, f"/citas/{id}/cancelar"),
        (officer, f"/desk/appointments/{id}/times/confirm"),
        (officer, f"/desk/appointments/{id}/cancel"),
    ):
        page = browser.send(form, consulate="losangeles", start=next_one)
        assert (page.status_code, "error-summary" in page.text) == (200, True), form
    with web.database.transaction(NETWORK_SCOPE) as session:
        statuses = session.scalars(text("SELECT status FROM appointments")).all()
    assert list(statuses) == ["booked"]


def test_no_script_reads_what_a_browser_is_known_by(web: Web) -> None:
    web.session()
    signing_in = web.client.get("/login")
    cookies = signing_in.headers.getlist("Set-Cookie")
    assert cookies
    assert all("HttpOnly" in cookie and "SameSite" in cookie for cookie in cookies)
    policy = signing_in.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe-inline" not in policy
    page = ana(web).send("/citas/persona", **PLACE, **WHO, start=web.free()[0]["start"]).text
    assert "<script>alert(1)" not in page
