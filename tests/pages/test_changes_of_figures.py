"""The page of what has changed in a period since a moment, for those who published its figures."""

from __future__ import annotations

from html import unescape
from urllib.parse import quote

from tests.factories.staff import staff_browser
from tests.factories.web import Web


def _as_of(web: Web) -> str:
    token = web.token("analyst")
    return str(web.call("GET", "/monitoring/indicators/people", token=token).get_json()["as_of"])


def test_a_change_is_shown_with_what_it_was(web: Web) -> None:
    web.session()
    analyst = staff_browser(web.app, "analyst")
    asked = "/monitoring/changes?indicator=people&by=consulate&since="
    since = quote(_as_of(web))
    assert "Nada cambió en ese periodo" in analyst.get(asked + since).text
    booked = web.book(web.free()[0]["start"], token=web.token("citizen"))
    assert booked.status_code == 201, booked.text
    page = unescape(analyst.get(asked + since).text)
    for shown in ("Los Ángeles", "Reservada", ">0<", ">1<", ">+1<"):
        assert shown in page
    day = booked.get_json()["start"][:10]
    assert "Los Ángeles" in analyst.get(f"{asked}{since}&from={day}&to={day}").text
    assert "Nada cambió" in analyst.get(f"{asked}{since}&to=2026-01-31").text
    for by in ("program", "country"):
        assert ">+1<" in analyst.get(asked.replace("consulate", by) + since).text


def test_a_day_begins_in_mexico_city_and_a_day_to_come_is_refused(web: Web) -> None:
    analyst = staff_browser(web.app, "analyst")
    asked = "/monitoring/changes?indicator=people&since="
    assert "5 de enero de 2026 a las 12:00" in unescape(analyst.get(f"{asked}2026-01-05").text)
    assert "Ese corte aún no llega" in unescape(analyst.get(f"{asked}2099-01-05").text)
    for wrong in ("tomorrow", "1999-01-01"):
        page = analyst.get(asked + wrong)
        assert page.status_code == 200
        assert 'aria-invalid="true"' in page.text


def test_the_overview_leads_there_and_the_treasury_does_not(web: Web) -> None:
    analyst = staff_browser(web.app, "analyst")
    assert "/monitoring/changes?" in analyst.get("/monitoring/").text
    assert "<h1>" in analyst.get("/monitoring/changes").text
    assert staff_browser(web.app, "treasury").get("/monitoring/changes").status_code in (403, 404)
