"""Language, accessibility, kept places and mobile consulates: asked once, and booked like that."""

from __future__ import annotations

from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE
from tests.factories.web import Web, working_day
from tests.pages.test_a_family_in_one_form import BORN, SHARED, _browser, _one

OFFICE = {"service": "PAS10", "buscar": "1"}
PLACE = {"name": "Biblioteca de Yuma", "address": "21 W 3rd St", "time_zone": "America/Phoenix"}


def _links(page: str, path: str) -> list[dict[str, str]]:
    links = [part.split('"')[0] for part in unescape(page).split('href="')[1:]]
    return [
        {name: values[0] for name, values in parse_qs(urlsplit(each).query).items()}
        for each in links
        if urlsplit(each).path == path
    ]


def _book(web: Web, **slot: str) -> None:
    """From the page of who comes to the confirmation, as a browser sends what the page holds."""
    browser = _browser(web)
    address = browser.post("/citas/persona", **slot, party="1", **_one(1, "Ana", BORN), **SHARED)
    d = parse_qs(urlsplit(address.location).query)["d"][0]
    assert "/citas/" in browser.post("/citas/revisar", d=d).location


def _seat(web: Web) -> Any:
    with web.database.transaction(NETWORK_SCOPE) as session:
        return session.execute(text("SELECT share, skills, hold_id, slot_id FROM seats")).one()


def test_who_asks_for_a_window_finds_offices_that_have_it_and_books_it(web: Web) -> None:
    desks = [{"name": "A", "services": ["PAS10"]}, {"name": "B", "services": ["PAS10"]}]
    desks[0] |= {"interpreters": ["maya"], "accessible": True}
    kept = [{"share": "elderly_or_disabled", "places": 2}]
    web.session(desks=desks, closes="09:30", reserves=kept)
    web.session(consulate="chicago", closes="09:30")
    plain = web.client.get("/citas/oficina", query_string=OFFICE).text
    assert [each["consulate"] for each in _links(plain, "/citas/horarios")] == ["chicago"]
    wanted = {"attended_in": "interpreter:maya", "accessible": "accessible"}
    wanted["share"] = "elderly_or_disabled"
    page = web.client.get("/citas/oficina", query_string={**OFFICE, **wanted}).text
    (link,) = _links(page, "/citas/horarios")
    assert {name: link[name] for name in wanted} == wanted
    times = web.client.get("/citas/horarios", query_string=link).text
    assert "Maya, con intérprete; Ventanilla accesible" in unescape(times)
    slot = _links(times, "/citas/persona")[0]
    assert {name: slot[name] for name in wanted} == wanted
    _book(web, **slot)
    seat = _seat(web)
    assert (seat.share, set(seat.skills)) == (wanted["share"], {"interpreter:maya", "accessible"})
    assert seat.hold_id is not None


def test_a_mobile_consulate_is_chosen_by_its_name(web: Web) -> None:
    web.session(closes="09:30", consulate="losangeles")
    desks = [{"name": "M", "services": ["PAS10"]}]
    mobile = web.session(desks=desks, opens="10:00", closes="10:15", place=PLACE)
    page = web.client.get("/citas/oficina", query_string={"service": "PAS10"}).text
    (link,) = (each for each in _links(page, "/citas/horarios") if "mobile" in each)
    assert link["mobile"] == mobile["id"]
    times = web.client.get("/citas/horarios", query_string=link).text
    (slot,) = _links(times, "/citas/persona")
    assert slot["start"].endswith("10:00:00-07:00")
    _book(web, **slot)
    with web.database.transaction(NETWORK_SCOPE) as session:
        place = session.scalar(text("SELECT place_id FROM slots JOIN seats ON slot_id = slots.id"))
    assert str(place) == mobile["id"]


def test_another_persons_time_is_looked_for_around_one_time(web: Web) -> None:
    web.session(closes="12:00", desks=[{"name": "A", "services": ["PAS10", "PAS6"]}])
    day = working_day().isoformat()
    query = {"consulate": "losangeles", "service": "PAS10", "from": day, "around": "10:35"}
    page = web.client.get("/citas/horarios", query_string=query).text
    starts = [each["start"][11:16] for each in _links(page, "/citas/persona")[:3]]
    assert starts == ["10:30", "10:45", "10:15"]
    # Another service for them, at the same hour of the same day.
    (what,) = _links(page, "/citas/nueva")
    services = web.client.get("/citas/nueva", query_string=what).text
    there = next(e for e in _links(services, "/citas/horarios") if e["service"] == "PAS6")
    assert (there["from"], there["around"]) == (day, "10:35")
    # The hour that offices were searched for stays where their times are shown.
    wish = {"service": "PAS10", "buscar": "1", "around": "10:35"}
    found = web.client.get("/citas/oficina", query_string=wish).text
    assert {each["around"] for each in _links(found, "/citas/horarios")} == {"10:35"}
    wrong = web.client.get("/citas/horarios", query_string={**query, "around": "tarde"})
    assert wrong.status_code == 200
