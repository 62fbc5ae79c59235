"""What may be done with a remittance is one rule: what the API does, the page offers."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE
from services.remittances.rules import FINAL, STOPPED, Action, Status, actions
from tests.factories.remittances import bring_to, prepare_reference
from tests.factories.staff import citizen_browser
from tests.factories.web import Web

NOW = system_clock()


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("reached", [False, True])
def test_the_page_offers_to_cancel_when_the_api_does(web: Web, late: bool, reached: bool) -> None:
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    database = web.database
    with database.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session, now=system_clock())
        account = session.execute(text("SELECT id FROM accounts")).scalar_one()
    money = {"amount": "20.00", "currency": "USD"}
    price = {"send": money, "funding": "bank_account", "payout": "branch"}
    quote = web.call("POST", "/quotes", price, token=token).get_json()["id"]
    order = {"quote": quote, "recipient": {"given_names": "Rosa", "first_surname": "Demo"}}
    key = {"Idempotency-Key": "k"}
    remittance = web.call("POST", "/remittances", order, token=token, headers=key).get_json()["id"]
    with database.transaction(NETWORK_SCOPE) as session:
        if late:
            session.execute(text("UPDATE remittances SET cancel_until = now() - interval '1 hour'"))
        if reached:
            bring_to(session, Status.SUBMITTED)
            session.execute(
                text("INSERT INTO payout_attempts VALUES (:id, 1, 'answered', now())"),
                {"id": remittance},
            )
    offered = web.call("GET", f"/remittances/{remittance}", token=token).get_json()["actions"]
    page = citizen_browser(web.app, account).get(f"/envios/{remittance}").text
    assert ("Sí, cancelar el envío" in page) is ("cancel" in offered)
    left = re.search(r'<time datetime="[^"]+" data-countdown="(\d+)">', page)
    assert (left is not None and 29 * 60 < int(left[1]) <= 30 * 60) is not late
    done = web.call("POST", f"/remittances/{remittance}/cancel", {}, token=token)
    assert (done.status_code == 200) is ("cancel" in offered)


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("at_agency", [False, True])
def test_within_the_window_everything_open_can_be_cancelled(
    status: Status, at_agency: bool
) -> None:
    until = NOW + timedelta(minutes=1)
    offered = actions(status, at_agency=at_agency, cancel_until=until, now=NOW)
    ended = status in FINAL | STOPPED
    assert offered == (frozenset() if ended else {Action.CANCEL, Action.CORRECT_NAME})
