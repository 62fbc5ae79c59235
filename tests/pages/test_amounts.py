"""On the pages an amount is understood as people write it or asked back, never misread."""

from __future__ import annotations

import re

import pytest

from tests.factories.web import Web
from tests.pages.test_sending import _post, sender


@pytest.mark.parametrize(
    ("written", "dollars"),
    [("10,50", "10.50"), ("1.000,00", "1,000.00"), ("$1,000", "1,000.00"), ("300", "300.00")],
)
def test_an_amount_is_priced_as_the_person_meant_it(web: Web, written: str, dollars: str) -> None:
    form = {"send_amount": written, "funding": "bank_account", "payout": "branch"}
    page = _post(sender(web), "/enviar", form).text
    transfer = re.search(r"Cantidad de envío</dt>\s*<dd>(.*?)</dd>", page)
    assert transfer, page
    assert dollars in transfer[1]


@pytest.mark.parametrize("written", ["1.000", "1e2", "１００", "300 pesos", "-5"])
def test_an_amount_that_could_be_another_is_asked_back(web: Web, written: str) -> None:
    form = {"send_amount": written, "funding": "bank_account", "payout": "branch"}
    page = _post(sender(web), "/enviar", form).text
    assert "No estamos seguros de qué monto es" in page
    assert 'href="#f-send_amount"' in page
    assert "quote=" not in page
