"""An officer asks for an enrollment for a person at the window with the keyboard alone, finds it in
the queue and tells several people again; every page of it fits and has no finding of axe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.api.calls import steady_web
from tests.factories.keyboard import check_page, choose, follow, reach, staff_page
from tests.factories.web import Web, served
from tests.servers import Addresses

pytestmark = pytest.mark.browser

ANSWERS = {
    "f-given_names": "Gloria", "f-first_surname": "Hernández", "f-second_surname": "García",
    "f-birth_date": "27", "f-birth_date-month": "4", "f-birth_date-year": "1956",
    "f-curp": "HEGG560427MVZRRL04", "f-document": "Acta y credencial",
}  # fmt: skip
CONTACTS = {"f-email": "gloria@demo.invalid", "f-phone": "+1 213 555 0142"}
WIDTHS = (1280, 360)


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("keyboard")) as running:
        yield running


def fill_in(page: Page, answers: dict[str, str]) -> None:
    """Answer the form of an RFC, in the order of its fields."""
    for field, answer in answers.items():
        if field == "f-document":
            choose(page, "#f-consents")
        reach(page, f"#{field}")
        page.keyboard.type(answer)
    choose(page, "#f-identity_checked")
    follow(page, "main .btn-primary")


@pytest.mark.parametrize("width", WIDTHS)
def test_an_officer_asks_by_keyboard(browser: Browser, web: Web, width: int) -> None:
    with served(web) as address:
        page = staff_page(browser, web, "officer", address, width)
        page.goto(f"{address}/desk/enrollments")
        check_page(page, "A quién espera")
        follow(page, "main .btn-primary")
        check_page(page, "Pedir una inscripción para alguien")
        follow(page, "a[href$='/new/rfc']")
        check_page(page, "A quién se avisa")
        fill_in(page, ANSWERS)
        first = width == WIDTHS[0]
        check_page(page, "quedó recibida" if first else "Ya hay una solicitud de este programa")
        page.goto(f"{address}/desk/enrollments")
        check_page(page, "Gloria Hernández García")
        choose(page, "[name^='pick-']")
        choose(page, "[name='action']")
        follow(page, "#bulk .btn")
        check_page(page, "No se puede con 1")
        page.context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_code_goes_to_the_telephone_of_who_cant_open_their_email_here(
    browser: Browser, web: Web, width: int
) -> None:
    seen = {"f-document": ANSWERS["f-document"]}
    answers = {**{name: ANSWERS[name] for name in ANSWERS if name not in seen}, **CONTACTS, **seen}
    with served(web) as address:
        page = staff_page(browser, web, "officer", address, width)
        page.goto(f"{address}/desk/enrollments/new/rfc")
        fill_in(page, answers)
        check_page(page, "Lo enviamos a gloria@demo.invalid")
        follow(page, "[name='code_by'][value='sms']")
        check_page(page, "Mandarlo a su correo")
        page.context.close()
