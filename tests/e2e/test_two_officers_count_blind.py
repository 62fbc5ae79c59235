"""Two officers of an office type the same count apart from each other, with the keyboard alone; a
wrong total is caught, another office sees nothing of it, and the public board shows it at last."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page

from services.kernel.clock import system_clock
from tests.api.calls import steady_web
from tests.factories.keyboard import check_page, follow, reach, staff_page, write
from tests.factories.web import Web, served
from tests.servers import Addresses

pytestmark = pytest.mark.browser

DAY = (system_clock() - timedelta(days=1)).date()
# By the width of the window: an office, the right figure, and the first one typed.
OFFICES = {1280: ("losangeles", "1234", "1243"), 360: ("chicago", "2345", "2354")}


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("counts")) as running:
        yield running


def report(page: Page, mode: str, value: str) -> None:
    """Fill in the form of the list; ``mode`` is typed into its list of choices."""
    reach(page, "#f-mode")
    page.keyboard.type(mode)
    reach(page, "#f-date")
    page.keyboard.type(DAY.strftime("%m%d%Y"))
    write(page, "#f-value", value)
    write(page, "#f-source", "Acta 12")
    follow(page, "main form .btn-primary")


def shown(value: str) -> str:
    return f"{int(value):,}"


def second(page: Page, value: str) -> None:
    write(page, "#f-value", value)
    follow(page, "form[action$='/approve'] .btn-primary")


@pytest.mark.parametrize("width", OFFICES)
def test_two_officers_count_blind(browser: Browser, web: Web, width: int) -> None:
    with served(web) as address:
        office, right, wrong = OFFICES[width]
        one = staff_page(browser, web, "officer", address, width, office=office)
        other = staff_page(browser, web, "supervisor", address, width, office=office)
        elsewhere = staff_page(browser, web, "officer", address, width, office="montreal")
        one.goto(f"{address}/counts/")
        check_page(one, "Reportar un conteo")
        report(one, "Por i", wrong)
        check_page(one, "Falta que otra persona escriba la cifra")
        count = one.url.partition("?")[0]
        assert elsewhere.goto(count).status == 404  # type: ignore[union-attr]
        elsewhere.goto(f"{address}/counts/")
        assert count.rpartition("/")[2] not in elsewhere.content()
        other.goto(count)
        check_page(other, "Oculta hasta que se apruebe")
        assert shown(wrong) not in other.content()
        second(other, right)
        check_page(other, f"Se escribió {right} y se reportó {wrong}")
        one.goto(count)
        check_page(one, "La segunda persona escribió")
        write(one, "#f-value", right)
        write(one, "#f-reason", "Invertí dos cifras")
        follow(one, "form[action$='/correct'] .btn-primary")
        check_page(one, "Aprobado")
        one.goto(f"{address}/counts/")
        report(one, "Todas", "1200")
        check_page(one, f"Las modalidades suman {right} y el total es 1200")
        public = browser.new_context(
            viewport={"width": width, "height": 900}, bypass_csp=True, java_script_enabled=True
        ).new_page()
        public.goto(f"{address}/voto/2027")
        check_page(public, "de 74 oficinas")
        assert shown(right) in public.inner_text("main")
        assert shown(wrong) not in public.content()
        public.goto(f"{address}/voto/")
        check_page(public, "184,326 votos en 2024 contra 98,470 en 2018: +87.2 %")
        for page in (one, other, elsewhere, public):
            page.context.close()
