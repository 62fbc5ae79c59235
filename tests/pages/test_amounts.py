"""On the pages an amount is understood as people write it or asked back, never misread."""

from __future__ import annotations

import re

import pytest

from tests.factories.web import Web
from tests.pages.test_sending import _post, sender

HOW = {"funding": "bank_account", "payout": "branch"}
UNDERSTOOD = {
    "10,50": "10.50", "1.000,00": "1,000.00", "$1,000": "1,000.00", "300": "300.00",
    "$300": "300.00", "300,00": "300.00", "1,000": "1,000.00", "1.000,50": "1,000.50",
}  # fmt: skip
UNCLEAR = ("1.000", "1e2", "１００", "300 pesos", "-5", "-1", "0.001")
TOO_LITTLE_OR_TOO_MUCH = {"send": ("0", "0.99", "2500.01"), "receive": ("0", "0,99", "47000")}


def test_an_amount_is_priced_as_the_person_meant_it(web: Web) -> None:
    client, priced = sender(web), {}
    for written in UNDERSTOOD:
        page = _post(client, "/enviar", {"send_amount": written, **HOW}).text
        transfer = re.search(r"Cantidad de envío</dt>\s*<dd>([0-9.,]+)\s*USD</dd>", page)
        priced[written] = transfer and transfer[1]
    assert priced == UNDERSTOOD


@pytest.mark.parametrize("way", ["send", "receive"])
def test_an_amount_that_could_be_another_or_can_t_be_sent_is_refused_by_its_field(
    web: Web, way: str
) -> None:
    client = sender(web)
    for written in (*UNCLEAR, *TOO_LITTLE_OR_TOO_MUCH[way]):
        if way == "receive" and "pesos" in written:
            continue  # of pesos it is said rightly
        page = _post(client, "/enviar", {f"{way}_amount": written, **HOW}).text
        asked_back = "No estamos seguros de qué monto es" in page
        assert asked_back is (written in UNCLEAR), written
        assert f'href="#f-{way}_amount"' in page, written
        assert "quote=" not in page
