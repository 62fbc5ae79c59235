"""A sender claims an error on a small phone without JavaScript; treasury puts it right with the
keyboard alone, from the books to the answer; the sender reads what was found."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import text

from services.kernel.clock import database_clock
from services.kernel.db import NETWORK_SCOPE
from services.remittances.advancing import claim_next
from services.remittances.payout import PayoutAnswer, PayoutTask, mark_unknown, settle_payout
from services.remittances.rules import Answer, Funding
from tests.api.calls import steady_web
from tests.factories.instance import press
from tests.factories.keyboard import check_page, follow, reach, staff_page, write
from tests.factories.phone import citizens_phone, read_page
from tests.factories.remittances import make_remittance, make_sender, prepare_reference
from tests.factories.web import Web, served
from tests.servers import Addresses

pytestmark = pytest.mark.browser

FOUND = "Finabien se lo entregó a otra persona."


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("claim")) as running:
        yield running


def send(web: Web) -> tuple[UUID, UUID]:
    """Whose remittance was paid, and its id. Beside it one that the agency contradicts, and
    one of which nobody knows."""
    vault = web.app.extensions["consular.vault"]
    with web.database.transaction(NETWORK_SCOPE) as session:
        now = database_clock(session)
        prepare_reference(session, now=now)
        sent = []
        for answers in ((Answer.PAID,), (Answer.REFUSED, Answer.PAID), ()):
            sender = make_sender(session, now=now, vault=vault)
            each = make_remittance(session, sender, funding=Funding.CASH, now=now, vault=vault)
            task = claim_next(session, each.id, now=now, vault=vault)
            for answer in answers:
                settle_payout(session, each.id, PayoutAnswer(answer), now=now)
            if isinstance(task, PayoutTask) and not answers:
                mark_unknown(session, task, now=now)
            sent.append((sender.account_id, each.id))
        session.execute(text("UPDATE incidents SET opened_at = now() - interval '3 days'"))
    account, remittance = sent[0]
    assert account is not None
    return account, remittance


def claim(phone: Page, address: str, remittance: UUID) -> str:
    """From the remittance to the claim's own page."""
    phone.goto(f"{address}/envios/{remittance}")
    phone.get_by_role("link", name="Reclamar un error").click()
    press(phone)
    assert "Qué salió mal: falta este dato" in read_page(phone)
    phone.get_by_label("El dinero no llegó").check()
    phone.get_by_label("Qué pasó").fill("Fui dos veces y no había nada.")
    press(phone)
    assert "Te respondemos a más tardar el" in read_page(phone)
    return phone.url


def put_right(page: Page, address: str) -> None:
    """From the books to the claim, and its answer."""
    page.goto(f"{address}/treasury/")
    check_page(page, "Cuadra: cero de diferencia")
    for name, words in (
        ("suspense", "El libro y los casos dicen lo mismo"),
        ("unknown", "Se envió 1 vez"),
        ("day", "Envíos ordenados"),
        ("disputes", "El dinero no llegó"),
    ):
        follow(page, f"a[href='/treasury/{name}']")
        check_page(page, words)
    follow(page, "a[href^='/treasury/disputes/']")
    check_page(page, "Fui dos veces")
    follow(page, "form[action$='/take'] button")
    reach(page, "input[name=remedy]")
    page.keyboard.press("Space")
    while page.evaluate("document.activeElement.value") != "fees":
        page.keyboard.press("ArrowDown")
    write(page, "#f-explanation", FOUND)
    follow(page, "form[action$='/resolve'] button")
    check_page(page, "Quién decidió")


def test_an_error_is_claimed_and_put_right(browser: Browser, web: Web) -> None:
    account, remittance = send(web)
    with served(web) as address:
        phone = citizens_phone(browser, web, address, account)
        mine = claim(phone, address, remittance)
        put_right(staff_page(browser, web, "treasury", address, 1280), address)
        phone.goto(mine)
        assert FOUND in read_page(phone)
        keeper = staff_page(browser, web, "compliance", address, 1280)
        keeper.goto(f"{address}/compliance/reports")
        check_page(keeper, "Nadie llegó a esa suma")
