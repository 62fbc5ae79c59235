"""Whoever is signed in has the time that they chose while they write: more on request, and answers
stay when it runs out. Several things are done in one visit, one after another."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from uuid import UUID

from services.kernel.clock import system_clock
from tests.factories.staff import Browser, citizen_browser, staff_browser
from tests.factories.web import Web, person, working_day
from tests.pages.test_a_family_in_one_form import BORN, SHARED, _browser, _one
from tests.pages.test_booking_pages import PLACE

TIMES = f"/citas/horarios?consulate={PLACE['consulate']}&service={PLACE['service']}"
TIMES += f"&from={working_day().isoformat()}"
TWO = [{"name": name, "services": ["PAS10", "MAT", "ACT"]} for name in "AB"]


def choose(browser: Browser, start: str, **fields: str) -> str:
    """Press the button of a time; the address that it leads to."""
    return browser.post("/citas/horarios", **PLACE, start=start, **fields).location


def draft_of(address: str) -> dict[str, str]:
    return {"d": re.split(r"[?&]d=", address)[1].split("&")[0].split("#")[0]}


def test_a_chosen_time_is_held_and_more_time_is_one_button(web: Web) -> None:
    web.session(desks=TWO[:1], closes="09:15")
    browser, start = _browser(web), web.free()[0]["start"]
    assert 'name="start" value="' in browser.get(TIMES).text
    address = choose(browser, start)
    page = browser.get(address).text
    assert "Te apartamos este horario hasta las" in page
    assert start not in {slot["start"] for slot in web.free()}
    form = {**PLACE, **draft_of(address), "start": start, **_one(1, "Ana", BORN), **SHARED}
    longer = browser.get(browser.post("/citas/persona", **form, more_time="1").location).text
    assert 'value="Ana"' in longer
    assert "minutos más" not in longer
    # Back at the times it says what is held, which isn't among those that are free.
    times = browser.get(browser.post("/citas/persona", **form, change_time="1").location).text
    assert "Seguir con ese horario" in times
    # With another person there is no room at that time: said at once, and nothing is lost.
    more = browser.get(browser.post("/citas/persona", **form, add_person="1").location).text
    assert "Nada se borró" in more
    assert 'value="Ana"' in more
    alone = {**form, "party": "1"}
    checked = browser.get(browser.post("/citas/persona", **alone).location).text
    assert "Unos 15 minutos" in checked
    assert "Qué llevar" in checked
    booked = browser.post("/citas/revisar", **alone, form_key="held")
    assert "nueva=1" in booked.location


def test_what_was_typed_stays_when_the_time_runs_out(web: Web) -> None:
    web.session(desks=TWO[:1])
    real, start = system_clock(), web.free()[0]["start"]
    web.travel(real - timedelta(minutes=15))
    browser = _browser(web)
    address = choose(browser, start)
    form = {**PLACE, **draft_of(address), "start": start, **_one(1, "Ana", BORN), **SHARED}
    checked = browser.post("/citas/persona", **form).location
    web.travel(real)
    over = browser.get(checked).text
    assert "Ya no apartamos este horario" in over
    assert "Ana Demo Sol" in over
    again = browser.get(browser.post("/citas/revisar", **draft_of(checked), more_time="1").location)
    assert "Te apartamos este horario hasta las" in again.text


def test_several_things_are_done_one_after_another_or_none(web: Web) -> None:
    web.session(desks=TWO[:1], closes="10:00")
    browser = _browser(web)
    assert "Hacer otro trámite en la misma visita" in browser.get(TIMES).text
    times = browser.get(f"{TIMES}&several=1&further=MAT&further=ACT").text
    starts = re.findall(r'name="start" value="([^"]+)"', times)
    assert len(starts) == 2
    address = choose(browser, starts[0], further="MAT,ACT")
    page = browser.get(address).text
    assert "Certificado de Matrícula Consular, y después Copia certificada de acta" in page
    form = {**PLACE, **draft_of(address), "further": "MAT,ACT", "start": starts[0]}
    form |= {**_one(1, "Ana", BORN), **SHARED}
    checked = browser.get(browser.post("/citas/persona", **form).location).text
    assert "Unos 45 minutos" in checked
    booked = browser.get(browser.post("/citas/revisar", **form, form_key="all").location).text
    parts = re.findall(r"<li>(\d+:\d\d)[^<]*</li>", booked)
    assert parts == ["9:00", "9:15", "9:30"]
    # Somebody else can have no part of it, and what doesn't fit whole isn't booked at all.
    eve = citizen_browser(web.app, _account(web, "eve"))
    refused = eve.post("/citas/horarios", **PLACE, start=starts[1], further="MAT,ACT").location
    assert "Ese horario ya se ocupó" in eve.get(refused).text
    assert len(web.free()) == 1


def test_a_passport_then_rfc_then_imss_in_one_visit_says_when_where_and_what_to_pay(
    web: Web,
) -> None:
    """The confirmation has each part's time, the office's telephone and hours, and the payment."""
    web.session(desks=[{"name": "A", "services": ["PAS10", "RFC", "IMSS"]}], closes="09:45")
    details = {
        "address": "2401 W 6th St, Los Angeles", "telephone": "213-351-6800",
        "hours": "Lunes a viernes, 8:00 a 14:00", "payment": "Tarjeta o efectivo en la caja 1",
    }  # fmt: skip
    office = staff_browser(web.app, "supervisor", "losangeles")
    form = {"csrf_token": office.csrf(), "form_key": "office", **details}
    assert office.client.post("/desk/office", data=form).status_code == 303
    browser = _browser(web)
    times = browser.get(f"{TIMES}&several=1&further=RFC&further=IMSS").text
    [start] = re.findall(r'name="start" value="([^"]+)"', times)
    address = choose(browser, start, further="RFC,IMSS")
    form = {**PLACE, **draft_of(address), "further": "RFC,IMSS", "start": start}
    form |= {**_one(1, "Ana", BORN), **SHARED}
    checked = browser.get(browser.post("/citas/persona", **form).location).text
    fee = re.search(r"\d+\.\d\d\sUSD", checked.partition("Cuánto se paga")[2])
    assert fee, checked
    answer = browser.post("/citas/revisar", **form, form_key="all")
    booked = unescape(browser.get(answer.location).text).partition("Tu cita está reservada")[2]
    assert re.findall(r"<li>(\d+:\d\d)[^<]*</li>", booked) == ["9:00", "9:15", "9:30"]
    rows = dict(re.findall(r"<dt[^>]*>([^<]*)</dt>\s*<dd[^>]*>([^<]*)", booked))
    wanted = {**details, "fee": fee[0]}
    labels = {
        "address": "Dirección", "telephone": "Teléfono de la oficina",
        "hours": "Horario de atención", "payment": "Cómo se paga",
        "fee": "Cuánto se paga en el consulado",
    }  # fmt: skip
    assert {name: rows[label].strip() for name, label in labels.items()} == wanted
    assert "Qué llevar" in booked
    assert web.free("IMSS") == []


def _account(web: Web, subject: str) -> UUID:
    token = web.token("citizen", subject=subject, name="Eva|Demo|Luna")
    return UUID(web.call("PATCH", "/me", person(5), token=token).get_json()["id"])
