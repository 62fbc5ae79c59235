"""The supervisor's calendar: a month's sessions, closures and bookings, and the way to each day."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from typing import Any

from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web, person, working_day

DAY = re.compile(
    r'<td[^>]*>\s*<a class="link-button fw-bold" href="[^"]*day=([0-9-]+)">(.*?)</td>', re.S
)


def supervisor(web: Web) -> Browser:
    return staff_browser(web.app, "supervisor", "losangeles")


def cell(page: str, day: date) -> str:
    """What the calendar says of one day, in words."""
    days = dict(DAY.findall(page))
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", days[day.isoformat()])).split())


def month_address(day: date) -> str:
    return f"/desk/calendar?month={day:%Y-%m}"


def close(web: Web, **changes: Any) -> None:
    day = working_day().isoformat()
    body = {"consulate": "losangeles", "first_day": day, "last_day": day, "reason": "Tormenta"}
    token = web.token("supervisor", "losangeles")
    assert web.call("POST", "/closures", {**body, **changes}, token=token).status_code == 201


def test_a_month_says_of_each_day_what_is_planned_booked_and_closed(web: Web) -> None:
    web.session(desks=[{"name": "A", "services": ["PAS10"]}, {"name": "B", "services": ["PAS10"]}])
    start = web.free()[-1]["start"]
    web.book(start, token=web.token("citizen", subject="p1"), attendees=[person(1)])
    page = supervisor(web).get(month_address(working_day())).text
    assert "1 de 8 ocupados" in cell(page, working_day())
    assert "9:00" in cell(page, working_day())
    close(web, begins="09:30", ends="10:00")
    said = cell(supervisor(web).get(month_address(working_day())).text, working_day())
    assert "Cerrado de 9:30" in said
    assert "Tormenta (lo decidió la oficina)" in said
    assert "1 sin lugar" in said
    christmas = date(2026, 12, 25)
    said = cell(supervisor(web).get(month_address(christmas)).text, christmas)
    assert "Navidad" in said
    assert "(día festivo)" in said


def test_the_calendar_leads_to_its_days_to_other_months_and_to_the_figures_and_back(
    web: Web,
) -> None:
    opened = web.session()
    browser = supervisor(web)
    page = browser.get(month_address(working_day())).text
    address = f"/desk/calendar/day?day={working_day().isoformat()}"
    assert f'href="{address}"' in page
    day = browser.get(address).text
    assert f"/desk/sessions/{opened['id']}" in day
    assert f"/desk/sessions?day={working_day().isoformat()}" in day
    figures = re.search(r'href="(/desk/figures\?[^"]+)"', page)
    assert figures
    back = browser.get(unescape(figures[1])).text
    assert f'href="{month_address(working_day())}"' in back
    first = working_day().replace(day=1)
    for other in (first - timedelta(days=1), first + timedelta(days=31)):
        assert f'href="{month_address(other)}"' in page


def test_an_address_that_is_no_month_shows_this_one(web: Web) -> None:
    browser = supervisor(web)
    here = browser.get("/desk/calendar").text
    for odd in ("2026-13", "hoy", "9999-12", "0001-01", ""):
        answer = browser.get(f"/desk/calendar?month={odd}")
        assert answer.status_code == 200
        assert re.findall(r"<h1>.*?</h1>", answer.text) == re.findall(r"<h1>.*?</h1>", here)
    assert browser.get("/desk/calendar?month=2200-12").status_code == 200
    assert browser.get("/desk/calendar/day?day=nunca").status_code == 200


def test_the_calendar_is_the_supervisors_and_of_their_office(web: Web) -> None:
    web.session()
    officer = staff_browser(web.app, "officer", "losangeles")
    assert officer.get("/desk/calendar").status_code == 403
    assert officer.get("/desk/calendar/day").status_code == 403
    assert "/desk/calendar" not in officer.get("/desk/").text
    assert "/desk/calendar" in supervisor(web).get("/desk/").text
    other = staff_browser(web.app, "supervisor", "chicago").get(month_address(working_day())).text
    assert "ocupados" not in cell(other, working_day())


def test_a_day_says_which_of_those_without_a_place_nobody_can_tell(web: Web) -> None:
    web.session(desks=[{"name": "A", "services": ["PAS10"]}, {"name": "B", "services": ["PAS10"]}])
    start, contacts = web.free()[0]["start"], ({"email": "a@demo.invalid"}, None)
    folios = []
    for number, contact in enumerate(contacts):
        token = web.token("citizen", subject=f"p{number}")
        booked = web.book(start, token=token, attendees=[person(number)], contact=contact)
        folios.append(booked.get_json()["folio"])
    close(web)
    page = supervisor(web).get(f"/desk/calendar/day?day={working_day().isoformat()}").text
    lines = [line.replace("\u2011", "") for line in page.split("<li>") if "Reservada" in line]
    told, untold = (next(line for line in lines if folio in line) for folio in folios)
    assert "Sin manera de avisarle" in untold
    assert "Sin manera de avisarle" not in told
