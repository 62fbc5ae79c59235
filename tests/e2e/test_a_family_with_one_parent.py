"""A mother books passports for two children and herself on a phone; their father is away. She reads
about his permission before she sees a time; all three come one after another or none does. At the
desk one child lacks the permission and comes back with a pass, while the others are served."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.api.calls import steady_web
from tests.factories.instance import fill, press
from tests.factories.keyboard import check_page, follow, staff_page, write
from tests.factories.phone import account_of, citizens_phone, read_page
from tests.factories.web import Web, morning_at_office, served
from tests.servers import Addresses

pytestmark = pytest.mark.browser

PERMISSION = "con ambos padres; si falta uno, con su permiso OP-7"
CHILDREN = {2: ("Luis", "2019"), 3: ("Sofía", "2021")}


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("parent")) as running:
        desks = [{"name": "A", "services": ["PAS6"]}]
        running.session(closes="10:30", desks=desks)
        second = running.free("PAS6")[1]["start"]
        running.book(second, token=running.token("citizen", subject="other"), service="PAS6")
        yield running


def say_who(page: Page) -> None:
    """The mother is known; the children are typed."""
    for n, (name, year) in CHILDREN.items():
        born = {"day": "3", "month": "2", "year": year}
        fill(page, {f"given_names_{n}": name, f"first_surname_{n}": "Demo"})
        fill(page, {f"birth_date_{n}-{part}": value for part, value in born.items()})


def book(page: Page, web: Web, address: str) -> str:
    """From the office to the folios."""
    page.goto(f"{address}/citas/oficina?service=PAS6")
    page.get_by_text("Más opciones").click()
    page.select_option("[name=party]", "3")
    page.fill("[name=place]", "90012")
    press(page)
    page.get_by_role("link", name="Consulado General de México en Los Ángeles").first.click()
    times = read_page(page)
    assert times.index(PERMISSION) < times.index("9:30")
    assert re.findall(r"\d+:\d\d", times.partition("con calma")[2])[:2] == ["9:30", "9:45"]
    assert "9:00" not in times
    page.locator(".times button").last.click()
    say_who(page)
    page.get_by_role("button", name="Agregar a otra persona").click()
    assert "no caben todas" in read_page(page)
    page.get_by_role("button", name="Quitar a la persona 4").click()
    assert [each["start"][11:16] for each in web.free("PAS6")] == ["09:00", "09:30"]
    press(page)
    assert PERMISSION in read_page(page)
    press(page)
    return read_page(page)


def give_pass(page: Page, address: str) -> None:
    """Luis is received and called; only he lacks something."""
    page.goto(f"{address}/desk/?desk=A")
    page.keyboard.type("luis demo")
    for _ in range(3):
        with page.expect_event("load"):
            page.keyboard.press("Enter")
    follow(page, ".desk-person h2 a")
    write(page, "#f-reason", "Falta el permiso del papá")
    write(page, "#f-bring", "Permiso OP-7 firmado por el papá")
    follow(page, "form[action$='not-served'] button")
    check_page(page, "Pase para volver")
    child = page.inner_text("main").partition("\nLuis Demo\n")[2]
    assert "Permiso OP-7" in child.partition("\nSofía Demo\n")[0]


def test_a_family_with_one_parent(browser: Browser, web: Web) -> None:
    with served(web) as address:
        mother = account_of(web, "ana", first_surname="Demo", email="ana@demo.invalid")
        phone = citizens_phone(browser, web, address, mother)
        coming = book(phone, web, address).partition("Quiénes van")[2]
        assert re.findall(r"\d+:\d\d", coming) == ["9:45", "10:00", "10:15"]
        mine = phone.url.partition("?")[0]
        web.travel(morning_at_office())
        give_pass(staff_page(browser, web, "officer", address, 1280), address)
        phone = citizens_phone(browser, web, address, mother)
        phone.goto(mine)
        people = read_page(phone).partition("Quiénes van")[2]
        luis = people.partition("Luis Demo")[2].partition("Sofía Demo")
        for words in ("Falta el permiso del papá", "Permiso OP-7 firmado", "sin otra cita"):
            assert words in luis[0]
        assert "Reservada" in luis[2]
