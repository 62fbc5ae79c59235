"""Two web hosts whose clocks differ agree on prices, limits and windows: the database's counts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from consular.app import create_app
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from tests.factories.remittances import prepare_reference
from tests.factories.web import Web


@pytest.mark.parametrize("minutes", [-40, 40])
def test_a_price_is_kept_as_long_as_promised_on_whatever_host(web: Web, minutes: int) -> None:
    with web.database.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session, now=system_clock())
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    wrong = create_app(web.settings, clock=lambda: system_clock() + timedelta(minutes=minutes))
    other = Web(web.settings, wrong)
    try:
        money = {"amount": "20.00", "currency": "USD"}
        price = {"send": money, "funding": "bank_account", "payout": "branch"}
        for quoting, ordered in ((web, other), (other, web)):
            quote = quoting.call("POST", "/quotes", price, token=token).get_json()
            recipient = {"given_names": "Rosa", "first_surname": "Demo"}
            answer = ordered.call(
                "POST",
                "/remittances",
                {"quote": quote["id"], "recipient": recipient},
                token=token,
                headers={"Idempotency-Key": quote["id"]},
            )
            assert answer.status_code == 202, answer.text
            until = answer.get_json()["cancel_until"]
            assert abs(_minutes_from_now(until) - 30) < 1
    finally:
        wrong.extensions["consular.database"].dispose()
        wrong.extensions["consular.redis"].close()


def _minutes_from_now(moment: str) -> float:
    return (system_clock().fromisoformat(moment) - system_clock()).total_seconds() / 60
