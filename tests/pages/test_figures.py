"""A supervisor sees how the office does, and what one more desk would change."""

from __future__ import annotations

from datetime import date, timedelta

from babel.dates import format_date

from services.appointments.unmet import note_unmet
from services.kernel.db import NETWORK_SCOPE
from tests.factories.staff import Browser, staff_browser
from tests.factories.tables import rows_of
from tests.factories.web import Web, morning_at_office, person, weeks_later, working_day


def test_figures_of_a_day_at_the_desk(web: Web) -> None:
    web.session(closes="10:00")
    web.travel(morning_at_office())
    ids = [
        web.book(
            web.free()[0]["start"],
            token=web.token("citizen", subject=f"p{number}"),
            attendees=[person(number)],
        ).get_json()["id"]
        for number in range(3)
    ]
    officer = staff_browser(web.app, "officer", "losangeles")
    officer.post(f"/desk/appointments/{ids[0]}/check-in", identity_checked="true")
    web.travel(morning_at_office() + timedelta(minutes=25))
    officer = staff_browser(web.app, "officer", "losangeles")
    officer.post(f"/desk/appointments/{ids[0]}/call", desk="A")
    officer.post(f"/desk/appointments/{ids[0]}/complete", fee_amount="209", fee_currency="USD")
    assert officer.get("/desk/figures").status_code == 403
    supervisor = staff_browser(web.app, "supervisor", "losangeles")
    page = supervisor.get("/desk/figures").text
    assert "Ocupación: 75 % (3 de 4 lugares)" in page
    # Three are expected; one was served and two are still to come.
    assert by_service(page) == ["Pasaporte ordinario 10 años", "3", "1", "0", "0", "0"]
    # From the arrival; the appointment's own time was later.
    assert ">25<" in page.replace(" ", "").replace("\n", "")
    day = working_day().isoformat()
    with web.database.transaction(NETWORK_SCOPE) as session:
        seeker = {"consulate": "losangeles", "seeker": b"s" * 32, "now": morning_at_office()}
        assert note_unmet(session, service="MAT", **seeker)
    page = supervisor.get("/desk/figures").text.partition("Demanda sin atender")[2]
    assert "Matrícula" in page
    assert "07:00" in page
    assert "No hubo horarios" in supervisor.get("/desk/figures?from=2026-01-01&to=2026-01-02").text
    assert supervisor.get(f"/desk/figures?from={day}&to=nada").status_code == 200
    web.travel(morning_at_office() + timedelta(hours=3))
    officer = staff_browser(web.app, "officer", "losangeles")
    officer.post(f"/desk/appointments/{ids[1]}/no-show")
    supervisor = staff_browser(web.app, "supervisor", "losangeles")
    page = supervisor.get("/desk/figures").text
    assert by_service(page) == ["Pasaporte ordinario 10 años", "3", "1", "0", "1", "0"]


def by_service(page: str) -> list[str]:
    """The first line of the table by service: expected, and what became of them."""
    [head, first, *_rest] = rows_of(page.partition("Qué pasó con las citas")[2])
    assert head[1:] == [
        "Esperadas", "Atendidas", "No se pudieron atender", "No se presentaron", "Canceladas",
    ]  # fmt: skip
    return first


def test_one_more_desk_is_worked_out_and_nothing_is_written(web: Web) -> None:
    web.session(opens="09:00", closes="09:15")
    free = web.free()
    web.book(free[0]["start"], token=web.token("citizen", subject="p0"))
    supervisor = staff_browser(web.app, "supervisor", "losangeles")
    weekday = working_day().weekday()
    asked, day = f"/desk/what-if?weekday={weekday}&service=PAS10", working_day()
    assert earliest(supervisor, asked) == ("Ninguno", said(day))
    [later] = weeks_later(1)
    web.session(date=later.isoformat(), opens="09:00", closes="09:15")
    assert earliest(supervisor, asked) == (said(later), said(day))
    # A desk more on a weekday without a session changes nothing.
    other = f"/desk/what-if?weekday={(weekday + 1) % 7}&service=PAS10"
    assert earliest(supervisor, other) == (said(later), "Igual")
    assert web.free() == []
    assert supervisor.get("/desk/what-if?weekday=9").status_code == 200


def earliest(supervisor: Browser, address: str) -> tuple[str, str]:
    """The first free time for a passport as planned, and with one more desk."""
    rows = {row[0]: row for row in rows_of(supervisor.get(address).text)}
    _service, before, after = rows["Pasaporte ordinario 10 años"]
    return before.removeprefix("Hoy: "), after.removeprefix("Con una más: ")


def said(day: date) -> str:
    """Nine in the morning of the day, as pages say it."""
    return format_date(day, "EEEE d 'de' MMMM 'de' y", locale="es_MX") + " a las 9:00 a. m."
