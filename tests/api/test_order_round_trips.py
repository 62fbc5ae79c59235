"""What a quote and an order cost in round trips to PostgreSQL."""

from __future__ import annotations

from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.factories.counting import counting
from tests.factories.remittances import prepare_reference
from tests.factories.web import Web


def test_a_quote_and_its_order_cost_few_statements(web: Web) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session, now=system_clock())
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    price = {
        "send": {"amount": "20.00", "currency": "USD"},
        "funding": "bank_account",
        "payout": "branch",
    }
    orders = []
    for _ in range(2):
        with counting(web.app.extensions["consular.database"]) as quoting:
            quote = web.call("POST", "/quotes", price, token=token).get_json()["id"]
        body = {"quote": quote, "recipient": {"given_names": "Rosa", "first_surname": "Demo"}}
        key = {"Idempotency-Key": quote}
        with counting(web.app.extensions["consular.database"]) as ordering:
            answer = web.call("POST", "/remittances", body, token=token, headers=key)
        assert answer.status_code == 202, answer.text
        orders.append(ordering)
    # Terms, and the quote.
    assert len(quoting) == 2, "\n".join(quoting)
    # The key, what decides, recipient and order, what else it means, the answer. The first order of
    # a sender also binds who they are.
    assert len(orders[1]) == 5, "\n".join(orders[1])
    assert len(orders[0]) <= 7, "\n".join(orders[0])
