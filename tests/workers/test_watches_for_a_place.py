"""Whoever waits for a place hears of one once a day at most, until they have one or stop."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.appointments.watching import TOPIC, notify
from tests.factories.staff import Browser, citizen_browser
from tests.factories.web import Web, person, working_day
from tests.pages.test_booking_pages import OWN, fields, links
from tests.workers.conftest import messages
from workers import message_context
from workers.message_context import Means
from workers.messages import write
from workers.runtime import JobContext

EMAIL = "ana@demo.invalid"


def ana(web: Web) -> Browser:
    """Signed in as the account of the token, which has told its name and address."""
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    profile = {**person(), "first_surname": "Demo", "email": EMAIL}
    answer = web.call("PATCH", "/me", profile, token=token)
    assert answer.status_code == 200, answer.text
    return citizen_browser(web.app, UUID(answer.get_json()["id"]))


def look(job: JobContext, hours: float = 0) -> int:
    """What the schedule does, so many hours from now."""
    with job.transaction() as session:
        return notify(session, now=datetime.now(UTC) + timedelta(hours=hours), most=100)


def told(job: JobContext) -> list[str]:
    """What the messages that were asked for say when they go out now; each goes out once."""
    due = "UPDATE outbox SET done_at = now() WHERE topic = :topic AND done_at IS NULL RETURNING ref"
    with job.transaction() as session:
        bodies = [
            message_context.place_found(session, ref, Means(datetime.now(UTC), "", job.vault))
            for ref in session.execute(text(due), {"topic": TOPIC}).scalars().all()
        ]
    return [write(each.message, each.language, each.values).body for each in bodies if each]


def ending(job: JobContext) -> Any:
    query = "SELECT ending, person_keys <> '{}' OR email_index IS NOT NULL FROM place_watches"
    with job.transaction() as session:
        return tuple(session.execute(text(query)).one())


def wait_in(browser: Browser, office: str = "losangeles", **needs: str) -> str:
    wanted = {"service": "PAS10", "consulates": office, "party": "1", **needs}
    sent = browser.post("/citas/avisos/nuevo", **wanted)
    assert sent.status_code == 303, sent.text
    return str(sent.location)


def test_one_message_a_day_whose_link_leads_to_the_place_after_signing_in(
    web: Web, job: JobContext, agencies_url: str, pump: Callable[[], int]
) -> None:
    browser = ana(web)
    page = wait_in(browser)
    assert (look(job), told(job)) == (0, [])
    web.session()
    assert [look(job), look(job), look(job, hours=23)] == [1, 0, 0]
    while pump():
        pass
    (body,) = (m["body"] for m in messages(agencies_url, EMAIL) if "Hay lugar" in m["subject"])
    assert page in body
    assert "9:00" in body
    for _scanner in range(3):
        shut = web.client.get(page)
        assert shut.location.startswith("/login?next=")
        assert page in shut.location
    shown = browser.get(page).text
    assert "Hay lugar ahora" in shown
    assert "Dejar de recibir avisos" in shown
    assert look(job, hours=25) == 1


def test_from_a_page_without_times_to_a_booking_by_the_link_of_the_message(
    web: Web, job: JobContext, agencies_url: str, pump: Callable[[], int]
) -> None:
    """Each step by what the page before offers: nothing is known but the first address."""
    browser = ana(web)
    day = working_day().isoformat()
    empty = browser.get(f"/citas/horarios?consulate=losangeles&service=PAS10&from={day}").text
    assert "Aquí no hay horarios" in empty
    [asking] = links(empty, "/citas/avisos/nuevo")
    asked = fields(browser.get(asking).text)
    wanted = {name: asked[name] for name in ("service", "consulates", "party")}
    waiting = browser.send("/citas/avisos/nuevo", **wanted).text
    assert "Ahora no hay lugar" in waiting
    web.session()
    assert look(job) == 1
    while pump():
        pass
    (body,) = (m["body"] for m in messages(agencies_url, EMAIL) if "Hay lugar" in m["subject"])
    [link] = re.findall(r"https?://[^/\s]+(/citas/avisos/[0-9a-f-]+)", body)
    [times] = links(browser.get(link).text, "/citas/horarios")
    shown = browser.get(times).text
    first = re.search(r'name="start" value="([^"]+)"', shown)
    assert first is not None
    held = browser.post("/citas/horarios", **{**fields(shown), "start": first[1]}).location
    form = fields(browser.get(held).text)
    checked = browser.post("/citas/persona", **{**form, **OWN}).location
    booked = browser.send("/citas/revisar", **fields(browser.get(checked).text))
    assert "Tu cita está reservada" in booked.text
    assert look(job, hours=25) == 0
    assert ending(job)[0] == "booked"
    assert "Ya no te mandamos avisos" in browser.get(link).text


def test_a_stop_works_and_is_one_button(web: Web, job: JobContext) -> None:
    browser = ana(web)
    page = wait_in(browser)
    browser.get(f"{page}/parar")
    assert ending(job)[0] is None
    stopped = browser.post(f"{page}/parar")
    assert "Ya no te mandamos avisos" in browser.get(stopped.location).text
    web.session()
    assert look(job) == 0
    assert ending(job) == ("stopped", False)


@pytest.mark.parametrize("channel", ["account", "telephone", "name"])
def test_nothing_is_sent_once_booked_through_any_channel(
    web: Web, job: JobContext, channel: str
) -> None:
    wait_in(ana(web))
    web.session()
    assert look(job) == 1
    start = web.free()[1]["start"]
    agent = web.token("agent")
    answer = {
        "account": lambda: web.book(
            start, token=web.token("citizen", subject="ana", name="Ana|Demo|Prueba"),
            attendees=[person(5)], contact=None,
        ),
        "telephone": lambda: web.book(
            start, token=agent, attendees=[person(5)], contact={"email": EMAIL.upper()}
        ),
        "name": lambda: web.book(
            start, token=agent, attendees=[{**person(), "first_surname": "demo"}], contact=None
        ),
    }[channel]()  # fmt: skip
    assert answer.status_code == 201, answer.text
    # The message was asked for before, and isn't true any more.
    assert told(job) == []
    assert look(job, hours=25) == 0
    assert ending(job) == ("booked", False)


def test_a_place_taken_before_the_message_goes_out_is_not_told_and_another_may_be(
    web: Web, job: JobContext
) -> None:
    wait_in(ana(web))
    web.session(closes="09:15")
    assert look(job) == 1
    other = web.token("citizen", subject="eva")
    start = web.free()[0]["start"]
    assert web.book(start, token=other, attendees=[person(7)], contact=None).status_code == 201
    assert told(job) == []
    web.session(opens="10:00", closes="10:15", desks=[{"name": "B", "services": ["PAS10"]}])
    assert look(job) == 1
    assert "10:00" in told(job)[0]


def test_an_earlier_place_is_told_once_taken_with_one_button_and_then_no_more(
    web: Web, job: JobContext
) -> None:
    browser = ana(web)
    web.session(date=working_day(40).isoformat())
    day = working_day(40).isoformat()
    path = f"/consulates/losangeles/availability?service=PAS10&from={day}&to={day}"
    start = web.call("GET", path).get_json()["slots"][0]["start"]
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    booked = web.book(start, token=token, contact={"email": EMAIL}).get_json()["id"]
    answer = browser.post(f"/citas/{booked}/antes", where="here")
    page = answer.location
    assert browser.get(f"/citas/{booked}/antes").location == page
    assert look(job) == 0
    web.session()
    assert [look(job), look(job)] == [1, 0]
    (body,) = told(job)
    assert "Tu cita sigue en pie" in body
    earlier = web.free()[0]["start"]
    assert "Cambiar mi cita a este lugar" in browser.get(page).text
    moved = browser.post(
        f"/citas/{booked}/cambiar/confirmar", consulate="losangeles", start=earlier
    )
    assert "cambiada" in moved.location
    assert look(job, hours=25) == 0
    assert ending(job)[0] == "over"


def test_nothing_of_an_earlier_place_after_the_appointment_is_cancelled(
    web: Web, job: JobContext
) -> None:
    browser = ana(web)
    web.session()
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    booked = web.book(web.free()[3]["start"], token=token, contact={"email": EMAIL}).get_json()
    browser.post(f"/citas/{booked['id']}/antes", where="near")
    assert look(job) == 1
    gone = web.call("POST", f"/appointments/{booked['id']}/cancel", {}, token=token)
    assert gone.status_code == 200
    assert told(job) == []
    assert look(job, hours=25) == 0


def test_only_a_place_with_what_is_needed_is_told(web: Web, job: JobContext) -> None:
    browser = ana(web)
    needs = {"attended_in": "language:en", "share": "elderly_or_disabled"}
    address = "/citas/avisos/nuevo?service=PAS10&consulates=losangeles"
    asked = browser.get(address + "".join(f"&{name}={value}" for name, value in needs.items()))
    assert "Inglés; Va una persona adulta mayor o con discapacidad" in asked.text
    page = wait_in(browser, **needs)
    kept = [{"share": "elderly_or_disabled", "places": 1}]
    web.session(closes="09:15")
    assert look(job) == 0
    desks = [{"name": "B", "services": ["PAS10"], "languages": ["es", "en"]}]
    web.session(opens="10:00", closes="10:15", desks=desks, reserves=kept)
    assert look(job) == 1
    assert "10:00" in told(job)[0]
    shown = browser.get(page).text
    assert "attended_in=language:en" in shown.replace("%3A", ":")
    assert "share=elderly_or_disabled" in shown
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    copy = web.call("GET", "/me/data", token=token).get_json()
    [watch] = copy["place_watches"]
    assert (watch["skills"], watch["share"]) == (["language:en"], "elderly_or_disabled")


def test_an_earlier_place_has_what_the_appointment_needs(web: Web, job: JobContext) -> None:
    browser, day = ana(web), working_day(40).isoformat()
    english = [{"name": "A", "services": ["PAS10"], "languages": ["es", "en"]}]
    web.session(date=day, desks=english)
    path = f"/consulates/losangeles/availability?service=PAS10&from={day}&to={day}"
    start = web.call("GET", path).get_json()["slots"][0]["start"]
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    booked = web.book(start, token=token, needs={"language": "en"}).get_json()["id"]
    browser.post(f"/citas/{booked}/antes", where="here")
    web.session()
    assert look(job) == 0
    web.session(opens="10:00", desks=[{**english[0], "name": "B"}], closes="10:15")
    assert look(job) == 1
    assert "10:00" in told(job)[0]


def test_an_earlier_place_is_for_each_service_in_turn_and_for_who_still_comes(
    web: Web, job: JobContext
) -> None:
    """Two people for two services need four times; one who stays alone needs two."""
    browser, day = ana(web), working_day(40).isoformat()
    desks = [{"name": "A", "services": ["PAS10", "MAT"]}, {"name": "B", "services": ["PAS10"]}]
    web.session(date=day, desks=desks)
    path = f"/consulates/losangeles/availability?service=PAS10&from={day}&to={day}"
    start = web.call("GET", path).get_json()["slots"][0]["start"]
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    both = {"services": ["PAS10", "MAT"], "service": None, "attendees": [person(5), person(6)]}
    booked = web.book(start, token=token, **both)
    assert booked.status_code == 201, booked.text
    path = f"/appointments/{booked.get_json()['id']}"
    browser.post(f"/citas{path.removeprefix('/appointments')}/antes", where="here")
    copy = web.call("GET", "/me/data", token=token).get_json()
    assert [watch["people"] for watch in copy["place_watches"]] == [2]
    # Eight places for passports, none for the other service.
    web.session(desks=[{"name": n, "services": ["PAS10"]} for n in "AB"])
    assert look(job) == 0
    # One desk for both, and time for one person.
    web.session(opens="12:00", closes="12:30", desks=desks[:1])
    assert look(job) == 0
    assert web.call("POST", f"{path}/attendees/2/cancel", {}, token=token).status_code == 200
    assert look(job) == 1
    assert "12:00" in told(job)[0]


def test_an_earlier_place_at_the_mobile_consulate_of_the_appointment_is_told_and_taken(
    web: Web, job: JobContext
) -> None:
    """The office gives the service at the same hours, and is full: a booking that names no place
    leads there."""
    browser, hours = ana(web), {"opens": "09:00", "closes": "09:30"}
    desks = [{"name": "A", "services": ["PAS10"]}]
    place = {"name": "Feria", "address": "Calle 1", "time_zone": "America/Los_Angeles"}
    web.session(**hours, desks=desks)
    other = web.token("citizen", subject="eva")
    starts = [slot["start"] for slot in web.free()]
    for number, start in enumerate(starts):
        taken = web.book(start, token=other, attendees=[person(20 + number)], contact=None)
        assert taken.status_code == 201, taken.text
    mobile = web.session(**hours, desks=desks, place=place)["id"]
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    booked = web.book(starts[-1], token=token, place=mobile, contact={"email": EMAIL}).get_json()
    page = browser.post(f"/citas/{booked['id']}/antes", where="here").location
    assert look(job) == 1
    (body,) = told(job)
    assert "Feria" in body
    shown = browser.get(page).text
    assert f'name="place" value="{mobile}"' in shown
    assert "Feria" in shown
    move = {"consulate": "losangeles", "start": starts[0], "place": mobile}
    assert "cambiada" in browser.post(f"/citas/{booked['id']}/cambiar/confirmar", **move).location
    there = web.call("GET", f"/appointments/{booked['id']}", token=token).get_json()
    assert (there["start"], there["place"]["name"]) == (starts[0], "Feria")
