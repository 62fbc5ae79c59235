"""Somebody else booked in Gloria's name: she is told where to prove who she is and nothing of them,
an officer passes the place to her with the keyboard alone, and the other learns nothing of her."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.api.calls import steady_web
from tests.factories.instance import fill, old_phone, press
from tests.factories.keyboard import check_page, choose, follow, staff_page, write
from tests.factories.phone import account_of, citizens_phone, read_page
from tests.factories.web import Web, served
from tests.servers import Addresses

pytestmark = pytest.mark.browser

GLORIA = {
    "given_names": "Gloria", "first_surname": "Hernández", "second_surname": "García",
    "birth_date": "1956-04-27",
}  # fmt: skip
BORN = {"birth_date-day": "27", "birth_date-month": "4", "birth_date-year": "1956"}
DOCUMENT = {
    "f-given_names": "Gloria", "f-first_surname": "Hernández", "f-second_surname": "García",
    "f-birth_date": "27", "f-birth_date-month": "4", "f-birth_date-year": "1956",
    "f-document": "Acta y credencial",
}  # fmt: skip


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("another")) as running:
        running.session(consulate="chicago")
        running.session()
        yield running


def book_as_the_other(web: Web) -> str:
    """Eve takes a place at another office in Gloria's name; her folio."""
    start, eve = web.free(consulate="chicago")[0]["start"], web.token("citizen", subject="eve")
    answer = web.book(
        start, token=eve, consulate="chicago", attendees=[GLORIA],
        contact={"email": "eve@demo.invalid"},
    )  # fmt: skip
    return str(answer.get_json()["folio"])


def try_to_book(page: Page, web: Web, address: str) -> str:
    """Gloria books as anybody does; what the last page says to her."""
    start = web.free()[0]["start"]
    page.goto(f"{address}/citas/horarios?consulate=losangeles&service=PAS10&from={start[:10]}")
    page.locator(".times button").first.click()
    names = {name: value for name, value in GLORIA.items() if name != "birth_date"}
    fill(page, {**names, **BORN, "email": "gloria@demo.invalid"})
    press(page)
    press(page)
    return read_page(page)


def prove(page: Page, address: str, folio: str) -> None:
    """At the window: the document against the person, and the place is hers."""
    page.goto(f"{address}/desk/identity")
    check_page(page, "otra cuenta ya lo hizo a su nombre")
    for field, answer in {"f-folio": folio, **DOCUMENT}.items():
        write(page, f"#{field}", answer)
    choose(page, "#f-identity_checked")
    follow(page, "main .btn-primary")
    check_page(page, "Otra cuenta tiene: Pasaporte")
    assert "En otra oficina" in page.inner_text("main")
    for private in ("Chicago", "eve@demo.invalid"):
        assert private not in page.content()
    follow(page, "form[action$='take-over'] button")
    check_page(page, "La cita ya es de esta persona")


def find_by_folio(page: Page, address: str, folio: str) -> str:
    """Without signing in."""
    page.goto(f"{address}/citas/buscar")
    fill(page, {"folio": folio, **BORN})
    press(page)
    return read_page(page)


def test_who_proves_identity_holds_the_appointment_and_the_other_learns_nothing(
    browser: Browser, web: Web
) -> None:
    taken = book_as_the_other(web)
    with served(web) as address:
        gloria = citizens_phone(browser, web, address, account_of(web, "gloria", **GLORIA))
        refused = try_to_book(gloria, web, address)
        assert "Hay que comprobar la identidad" in refused
        assert "Ve a la ventanilla de cualquier consulado" in refused
        review = gloria.locator(".error-summary").inner_text().partition("folio de revisión: ")[2]
        for private in ("Chicago", taken, "eve@"):
            assert private not in gloria.content().replace("-", "")

        prove(staff_page(browser, web, "officer", address, 1280), address, review.split(".")[0])
        gloria.goto(f"{address}/mis-tramites")
        gloria.locator("main a[href*='/citas/']").first.click()
        mine = read_page(gloria)
        assert "Chicago" in mine
        own = gloria.locator(".folio").first.inner_text()

        eve = citizens_phone(browser, web, address, account_of(web, "eve"))
        eve.goto(f"{address}/mis-tramites")
        eve.locator("main a[href*='/citas/']").first.click()
        assert "Esta cita está cancelada" in read_page(eve)
        for private in (own, "identidad", "Los Ángeles", "gloria@"):
            assert private not in eve.inner_text("main")
        stranger = old_phone(browser)
        assert "Cancelada" in find_by_folio(stranger, address, taken)
        assert "Reservada" in find_by_folio(stranger, address, own)
