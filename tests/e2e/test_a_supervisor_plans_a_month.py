"""A supervisor plans a month with the keyboard alone: hours that repeat, one day changed, hours
closed and a day called off; every page of it fits, and axe finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.api.calls import steady_web
from tests.factories.keyboard import check_page, choose, follow, staff_page, write
from tests.factories.web import Web, person, served, working_day
from tests.servers import Addresses

pytestmark = pytest.mark.browser

MAIN = "main .btn-primary"
CODES = ("MO", "TU", "WE", "TH", "FR")


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("month")) as running:
        yield running


def open_series(page: Page, desk: str, day: date, *, axe: bool) -> None:
    """From the calendar to the days of a series."""
    check_page(page, "Ocupados", axe=axe)
    follow(page, "a[href$='/series/new']")
    check_page(page, "Qué días de la semana", axe=axe)
    choose(page, f"#f-weekday_{CODES[day.weekday()]}")
    write(page, "#f-opens", "0900AM")
    write(page, "#f-closes", "1000AM")
    write(page, "#f-desks", desk)
    choose(page, "#f-service_1_PAS10")
    follow(page, MAIN)
    check_page(page, "Abriría", axe=axe)
    follow(page, MAIN)
    check_page(page, "Días abiertos", axe=axe)


def change_a_day(page: Page, session: str, *, axe: bool) -> None:
    """From the series' page: one of its days closes earlier."""
    follow(page, f"a[href$='{session}']")
    check_page(page, "Dejar de tomar citas", axe=axe)
    follow(page, "a[href$='/change']")
    check_page(page, "Solo este día", axe=axe)
    write(page, "#f-closes", "0945AM")
    follow(page, MAIN)
    check_page(page, "1 cita se queda sin lugar", axe=axe)
    follow(page, MAIN)
    check_page(page, "Horario cambiado", axe=axe)


def close_hours(page: Page, *, axe: bool) -> None:
    """From a day of the calendar: an hour of it is closed."""
    follow(page, "a[href*='closures/new']:not([href*='cancel'])")
    check_page(page, "Sin horas se cierra el día entero", axe=axe)
    write(page, "#f-begins", "0900AM")
    write(page, "#f-ends", "0915AM")
    write(page, "#f-reason", "Simulacro")
    choose(page, "#f-bookings")
    follow(page, MAIN)
    check_page(page, "Ninguna cita pierde su lugar", axe=axe)
    follow(page, MAIN)
    check_page(page, "Ya está cerrado", axe=axe)


def call_off(page: Page, *, axe: bool) -> None:
    """From a day of the calendar: who is booked on it is canceled, deliberately."""
    follow(page, "a[href*='bookings=cancel']")
    write(page, "#f-reason", "Tormenta")
    follow(page, MAIN)
    check_page(page, "1 cita se cancela", axe=axe)
    choose(page, "#f-confirm")
    follow(page, MAIN)
    check_page(page, "Canceladas 0 de 1", axe=axe)


def session_on(web: Web, day: date, desk: str) -> dict[str, Any]:
    token = web.token("supervisor", "losangeles")
    answer = web.call("GET", f"/sessions?from={day}&to={day}", token=token).get_json()
    (one,) = (each for each in answer["items"] if each["desks"][0]["name"] == desk)
    return dict(one)


def book_last(web: Web, day: date, number: int) -> None:
    """Somebody takes the last free time of a day."""
    path = f"/consulates/losangeles/availability?service=PAS10&from={day}&to={day}"
    start = web.call("GET", path).get_json()["slots"][-1]["start"]
    token = web.token("citizen", subject=f"who-{number}")
    booked = web.book(start, token=token, attendees=[person(number)])
    assert booked.status_code == 201, booked.text


@pytest.mark.parametrize("width", [1280, 360])
def test_a_supervisor_plans_a_month(browser: Browser, web: Web, width: int) -> None:
    axe, desk, day = width == 360, f"W{width}", working_day(30 if width == 360 else 40)
    with served(web) as address:
        page = staff_page(browser, web, "supervisor", address, width)
        page.goto(f"{address}/desk/calendar?month={day:%Y-%m}")
        open_series(page, desk, day, axe=axe)
        book_last(web, day, width)
        change_a_day(page, session_on(web, day, desk)["id"], axe=axe)
        page.goto(f"{address}/desk/calendar/day?day={day}")
        check_page(page, "Citas sin lugar", axe=axe)
        close_hours(page, axe=axe)
        book_last(web, day, width + 1)
        page.goto(f"{address}/desk/calendar/day?day={day}")
        call_off(page, axe=axe)
        page.goto(f"{address}/desk/calendar?month={day:%Y-%m}")
        check_page(page, "Tormenta", axe=axe)
        page.goto(f"{address}/desk/opening-history")
        check_page(page, "Cerró la oficina", axe=axe)
        page.context.close()
