"""A web process is killed in the middle of an order: whoever repeats it under the same key has one
order and its answer, whether the first had been written or not."""

from __future__ import annotations

import os
import signal
from datetime import UTC, datetime
from multiprocessing import get_context
from typing import Any, NoReturn

import pytest
from sqlalchemy import func, select

from consular.app import create_app
from services.kernel import idempotency
from services.kernel.db import NETWORK_SCOPE
from services.kernel.settings import Settings
from services.ledger.models import JournalEntry
from services.outbox.models import OutboxItem
from services.remittances.models import Charge, Remittance
from tests.factories.remittances import prepare_reference
from tests.factories.web import Web

RECIPIENT = {"given_names": "Rosa", "first_surname": "Demo"}
KEY = {"Idempotency-Key": "k"}


def _die(*_: object, **_named: object) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still alive")


def _order_and_die(settings: Settings, committed: bool, token: str, body: Any) -> None:
    """A web process of its own, which is gone before or after its transaction ended, and answers
    nobody."""
    app = create_app(settings)
    if committed:
        app.after_request(_die)
    else:
        # The last statement of the command.
        idempotency.finish = _die
    headers = {**KEY, "Authorization": f"Bearer {token}"}
    app.test_client().post("/api/v1/remittances", json=body, headers=headers)


def _counts(web: Web) -> list[int]:
    """Orders, charges, entries and what is to be done about orders."""
    about = OutboxItem.topic.like("remittances.%")
    with web.database.transaction(NETWORK_SCOPE) as session:
        queries = [select(func.count()).select_from(each) for each in (Remittance, Charge)]
        queries.append(select(func.count()).select_from(JournalEntry))
        queries.append(select(func.count()).select_from(OutboxItem).where(about))
        return [session.scalar(query) or 0 for query in queries]


@pytest.mark.parametrize("committed", [False, True], ids=["before it commits", "before it answers"])
def test_the_same_key_after_a_kill_has_one_order_and_its_answer(web: Web, committed: bool) -> None:
    token = web.token("citizen", subject="ana", name="Ana|Demo|Prueba")
    with web.database.transaction(NETWORK_SCOPE) as session:
        prepare_reference(session, now=datetime.now(UTC))
    price = {
        "send": {"amount": "100.00", "currency": "USD"}, "funding": "cash", "payout": "branch",
    }  # fmt: skip
    quote = web.call("POST", "/quotes", price, token=token).get_json()["id"]
    body = {"quote": quote, "recipient": RECIPIENT}
    process = get_context("spawn").Process(
        target=_order_and_die, args=(web.settings, committed, token, body)
    )
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    written = _counts(web)
    assert (written[0] == 1) is committed
    answers = [web.call("POST", "/remittances", body, token=token, headers=KEY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].get_json() == answers[1].get_json()
    after = _counts(web)
    assert after[:2] == [1, 1]
    assert after == written or not committed
    [order] = web.call("GET", "/remittances", token=token).get_json()["items"]
    assert order["id"] == answers[0].get_json()["id"]
    other = web.call(
        "POST", "/remittances", body, token=token, headers={"Idempotency-Key": "another"}
    )
    assert (other.status_code, other.get_json()["code"]) == (409, "quote_used")
