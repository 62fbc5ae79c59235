"""Closures on pages: whom they concern is shown first, and a file of them is tried first."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import text

from services.appointments.calling_off import cancel_called_off, note_failure
from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web, person, working_day
from tests.pages.test_planning_a_month import book, preview, supervisor, words_of

HEAD = "first_day,last_day,begins,ends,reason,source"


def closure_form(**changes: str) -> dict[str, str]:
    day = working_day().isoformat()
    return {"first_day": day, "reason": "Tormenta", "bookings": "keep", **changes}


def admin(web: Web) -> Browser:
    return staff_browser(web.app, "admin")


def closures(web: Web) -> list[Any]:
    with web.database.transaction(NETWORK_SCOPE) as session:
        query = text("SELECT id, consulate_code, reason FROM closures ORDER BY created_at")
        return list(session.execute(query))


def test_hours_are_closed_after_their_impact_was_seen_and_opened_again(web: Web) -> None:
    web.session()
    book(web, 1, web.free()[0]["start"])
    browser = supervisor(web)
    hours = {"begins": "09:00", "ends": "09:30"}
    said, draft = preview(browser, "/desk/closures/new", **closure_form(**hours))
    assert "1 cita se queda sin lugar" in said
    assert "Pasaporte ordinario 10 años: 1" in said
    assert closures(web) == []
    page = browser.send("/desk/closures/new/check", d=draft)
    said = words_of(page.text)
    assert "Ya está cerrado" in said
    assert [slot["start"][11:16] for slot in web.free()] == ["09:30", "09:45"]
    (row,) = closures(web)
    assert f"/desk/closures/{row.id}" in browser.get("/desk/closures").text
    assert "Tormenta" in words_of(browser.get("/desk/closures").text)
    said = words_of(browser.send(f"/desk/closures/{row.id}/lift").text)
    assert "Quitado" in said
    assert len(web.free()) == 3
    assert "wrong_state" not in browser.send(f"/desk/closures/{row.id}/lift").text
    history = words_of(browser.get("/desk/opening-history").text)
    assert history.index("Quitó un cierre") < history.index("Cerró la oficina")


def test_whom_it_concerns_are_those_who_still_come(web: Web) -> None:
    web.session(desks=[{"name": name, "services": ["PAS10"]} for name in "ABC"])
    token = web.token("citizen", subject="ana")
    family = [person(number) for number in range(3)]
    booked = web.book(web.free()[0]["start"], token=token, attendees=family).get_json()
    web.call("POST", f"/appointments/{booked['id']}/attendees/2/cancel", {}, token=token)
    said, _draft = preview(supervisor(web), "/desk/closures/new", **closure_form())
    assert "2 personas en total" in said
    assert "Pasaporte ordinario 10 años: 2" in said


def test_an_event_is_cancelled_deliberately_and_says_what_failed_and_what_is_left(web: Web) -> None:
    web.session()
    starts = [slot["start"] for slot in web.free()]
    done, failed, silent = (
        book(web, number, starts[number], **({"contact": None} if number == 2 else {}))
        for number in range(3)
    )
    browser = supervisor(web)
    fields = closure_form(bookings="cancel", reason="Redada")
    said, draft = preview(browser, "/desk/closures/new", **fields)
    assert "3 citas se cancelan" in said
    assert "Con correo o teléfono: 2. Sin manera de avisarles: 1." in said
    assert '<a href="#f-confirm">' in browser.send("/desk/closures/new/check", d=draft).text
    assert closures(web) == []
    page = browser.send("/desk/closures/new/check", d=draft, confirm="3").text
    assert "Canceladas 0 de 3. Faltan 3." in words_of(page)
    (row,) = closures(web)
    with web.database.transaction(NETWORK_SCOPE) as session:
        now = web.app.extensions["consular.clock"]()
        cancel_called_off(session, row.id, done["id"], now=now)
        note_failure(session, row.id, failed["id"], "too_early")
    said = words_of(browser.get(f"/desk/closures/{row.id}").text)
    assert "Canceladas 1 de 3. Faltan 1." in said
    assert "Todavía no" in said.partition("No se pudieron cancelar")[2]
    assert silent["folio"][:4] in said.partition("Nadie les pudo avisar")[2]


def test_the_network_is_its_admins_to_close_and_an_office_its_supervisors(web: Web) -> None:
    browser, network = supervisor(web), admin(web)
    assert "Toda la red" not in browser.get("/desk/closures/new").text
    assert "/desk/closures" in network.get("/admin/").text
    preview_of, draft = preview(network, "/desk/closures/new", **closure_form())
    assert "Toda la red" in preview_of
    page = network.send("/desk/closures/new/check", d=draft)
    assert page.status_code == 200
    (row,) = closures(web)
    assert row.consulate_code is None
    assert "toda la red" in words_of(browser.get("/desk/closures").text)
    assert browser.get(f"/desk/closures/{row.id}").status_code == 404
    assert browser.post(f"/desk/closures/{row.id}/lift").status_code == 404
    sent = browser.post("/desk/closures/new", **closure_form(consulate="chicago"))
    back = browser.get(sent.location)
    assert back.status_code in {303, 404}
    assert len(closures(web)) == 1
    officer = staff_browser(web.app, "officer", "losangeles")
    assert officer.get("/desk/closures").status_code == 403


def test_what_is_wrong_with_a_closure_is_said_beside_its_field(web: Web) -> None:
    browser = supervisor(web)
    page = browser.send("/desk/closures/new", bookings="").text
    links = re.findall(r'<a href="#f-([\w-]+)">', page)
    assert links == ["first_day", "reason", "bookings"]
    for name in links:
        assert f'id="error-{name}"' in page
    odd = closure_form(last_day="2026-01-01", begins="09:00")
    assert 'id="error-last_day"' in browser.send("/desk/closures/new", **odd).text
    kept = browser.send("/desk/closures/new", **closure_form(begins="09:00", reason="Sismo")).text
    assert 'id="error-ends"' in kept
    assert 'value="Sismo"' in kept


def test_a_file_of_closures_is_tried_then_kept_and_comes_out_as_it_went_in(web: Web) -> None:
    web.session()
    book(web, 1, web.free()[0]["start"])
    browser, day = supervisor(web), working_day().isoformat()
    bad = "\n".join([
        HEAD, f"{day},,,,Feria,", "mañana,,,,Feria,", f"{day},,,,,", f"{day},,09:00,,Feria,ayer",
    ])  # fmt: skip
    page = browser.send("/desk/closures/import", file=bad, write="1").text
    assert re.findall(r'<th scope="row"[^>]*>(\d+)</th><td>(\w*)</td>', page) == [
        ("3", "first_day"),
        ("4", "reason"),
        ("5", "source"),
    ]
    assert closures(web) == []
    good = "\n".join([HEAD, f"{day},,,,Feria,holiday", f"{day},,09:00,10:00,Simulacro,"])
    said = words_of(browser.send("/desk/closures/import", file=good).text)
    assert "Cierres nuevos: 2. Ya en vigor: 0." in said
    assert "1 cita se queda sin lugar" in said
    assert closures(web) == []
    said = words_of(browser.send("/desk/closures/import", file=good, write="1").text)
    assert "2 renglones están en vigor." in said
    assert [row.reason for row in closures(web)] == ["Feria", "Simulacro"]
    file = browser.get("/desk/closures.csv")
    assert file.mimetype == "text/csv"
    again = file.get_data(as_text=True)
    said = words_of(browser.send("/desk/closures/import", file=again).text)
    assert "Cierres nuevos: 0. Ya en vigor: 2." in said
    other = f"consulate,{HEAD}\nchicago,{day},,,,Feria,"
    page = browser.send("/desk/closures/import", file=other).text
    assert re.findall(r'<th scope="row"[^>]*>(\d+)</th><td>(\w*)</td>', page) == [
        ("2", "consulate")
    ]
