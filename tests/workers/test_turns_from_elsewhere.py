"""Whoever waits sees their place from elsewhere by the link of their turn, and is told when they
are next, if they asked for it; nothing there says who they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from consular.pages.portal.turn import REFRESH
from services.appointments.next_in_queue import turn_key
from services.kernel.db import NETWORK_SCOPE
from services.kernel.settings import Settings
from tests.factories.staff import Browser, citizen_browser, staff_browser
from tests.factories.tables import rows_of
from tests.factories.web import BORN, Web, morning_at_office, person, running_web
from tests.workers.conftest import messages
from workers.runtime import JobContext
from workers.sms import as_sms

PHONE = "+12135550123"
DESKS = [{"name": name, "services": ["PAS10"]} for name in "AB"]


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    with running_web(settings) as running:
        running.session(desks=DESKS, closes="12:00")
        running.travel(morning_at_office())
        yield running


def arrived(web: Web, number: int, **changes: Any) -> dict[str, Any]:
    """Somebody with an appointment, checked in, and the address of their turn."""
    booking = {"contact": {"email": f"p{number}@example.com"}, "attendees": [person(number)]}
    appointment: dict[str, Any] = web.book(
        web.free()[number]["start"],
        token=web.token("citizen", subject=f"p{number}"),
        **{**booking, **changes},
    ).get_json()
    step(web, appointment, "check-in", {"identity_checked": True})
    key = turn_key(appointment["folio"], web.app.extensions["consular.vault"])
    return {**appointment, "turn": f"/turno/{appointment['folio']}/{key}"}


def reader(web: Web) -> Browser:
    """Somebody's telephone; whose it is doesn't matter."""
    with web.database.transaction(NETWORK_SCOPE) as session:
        account: UUID = session.scalars(text("SELECT id FROM accounts LIMIT 1")).one()
    return citizen_browser(web.app, account)


def step(web: Web, appointment: dict[str, Any], name: str, body: dict[str, Any]) -> None:
    officer = web.token("officer", "losangeles")
    answer = web.call("POST", f"/appointments/{appointment['id']}/{name}", body, token=officer)
    assert answer.status_code == 200, answer.text


def test_the_page_says_the_place_and_nothing_else(web: Web) -> None:
    first, second = arrived(web, 1), arrived(web, 2)
    page = web.client.get(second["turn"])
    assert "Antes de ti pasa 1 persona." in page.text
    assert page.headers["Refresh"] == str(int(REFRESH.total_seconds()))
    for secret in ("Demo A", "Pasaporte", second["folio"][:8], "example.com"):
        assert secret not in page.text.replace(second["turn"], "")
    same = web.client.get(second["turn"], headers={"If-None-Match": page.headers["ETag"]})
    assert same.status_code == 304
    step(web, first, "call", {"desk": "A"})
    assert "Pasa a la ventanilla A." in web.client.get(first["turn"]).text
    changed = web.client.get(second["turn"], headers={"If-None-Match": page.headers["ETag"]})
    assert "Sigues tú" in changed.text
    step(web, first, "complete", {})
    over = web.client.get(first["turn"])
    assert "Este turno ya terminó" in over.text
    assert "Refresh" not in over.headers


def test_only_the_whole_link_leads_there_and_only_today(web: Web) -> None:
    appointment = arrived(web, 1)
    whole = appointment["turn"]
    other = whole[:-1] + ("x" if whole[-1] != "x" else "y")
    assert web.client.get(other).status_code == 404
    assert web.client.get(f"/turno/{appointment['folio']}/nada").status_code == 404
    assert web.client.get("/turno/nada/nada").status_code == 404
    web.travel(morning_at_office(1))
    assert web.client.get(appointment["turn"]).status_code == 404


def test_a_folio_and_a_birth_date_lead_to_it(web: Web) -> None:
    appointment = arrived(web, 1)
    browser = reader(web)
    assert (
        appointment["turn"]
        in browser.send("/citas/buscar", folio=appointment["folio"], **BORN).text
    )


def test_who_asked_is_told_once_when_they_are_next(
    web: Web, job: JobContext, pump: Callable[[], int], agencies_url: str
) -> None:
    first, second = arrived(web, 1), arrived(web, 2)
    browser = reader(web)
    assert "Te mandaremos" in browser.send(f"{second['turn']}/avisos", wanted="yes").text
    for _ in range(2):
        step(web, first, "call", {"desk": "A"})
        step(web, first, "back-to-waiting", {})
    step(web, first, "call", {"desk": "A"})
    while pump():
        pass
    [told] = [m for m in messages(agencies_url, "p2@example.com") if "Sigues" in m["subject"]]
    assert second["folio"][-4:] in told["subject"]
    assert not {"Demo", "Pasaporte", second["folio"]} & set(told["body"].split())
    assert [m for m in messages(agencies_url, "p1@example.com") if "Sigues" in m["subject"]] == []


@pytest.mark.parametrize("language", ["es", "en"])
def test_who_has_a_telephone_alone_is_told_by_text_message_in_one_part(
    web: Web, job: JobContext, pump: Callable[[], int], agencies_url: str, language: str
) -> None:
    first, second = arrived(web, 1), arrived(web, 2, contact={"phone": PHONE}, language=language)
    reader(web).send(f"{second['turn']}/avisos", wanted="yes")
    while pump():
        pass
    before = messages(agencies_url, PHONE)
    step(web, first, "call", {"desk": "A"})
    while pump():
        pass
    [told] = [each for each in messages(agencies_url, PHONE) if each not in before]
    words = {"es": "Sigues", "en": "next"}[language]
    assert told["channel"] == "sms"
    assert words in told["body"]
    assert second["folio"][-4:] in told["body"]
    assert not {"Demo", "Pasaporte", "passport", second["folio"]} & set(told["body"].split())
    assert as_sms(told["body"]).parts == 1
    # Once: who was put back and called again makes nobody next anew.
    step(web, first, "back-to-waiting", {})
    step(web, first, "call", {"desk": "A"})
    while pump():
        pass
    assert len(messages(agencies_url, PHONE)) == len(before) + 1


def test_who_stopped_it_hears_nothing(
    web: Web, job: JobContext, pump: Callable[[], int], agencies_url: str
) -> None:
    first, second = arrived(web, 1), arrived(web, 2)
    browser = reader(web)
    for wanted in ("yes", "no"):
        browser.send(f"{second['turn']}/avisos", wanted=wanted)
    step(web, first, "call", {"desk": "A"})
    while pump():
        pass
    assert messages(agencies_url, "p2@example.com") == []


def test_a_ticket_has_a_code_that_leads_to_its_turn(web: Web) -> None:
    officer = staff_browser(web.app, "officer", "losangeles")
    officer.post("/desk/tickets", service="PAS10")
    with web.database.transaction(NETWORK_SCOPE) as session:
        id, folio = session.execute(text("SELECT id, folio FROM appointments WHERE walk_in")).one()
    page = officer.get(f"/desk/appointments/{id}/turn?n=1").text
    key = turn_key(folio, web.app.extensions["consular.vault"])
    assert f"/turno/{folio}/{key}" in page
    shown = web.client.get(f"/turno/{folio}/{key}").text
    assert "Sigues tú" in shown
    assert "Avísenme" not in shown


def test_the_way_to_the_window_is_neither_waiting_nor_service(web: Web) -> None:
    appointment, began = arrived(web, 1), morning_at_office()
    web.travel(began + timedelta(minutes=25))
    step(web, appointment, "call", {"desk": "A"})
    web.travel(began + timedelta(minutes=30))
    officer = staff_browser(web.app, "officer", "losangeles")
    at = f"/desk/appointments/{appointment['id']}"
    assert officer.post(f"{at}/at-desk", n="1").status_code == 303
    web.travel(began + timedelta(minutes=42))
    step(web, appointment, "complete", {})
    figures = staff_browser(web.app, "supervisor", "losangeles").get(
        f"/desk/figures?from={appointment['start'][:10]}&to={appointment['start'][:10]}"
    )
    rows = rows_of(figures.text.partition("Cuánto esperó la gente")[2])
    # From the arrival to the call, and nothing of it after their time.
    waited = [row for row in rows if row[0] == "Todo el día"]
    assert waited == [["Todo el día", "1", "25", "25"], ["Todo el día", "1", "0", "0"]]
    assert ["Camino a la ventanilla", "1", "5", "5"] in rows
    assert ["Atención en la ventanilla", "1", "12", "12"] in rows


def test_who_is_at_the_office_asks_for_it_where_they_see_their_appointment(web: Web) -> None:
    waiting = arrived(web, 1)
    with web.database.transaction(NETWORK_SCOPE) as session:
        query = text("SELECT account_id FROM appointments WHERE id = :id")
        owner = citizen_browser(web.app, session.scalars(query, {"id": waiting["id"]}).one())
    asking = f'action="{waiting["turn"]}/avisos"'
    page = f"/citas/{waiting['id']}"
    assert asking in owner.get(page).text
    assert "Te mandaremos" in owner.send(f"{waiting['turn']}/avisos", wanted="yes").text
    assert asking not in owner.get(page).text
    assert waiting["turn"] in owner.get(page).text
