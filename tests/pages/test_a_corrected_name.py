"""A transfer's page goes on when the recipient's name was corrected, and says the new one."""

from __future__ import annotations

import re
from uuid import UUID

from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.remittances.correcting import claim_correction
from tests.factories.web import Web
from tests.pages.test_dues_in_a_transfer import RECIPIENT, Asked


def test_the_page_says_the_corrected_name(web: Web) -> None:
    sender = Asked(web)
    quote = re.search(r"quote=([0-9a-f-]{36})", sender.quote())
    assert quote
    check = sender.post("/enviar/destinatario", {"quote": quote.group(1), **RECIPIENT}).location
    ordered = sender.post("/enviar/revisar", {"d": check.partition("=")[2]}).location
    address = str(ordered).partition("?")[0]
    sender.post(f"{address}/nombre", {"given_names": "Rosa", "first_surname": "Receptora"})
    with web.database.transaction(NETWORK_SCOPE) as session:
        claim_correction(session, UUID(address.rpartition("/")[2]), now=system_clock())
    assert "Rosa Receptora" in sender.page(address)
