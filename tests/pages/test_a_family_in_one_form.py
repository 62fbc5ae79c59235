"""Several people are booked with one form, at once or not at all, and one of them can leave it."""

from __future__ import annotations

import re
from html import unescape

from sqlalchemy import select

from services.citizens.models import Account
from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, citizen_browser
from tests.factories.web import Web
from tests.pages.test_booking_pages import PLACE

BORN = {"day": "12", "month": "5", "year": "1990"}
CHILD = {"day": "3", "month": "2", "year": "2019"}
SHARED = {"email": "familia@demo.invalid"}


def _one(n: int, name: str, born: dict[str, str]) -> dict[str, str]:
    of = "" if n == 1 else f"_{n}"
    names = {f"given_names{of}": name, f"first_surname{of}": "Demo", f"second_surname{of}": "Sol"}
    return {**names, **{f"birth_date{of}-{part}": value for part, value in born.items()}}


def _browser(web: Web) -> Browser:
    web.token("citizen", subject="ana", name="Ana|Demo|Sol")
    with web.database.transaction(NETWORK_SCOPE) as session:
        account = session.scalars(select(Account.id)).one()
    return citizen_browser(web.app, account)


def test_a_family_is_booked_with_one_form_and_one_of_them_leaves(web: Web) -> None:
    web.session(desks=[{"name": name, "services": ["PAS10"]} for name in "AB"])
    browser, start = _browser(web), web.free()[0]["start"]
    times = browser.get(f"/citas/horarios?consulate={PLACE['consulate']}&service=PAS6").text
    assert "con ambos padres; si falta uno, con su permiso OP-7" in times
    form = {**PLACE, "start": start, **_one(1, "Ana", BORN), **SHARED, "party": "1"}
    answer = browser.post("/citas/persona", **form, add_person="1").location
    assert 'name="given_names_2"' in browser.get(answer).text
    draft = answer.partition("d=")[2].partition("#")[0]
    form |= {"d": draft, "party": "2", **_one(2, "Beto", {})}
    # What is wrong is said of the second person, and nothing that was typed is lost.
    wrong = browser.get(browser.post("/citas/persona", **form).location).text
    assert "Persona 2, Fecha de nacimiento" in wrong
    assert 'value="Beto"' in wrong
    form |= {**_one(2, "Beto", CHILD), "party": "3", **_one(3, "Carla", BORN)}
    fewer = browser.get(browser.post("/citas/persona", **form, remove_person="2").location).text
    assert 'value="Carla"' in fewer
    assert "Beto" not in fewer
    checked = browser.get(browser.post("/citas/persona", **form).location).text
    for words in ("Ana Demo Sol", "Beto Demo Sol", "Carla Demo Sol", "es menor"):
        assert words in checked
    booked = browser.post("/citas/revisar", **form, form_key="confirm").location
    address = booked.partition("?")[0]
    page = browser.get(booked).text
    assert page.count("/personas/") == 3
    left = browser.post(f"{address}/personas/2/cancelar", form_key="leaves").location
    after = browser.get(left).text
    assert after.count("/personas/") == 2
    assert "Cancelada" in after
    # The page says what happened, and tells of who still comes only what they still need.
    assert "Beto Demo Sol ya no va" in after
    said = after.partition("Cuánto se paga")[0].partition("<dt>Para</dt>")[2]
    assert "Ana Demo Sol, Carla Demo Sol" in said
    ahead = after.partition("Adelanta tu trámite")[2].partition("Qué llevar")[0]
    assert "Ana Demo Sol" in ahead
    assert "Beto" not in ahead
    assert "ya no va" not in browser.get(f"{address}?quitada=1").text


def test_a_minor_among_grown_ups_is_named_with_what_to_do(web: Web) -> None:
    """The service is for people of age: those for minors are offered around the same time."""
    for service in ("PAS10", "PAS6"):
        desks = [{"name": f"{name} {service}", "services": [service]} for name in "AB"]
        web.session(desks=desks)
    browser, start = _browser(web), web.free()[1]["start"]
    form = {**PLACE, "start": start, **SHARED, "party": "2", **_one(1, "Ana", BORN)}
    grown_up = {**form, **_one(2, "Carla", BORN)}
    checked = browser.get(browser.post("/citas/persona", **grown_up).location).text
    assert "mayores de edad" not in checked
    form |= _one(2, "Beto", CHILD)
    checked = browser.get(browser.post("/citas/persona", **form).location).text
    notice = checked.partition("para personas mayores de edad")[2].partition("<dt>")[0]
    assert "Beto Demo Sol: El de 10 años es para mayores de edad" in notice
    assert "Ana" not in notice
    links = [unescape(each) for each in re.findall(r'href="([^"]+)"', notice)]
    (other,) = (each for each in links if "service=PAS6" in each)
    times = browser.get(other).text
    assert "Pasaporte ordinario 6 años" in times
    near = times.partition("Lo más cerca de la hora que buscas, 9:15\u00a0a.\u00a0m.")[2]
    # Pressed, the nearest time is held as any other.
    assert re.findall(r'<button[^>]*form="hold"[^>]*value="([^"]+)"', near)[0] == start
    assert "Ana" in browser.get(links[-1].partition("#")[0]).text


def test_times_are_those_that_all_of_them_fit(web: Web) -> None:
    web.session(closes="09:30")
    last = web.free()[-1]["start"]
    form = {**PLACE, "start": last, **_one(1, "Ana", BORN), "party": "2", **SHARED}
    browser = _browser(web)
    back = browser.post("/citas/persona", **form, change_time="1").location
    page = browser.get(back).text
    assert "9:00" in page
    assert "9:15" not in page
