"""Others book for somebody: the telephone center's agent with the keyboard alone, for two people of
one call, finding, moving and canceling without a folio; and a helper on an old phone, by a link
that is good once and shows nothing of who gave it. Whoever has an appointment moves it on their own
old phone, or lets a helper move and cancel it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page

from tests.api.calls import steady_web
from tests.factories.instance import fill, old_phone, press
from tests.factories.keyboard import check_page, follow, reach, staff_page, write
from tests.factories.phone import account_of, citizens_phone, read_page
from tests.factories.web import Web, served, working_day
from tests.factories.web import person as booked_person
from tests.servers import Addresses

pytestmark = pytest.mark.browser

ITZEL, ANGEL = ("Itzel", "1990"), ("Ángel", "2015")
SERVICE, OFFICE = "Pasaporte ordinario 10", "Los"


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("others")) as running:
        running.session()
        yield running


@pytest.fixture(scope="module")
def address(web: Web) -> Iterator[str]:
    with served(web) as address:
        yield address


def say_who(page: Page, who: tuple[str, str]) -> None:
    """Name and birth date, as they are told."""
    name, year = who
    write(page, "#f-given_names", name)
    write(page, "#f-first_surname", "Quintana")
    for field, answer in (("", "12"), ("-month", "5"), ("-year", year)):
        write(page, f"#f-birth_date{field}", answer)


def choose_first_time(page: Page) -> None:
    """The first of those that are free."""
    reach(page, "#f-start")
    page.keyboard.press("ArrowDown")


def ask_for_times(page: Page) -> None:
    """The name was told before: nothing of it is lost."""
    follow(page, "button[name='times']")
    assert page.input_value("#f-given_names") == "Itzel"
    write(page, "#f-service", SERVICE)
    write(page, "#f-consulate", OFFICE)
    write(page, "#f-from", f"{working_day():%m%d%Y}")
    follow(page, "button[name='times']")
    check_page(page, "Día y hora")


def test_an_agent_by_keyboard(browser: Browser, web: Web, address: str) -> None:
    page = staff_page(browser, web, "agent", address, 1280)
    page.goto(f"{address}/telephone/")
    say_who(page, ITZEL)
    ask_for_times(page)
    choose_first_time(page)
    follow(page, "button[name='more_time']")
    check_page(page, "Te apartamos este horario hasta las", axe=False)
    write(page, "#f-phone", "+12135550123")
    follow(page, "main .btn-primary")
    check_page(page, "Dile a quien llama")

    follow(page, "a[href*='after=']")
    assert page.input_value("#f-phone") == "+12135550123"
    say_who(page, ANGEL)
    choose_first_time(page)
    follow(page, "main .btn-primary")
    check_page(page, "La cita está reservada", axe=False)
    assert len(web.free()) == 2

    follow(page, "a.btn-outline-primary[href$='/telephone/']")
    say_who(page, ITZEL)
    follow(page, "button[name='search']")
    check_page(page, "Sus citas", axe=False)
    follow(page, "a[href*='/telephone/appointments/']")
    follow(page, "a[href$='/times']")
    check_page(page, "La cita se conserva hasta confirmar", axe=False)
    follow(page, "nav.actions a")
    follow(page, ".times a")
    follow(page, "main .btn-primary")
    check_page(page, "La cita cambió", axe=False)
    reach(page, "details[class*='no-print'] summary")
    page.keyboard.press("Enter")
    follow(page, "form[action$='/cancel'] button")
    check_page(page, "Cancelada")


def test_a_helper_by_a_link(browser: Browser, web: Web, address: str) -> None:
    account = account_of(web, "ana", given_names="Reservada", email="ana@demo.invalid")
    person = citizens_phone(browser, web, address, account)
    person.goto(f"{address}/mis-datos/ayuda")
    press(person)
    link = address + "/ayuda/" + read_page(person).partition("/ayuda/")[2].split()[0]

    helper = old_phone(browser)
    helper.goto(link)
    read_page(helper)
    helper.select_option("[name=service]", "PAS10")
    helper.select_option("[name=consulate]", "losangeles")
    helper.fill("[name=from]", working_day().isoformat())
    helper.get_by_role("button", name="Ver horarios").click()
    fill(helper, {"given_names": "Rosa", "first_surname": "Quintana"})
    fill(helper, {"birth_date-day": 1, "birth_date-month": 2, "birth_date-year": 1980})
    press(helper)
    assert "Día y hora" in helper.locator(".error-summary").inner_text()
    helper.select_option("[name=start]", index=1)
    press(helper)
    assert "La cita está reservada" in read_page(helper)
    for private in ("ana@demo.invalid", "Demo Aaaa"):
        assert private not in helper.content()
    helper.goto(link)
    assert "Este enlace ya no sirve" in read_page(helper)
    person.goto(f"{address}/mis-datos/ayuda")
    assert "reservó esta cita" in read_page(person)
    person.get_by_role("link", name="Ver la cita").click()
    assert "Rosa Quintana" in read_page(person)


def test_an_appointment_is_moved_by_its_person_and_then_by_a_helper_who_cancels_it(
    browser: Browser, web: Web, address: str
) -> None:
    day = working_day(40)
    web.session(date=day.isoformat())
    account = account_of(web, "eva", given_names="Reservada", email="eva@demo.invalid")
    start = datetime.combine(day, time(9), ZoneInfo("America/Los_Angeles")).isoformat()
    token = web.token("citizen", subject="eva")
    booked = web.book(start, token=token, attendees=[booked_person(50)])
    assert booked.status_code == 201, booked.text
    own = f"{address}/citas/{booked.get_json()['id']}"

    phone = citizens_phone(browser, web, address, account)
    phone.goto(own)
    phone.get_by_role("link", name="Cambiar día u hora").click()
    assert "La cita se conserva hasta confirmar" in read_page(phone)
    phone.goto(f"{phone.url}?from={day}")
    phone.locator(".times a").nth(1).click()
    assert "Antes" in read_page(phone)
    press(phone)
    moved = read_page(phone)
    assert "9:30" in moved
    assert booked.get_json()["folio"] in moved.replace("-", "")

    phone.goto(f"{address}/mis-datos/ayuda")
    phone.select_option("[name=appointment]", index=1)
    phone.check("[name=may_move]")
    phone.check("[name=may_cancel]")
    press(phone)
    link = address + "/ayuda/" + read_page(phone).partition("/ayuda/")[2].split()[0]

    helper = old_phone(browser)
    helper.goto(link)
    assert "aceptó que la ayudes con esta cita" in read_page(helper)
    assert "eva@demo.invalid" not in helper.content()
    helper.fill("[name=from]", day.isoformat())
    helper.get_by_role("button", name="Ver horarios").click()
    press(helper)
    assert "Día y hora" in helper.locator(".error-summary").inner_text()
    helper.select_option("[name=start]", index=1)
    press(helper)
    assert "La cita está cambiada" in read_page(helper)
    helper.locator("details summary").last.click()
    helper.get_by_role("button", name="Sí, cancelar la cita").click()
    assert "La cita está cancelada" in read_page(helper)
    assert "Este enlace ya no sirve" in read_page(helper)
    phone.goto(own)
    assert "Cancelada" in read_page(phone)
    phone.goto(f"{address}/mis-datos/ayuda")
    shown = read_page(phone)
    assert "la cambió" in shown
    assert "la canceló" in shown
