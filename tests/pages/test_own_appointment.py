"""What the owner of an appointment reads, and how they cancel it."""

from __future__ import annotations

from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import unquote, urlencode
from uuid import UUID

import pytest
from sqlalchemy import text

from services.appointments.nearest import nearest_times
from services.appointments.queries import get_appointment
from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, citizen_browser, staff_browser
from tests.factories.web import Web, morning_at_office, person


@pytest.fixture
def booked(web: Web) -> dict[str, Any]:
    web.session()
    web.travel(morning_at_office())
    token = web.token("citizen", subject="ana")
    return dict(web.book(web.free()[0]["start"], token=token).get_json())


@pytest.fixture
def owner(web: Web, booked: dict[str, Any]) -> Browser:
    with web.database.transaction(NETWORK_SCOPE) as session:
        account: UUID = session.execute(text("SELECT account_id FROM appointments")).scalar_one()
    return citizen_browser(web.app, account)


def send_away(web: Web, booked: dict[str, Any]) -> None:
    officer = staff_browser(web.app, "officer", "losangeles")
    there = f"/desk/appointments/{booked['id']}"
    officer.post(f"{there}/check-in", identity_checked="true")
    answer = officer.post(f"{there}/not-served", reason="Falta el acta", bring="Acta\nUna copia")
    assert answer.status_code == 303


def status(web: Web, booked: dict[str, Any]) -> str:
    token = web.token("citizen", subject="ana")
    answer = web.call("GET", f"/appointments/{booked['id']}", token=token)
    return str(answer.get_json()["status"])


def test_cancelling_says_what_it_does_before_it_is_done(
    web: Web, booked: dict[str, Any], owner: Browser
) -> None:
    page = owner.get(f"/citas/{booked['id']}").text
    assert "<details" in page.partition("Cancelar esta cita")[0]
    assert "Tu lugar se le da a otra persona." in page
    assert "Sí, cancelar la cita" in page
    owner.post(f"/citas/{booked['id']}/cancelar")
    assert status(web, booked) == "cancelled"
    assert "Sí, cancelar la cita" not in owner.get(f"/citas/{booked['id']}").text


def test_who_was_not_served_reads_why_what_to_bring_and_until_when(
    web: Web, booked: dict[str, Any], owner: Browser
) -> None:
    send_away(web, booked)
    page = unescape(owner.get(f"/citas/{booked['id']}").text)
    for words in (
        "Falta el acta",
        "<li>Acta</li><li>Una copia</li>",
        "Vuelve con este folio hasta el",
        "sin otra cita",
    ):
        assert words in page
    assert "Reservar otra cita</a>" not in page


def test_a_pass_keeps_nobody_from_booking_another_day(web: Web, booked: dict[str, Any]) -> None:
    send_away(web, booked)
    token = web.token("citizen", subject="ana")
    assert web.book(web.free()[0]["start"], token=token).status_code == 201
    assert status(web, booked) == "not_served"


def test_what_the_desk_forgot_is_not_shown_as_a_code(
    web: Web, booked: dict[str, Any], owner: Browser
) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        session.execute(
            text(
                "UPDATE appointments SET status = 'not_served',"
                ' outcome = \'{"reason": "not_closed_by_the_desk"}\''
            )
        )
    officer = staff_browser(web.app, "officer", "losangeles")
    for page in (
        owner.get(f"/citas/{booked['id']}"),
        officer.get(f"/desk/appointments/{booked['id']}"),
    ):
        assert page.status_code == 200
        assert "not_closed" not in page.text


def test_moving_shows_both_times_before_and_keeps_the_folio(
    web: Web, booked: dict[str, Any], owner: Browser
) -> None:
    at = f"/citas/{booked['id']}"
    assert f'href="{at}/cambiar"' in owner.get(at).text
    times = owner.get(f"{at}/cambiar").text
    assert "La cita se conserva hasta confirmar la nueva hora." in times
    main, name = unescape(times).partition("<main")[2], f"Ana {person()['first_surname']} Prueba"
    for words in (f"Para {name}.", "Consulado General de México en Los Ángeles", "9:00"):
        assert words in main
    other = web.free()[-1]["start"]
    check = unescape(owner.get(f"{at}/cambiar/revisar?{urlencode({'start': other})}").text)
    before = check.partition("<main")[2].partition("Ahora")[0]
    for words in (name, "Consulado General de México en Los Ángeles", "9:00"):
        assert words in before
    assert "9:45" in check.partition("Ahora")[2]
    done = owner.post(f"{at}/cambiar/confirmar", consulate="losangeles", start=other)
    assert done.headers["Location"] == f"{at}?cambiada=1"
    page = unescape(owner.get(f"{at}?cambiada=1").text)
    assert "Tu cita cambió" in page
    assert "9:45" in page


def test_a_time_that_somebody_else_took_leads_back_to_the_free_ones(
    web: Web, booked: dict[str, Any], owner: Browser
) -> None:
    at, taken = f"/citas/{booked['id']}", web.free()[-1]["start"]
    assert web.book(taken, token=web.token("citizen", subject="eve"), attendees=[
        {"given_names": "Eva", "first_surname": "Otra", "birth_date": "1991-01-01"}
    ]).status_code == 201  # fmt: skip
    back = owner.post(f"{at}/cambiar/confirmar", consulate="losangeles", start=taken)
    page = unescape(owner.get(owner.get(back.headers["Location"]).headers["Location"]).text)
    assert "Ese horario ya se ocupó" in page
    assert "Cambiar día u hora" in page


def test_one_that_is_over_leads_to_its_page(
    web: Web, booked: dict[str, Any], owner: Browser
) -> None:
    owner.post(f"/citas/{booked['id']}/cancelar")
    answer = owner.get(f"/citas/{booked['id']}/cambiar")
    assert answer.headers["Location"] == f"/citas/{booked['id']}"


def test_it_can_be_kept_as_a_calendar_file_and_on_paper(
    web: Web, booked: dict[str, Any], owner: Browser
) -> None:
    at = f"/citas/{booked['id']}"
    page = owner.get(at).text
    for address, kind in (
        (f"{at}/calendario.ics", "text/calendar"),
        (f"{at}/cita.pdf", "application/pdf"),
    ):
        assert f'href="{address}"' in page
        assert owner.get(address).mimetype == kind


def test_who_lost_the_time_is_led_to_the_nearest_ones(
    web: Web, booked: dict[str, Any], owner: Browser
) -> None:
    """The window opens later than it was booked: the same day's times come first."""
    token = web.token("supervisor", "losangeles")
    (opened,) = web.call("GET", "/sessions", token=token).get_json()["items"]
    path = f"/sessions/{opened['id']}"
    answer = web.call("PATCH", path, {"opens": "09:15", "closes": "10:00"}, token=token)
    assert answer.get_json()["impact"]["appointments"] == 1
    page = unescape(owner.get(f"/citas/{booked['id']}").text)
    assert "La oficina cambió su horario" in page
    times = unescape(owner.get(f"/citas/{booked['id']}/cambiar").text)
    assert "Las horas más cercanas a la tuya" in times
    nearest = web.free()[0]["start"]
    moved = owner.post(f"/citas/{booked['id']}/cambiar/confirmar", start=nearest)
    assert moved.status_code == 303
    assert "La oficina cambió su horario" not in unescape(owner.get(f"/citas/{booked['id']}").text)


def test_times_to_move_to_are_those_that_have_what_it_needs(web: Web) -> None:
    """One window speaks English: a time at which somebody has it isn't listed."""
    web.session(
        desks=[
            {"name": "A", "services": ["PAS10"], "languages": ["en"]},
            {"name": "B", "services": ["PAS10"]},
        ]
    )
    web.travel(morning_at_office())
    first, second, third = (slot["start"] for slot in web.free()[:3])
    needs = {"language": "en"}
    mine = web.book(first, token=web.token("citizen", subject="ana"), needs=needs).get_json()
    other = web.token("citizen", subject="eve")
    answer = web.book(second, token=other, needs=needs, attendees=[person(1)])
    assert answer.status_code == 201, answer.text
    with web.database.transaction(NETWORK_SCOPE) as session:
        account: UUID = session.execute(
            text("SELECT account_id FROM appointments WHERE id = :id"), {"id": mine["id"]}
        ).scalar_one()
        row = get_appointment(session, UUID(mine["id"]))
        near = nearest_times(session, row, now=morning_at_office(), most=50)
    nearest = [time.start for time in near]
    owner = citizen_browser(web.app, account)
    page = unquote(unescape(owner.get(f"/citas/{mine['id']}/cambiar").text))
    for start, listed in ((second, False), (third, True)):
        assert (f"start={start}" in page) is listed
        assert (datetime.fromisoformat(start) in nearest) is listed
    at = f"/citas/{mine['id']}/cambiar/confirmar"
    assert owner.post(at, consulate="losangeles", start=third).status_code == 303


def test_a_pass_is_printed_with_a_large_folio_and_what_to_bring(
    web: Web, booked: dict[str, Any], owner: Browser
) -> None:
    officer = staff_browser(web.app, "officer", "losangeles")
    paper = f"/desk/appointments/{booked['id']}/pass"
    assert officer.get(paper).status_code == 404
    send_away(web, booked)
    assert paper in officer.get(f"/desk/appointments/{booked['id']}").text
    printed = officer.get(paper).text
    for words in ("display-4 folio", "Vuelve con este folio hasta el", "<li>Acta</li>", "<svg"):
        assert words in printed
    assert staff_browser(web.app, "officer", "chicago").get(paper).status_code == 404
    assert owner.get(paper).status_code in (302, 303, 403)


def test_where_it_is_comes_with_a_picture_of_the_city_and_no_street(
    web: Web, booked: dict[str, Any], owner: Browser
) -> None:
    page = owner.get(f"/citas/{booked['id']}").text
    assert 'src="/oficinas/losangeles/es/mapa.svg"' in page
    assert "El punto marca la ciudad, no la dirección." in page
    assert 'href="https://www.openstreetmap.org/' in page
    drawn = web.client.get("/oficinas/losangeles/es/mapa.svg")
    assert ("Los Ángeles" in drawn.text, drawn.mimetype) == (True, "image/svg+xml")
    assert len(drawn.data) < 12_000
    assert "Los Angeles" in web.client.get("/oficinas/losangeles/en/mapa.svg").text
    for nowhere in ("losangeles/xx", "atlantis/es"):
        assert web.client.get(f"/oficinas/{nowhere}/mapa.svg").status_code == 404
