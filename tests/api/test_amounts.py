"""The API takes plain decimals as text, and says which field holds anything else."""

from __future__ import annotations

from typing import Any

from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.factories.remittances import prepare_reference
from tests.factories.web import Web

NO_AMOUNTS: list[Any] = [
    "-1", "0", "0.00", "0.001", "1e2", "１００", "٣٠٠", "100,00", "1_0", "+5", " 5", "5.", ".5",
    "", "NaN", "Infinity", "0x5", 100, 100.0, True, None, ["100"],
]  # fmt: skip


def test_an_amount_that_is_no_plain_decimal_is_refused_by_its_field(web: Web) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session, now=system_clock())
    token = web.token("citizen", subject="ana")
    answers = {}
    for amount in [*NO_AMOUNTS, "100.00"]:
        money = {"amount": amount, "currency": "USD"}
        body = {"send": money, "funding": "bank_account", "payout": "branch"}
        answer = web.call("POST", "/quotes", body, token=token)
        answers[str(amount)] = (answer.status_code, list(answer.get_json().get("errors", {})))
    assert answers.pop("100.00") == (201, [])
    assert {name: what for name, what in answers.items() if what != (422, ["send"])} == {}
