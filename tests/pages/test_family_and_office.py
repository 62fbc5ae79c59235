"""People whom somebody saved are offered in the booking's form; an appointment says where it is, as
far as the office wrote that down."""

from __future__ import annotations

from tests.factories.staff import staff_browser
from tests.factories.web import Web, person, working_day
from tests.pages.test_a_family_in_one_form import SHARED, _browser
from tests.pages.test_booking_pages import PLACE

LUIS = {
    "given_names": "Luis",
    "first_surname": "Demo",
    "second_surname": "Sol",
    "birth_date-day": "3",
    "birth_date-month": "2",
    "birth_date-year": "2019",
}


def test_a_saved_child_is_put_into_the_booking_with_one_button(web: Web) -> None:
    web.session()
    browser, start = _browser(web), web.free()[0]["start"]
    listed = browser.send("/mis-datos/familia/nueva", **LUIS).text
    assert "Luis Demo Sol" in listed
    (saved,) = (part.split('"')[0] for part in listed.split('href="/mis-datos/familia/')[1:2])
    wrong = browser.send(f"/mis-datos/familia/{saved}", **{**LUIS, "birth_date-year": ""}).text
    assert "Error" in wrong
    browser.send(f"/mis-datos/familia/{saved}", **{**LUIS, "given_names": "Luis Ángel"})
    form = {**PLACE, "start": start, **SHARED, "party": "1"}
    asked = browser.get(
        f"/citas/persona?start={start.replace('+', '%2B')}&consulate=losangeles&service=PAS10"
    ).text
    assert "Agregar a Luis Ángel Demo Sol" in asked
    alone = browser.get(browser.post("/citas/persona", **form, fill_person=saved).location).text
    assert 'name="given_names" value="Luis Ángel"' in alone or 'value="Luis Ángel"' in alone
    assert "Agregar a Luis" not in alone
    more = browser.get(browser.post("/citas/persona", **form, join_person=saved).location).text
    assert 'name="given_names_2"' in more
    assert 'value="Luis Ángel"' in more
    assert "Todavía no guardas a nadie" in browser.send(f"/mis-datos/familia/{saved}/quitar").text


def test_saved_people_belong_to_one_account_and_are_ten_at_most(web: Web) -> None:
    ana, eve = (web.token("citizen", subject=who) for who in ("ana", "eve"))
    for number in range(10):
        added = web.call("POST", "/me/dependants", person(number), token=ana)
        assert added.status_code == 201, added.text
    full = web.call("POST", "/me/dependants", person(10), token=ana)
    assert (full.status_code, full.get_json()["code"]) == (409, "too_many_dependants")
    path = f"/me/dependants/{added.get_json()['id']}"
    assert web.call("PATCH", path, person(11), token=eve).status_code == 404
    assert web.call("DELETE", path, token=eve).status_code == 404
    assert len(web.call("GET", "/me/data", token=ana).get_json()["dependants"]) == 10
    assert web.call("PATCH", path, person(11), token=ana).status_code == 200
    assert web.call("DELETE", path, token=ana).status_code == 200
    assert len(web.call("GET", "/me/dependants", token=ana).get_json()["items"]) == 9
    assert web.call("GET", "/me/dependants", token=eve).get_json()["items"] == []


def test_an_appointment_says_where_it_is_as_far_as_the_office_wrote_it_down(web: Web) -> None:
    web.session()
    browser = _browser(web)
    ana = web.token("citizen", subject="ana", name="Ana|Demo|Sol")
    booked = web.book(web.free()[0]["start"], token=ana).get_json()["id"]
    page = browser.get(f"/citas/{booked}").text.partition("Dónde es")[2]
    assert "<dl" not in page.partition("<figure>")[0]
    supervisor = staff_browser(web.app, "supervisor", "losangeles")
    details = {"address": "2401 W 6th St, Los Angeles, CA", "payment": "Efectivo o tarjeta"}
    form = {"csrf_token": supervisor.csrf(), "form_key": "office", **details}
    saved = supervisor.client.post("/desk/office", data=form, follow_redirects=True)
    assert "La gente lo ve desde ahora" in saved.text
    page = browser.get(f"/citas/{booked}").text
    for words in ("Dónde es", details["address"], details["payment"]):
        assert words in page
    assert "openstreetmap.org/search?query=2401+W+6th" in page
    # The message by e-mail says the place of its calendar file.
    calendar = web.call("GET", f"/appointments/{booked}.ics", token=ana).text.replace("\r\n ", "")
    assert "2401 W 6th St\\, Los Angeles\\, CA" in calendar
    assert "Teléfono de la oficina" not in page
    calendar = browser.get(f"/citas/{booked}/calendario.ics").text.replace("\r\n ", "")
    assert "2401 W 6th St\\, Los Angeles\\, CA" in calendar
    officer = staff_browser(web.app, "officer", "losangeles")
    assert officer.get("/desk/office").status_code == 403


def test_an_appointment_at_a_mobile_consulate_says_its_place_and_clock(web: Web) -> None:
    place = {
        "name": "Biblioteca Demo",
        "address": "Calle 1, Presidio",
        "time_zone": "America/Chicago",
    }
    web.session(place=place)
    browser, start = _browser(web), web.free()[0]["start"]
    ana = web.token("citizen", subject="ana", name="Ana|Demo|Sol")
    booked = web.book(start, token=ana).get_json()["id"]
    page = browser.get(f"/citas/{booked}").text
    assert "Biblioteca Demo" in page
    assert "Calle 1, Presidio" in page
    assert "9:00" in page
    calendar = browser.get(f"/citas/{booked}/calendario.ics").text
    assert "DTSTART;TZID=America/Chicago" in calendar
    assert "T090000" in calendar


def test_a_supervisor_sets_how_many_people_a_day_takes(web: Web) -> None:
    web.session()
    supervisor = staff_browser(web.app, "supervisor", "losangeles")
    assert "/desk/maximums" in supervisor.get("/desk/calendar").text
    day = working_day().isoformat()
    answer = supervisor.post("/desk/maximums", **{"service": "PAS10", "most": "1", "from": day})
    assert answer.headers["Location"] == "/desk/maximums?saved=1"
    assert "A lo más 1 al día" in supervisor.get("/desk/maximums?saved=1").text
    first, second = (slot["start"] for slot in web.free()[:2])
    assert web.book(first, token=web.token("citizen", subject="ana")).status_code == 201
    full = web.book(second, token=web.token("citizen", subject="eve"), attendees=[person(1)])
    assert full.status_code == 409
    wrong = supervisor.post("/desk/maximums", **{"service": "", "most": "muchos", "from": day})
    page = supervisor.get(wrong.headers["Location"]).text
    assert 'href="#f-most"' in page
    assert 'href="#f-service"' in page
    supervisor.post("/desk/maximums", **{"service": "PAS10", "most": "", "from": day})
    assert "Sin máximo" in supervisor.get("/desk/maximums").text
    officer = staff_browser(web.app, "officer", "losangeles")
    assert officer.get("/desk/maximums").status_code == 403


def test_a_supervisor_sets_how_long_a_service_takes(web: Web) -> None:
    web.session()
    supervisor = staff_browser(web.app, "supervisor", "losangeles")
    assert "/desk/durations" in supervisor.get("/desk/calendar").text
    set_to = {"service": "PAS10", "from": working_day().isoformat()}
    before = len(web.free())
    supervisor.post("/desk/durations", **set_to, minutes="30")
    assert "30 minutos" in supervisor.get("/desk/durations?saved=1").text
    assert len(web.free()) < before
    wrong = supervisor.post("/desk/durations", **set_to, minutes="media hora")
    assert 'href="#f-minutes"' in supervisor.get(wrong.headers["Location"]).text
    supervisor.post("/desk/durations", **set_to, minutes="")
    assert "Un turno" in supervisor.get("/desk/durations").text
    assert len(web.free()) == before
