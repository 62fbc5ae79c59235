"""How long a transfer can still be cancelled is counted down before the sender's eyes; without a
script it is said until when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Browser, expect

from services.kernel.clock import database_clock
from services.kernel.db import NETWORK_SCOPE
from tests.api.calls import steady_web
from tests.factories.phone import citizens_phone, read_page
from tests.factories.remittances import make_remittance, make_sender, prepare_reference
from tests.factories.web import Web, served
from tests.servers import Addresses

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def web(servers: Addresses, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    with steady_web(servers, tmp_path_factory.mktemp("cancel")) as running:
        yield running


def _send(web: Web) -> tuple[UUID, UUID]:
    vault = web.app.extensions["consular.vault"]
    with web.database.transaction(NETWORK_SCOPE) as session:
        now = database_clock(session)
        prepare_reference(session, now=now)
        sender = make_sender(session, now=now, vault=vault)
        remittance = make_remittance(session, sender, now=now, vault=vault)
        assert sender.account_id is not None
        return sender.account_id, remittance.id


def test_what_is_left_is_counted_down_and_said_without_a_script(browser: Browser, web: Web) -> None:
    account, remittance = _send(web)
    with served(web) as address:
        page = f"{address}/envios/{remittance}"
        plain = citizens_phone(browser, web, address, account)
        plain.goto(page)
        said = read_page(plain)
        assert "Puedes cancelar hasta las" in said
        assert "quedan" not in said
        context = browser.new_context(storage_state=plain.context.storage_state())
        live = context.new_page()
        live.clock.install()
        live.goto(page)
        section = live.locator("section[aria-labelledby=h-cancel]")
        expect(section).to_contain_text("(quedan 30 min)")
        live.clock.fast_forward("10:00")
        expect(section).to_contain_text("(quedan 20 min)")
        live.clock.fast_forward("19:00")
        expect(section).to_contain_text(re.compile(r"\(quedan \d{1,2} s\)"))
        live.clock.fast_forward("01:00")
        expect(section).not_to_contain_text("quedan")
        # The page asks for news as well: that is answered before its server ends.
        live.wait_for_load_state("networkidle")
        for each in (context, plain.context):
            each.close()
