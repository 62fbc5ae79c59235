"""What an agency tells us is signed, retried, at times told twice, and says only a folio."""

from __future__ import annotations

import json
import time
from pathlib import Path

import httpx
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from integrations.contracts import PayoutChannel
from integrations.finabien.client import FinabienClient
from integrations.sat.client import SatClient
from integrations.simulator.app import Simulator, create_simulator, running
from tests.integrations.conftest import PRODUCT, SECRETS, Clock, Product, an_order, order_faults
from tests.integrations.test_tax_register import a_request


def test_a_settled_payout_is_told_with_a_signature_that_verifies(
    simulator: Simulator, finabien: FinabienClient, product: Product, clock: Clock
) -> None:
    finabien.submit(an_order())
    assert simulator.send_due_callbacks() == 0
    clock.forward(1)
    assert simulator.send_due_callbacks() == 1
    assert simulator.send_due_callbacks() == 0
    [call] = product.received
    assert str(call.url) == f"{PRODUCT}/api/v1/callbacks/finabien"
    message = Webhook(SECRETS["finabien.callbacks"]).verify(call.content, dict(call.headers))
    assert message == {"type": "payout.updated", "folio": an_order().folio}
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRETS["sat.callbacks"]).verify(call.content, dict(call.headers))


def test_the_register_tells_its_decision(
    simulator: Simulator, sat: SatClient, product: Product, clock: Clock
) -> None:
    sat.request(a_request())
    clock.forward(2)
    simulator.send_due_callbacks()
    [call] = product.received
    message = Webhook(SECRETS["sat.callbacks"]).verify(call.content, dict(call.headers))
    assert message == {"type": "registration.updated", "folio": a_request().folio}


def test_each_step_has_its_own_id_and_a_repeat_has_none(
    simulator: Simulator, finabien: FinabienClient, control: httpx.Client, product: Product
) -> None:
    order = an_order(channel=PayoutChannel.BRANCH, account=None)
    finabien.submit(order)
    finabien.submit(order)
    simulator.send_due_callbacks()
    control.post(f"/_simulator/branches/{order.folio}/collect")
    simulator.send_due_callbacks()
    ids = [call.headers["webhook-id"] for call in product.received]
    assert len(ids) == len(set(ids)) == 2


def test_a_callback_not_taken_is_told_again_under_the_same_id(
    simulator: Simulator, finabien: FinabienClient, product: Product, clock: Clock
) -> None:
    product.answers_with = 500
    finabien.submit(an_order())
    clock.forward(1)
    assert simulator.send_due_callbacks() == 0
    product.answers_with = 200
    clock.forward(1)
    assert simulator.send_due_callbacks() == 1
    ids = {call.headers["webhook-id"] for call in product.received}
    assert (len(product.received), len(ids)) == (2, 1)


def test_one_that_fails_does_not_hold_up_the_next(
    simulator: Simulator, finabien: FinabienClient, product: Product, clock: Clock
) -> None:
    product.answers_with = 500
    finabien.submit(an_order("R1"))
    clock.forward(1)
    simulator.send_due_callbacks()
    product.answers_with = 200
    finabien.submit(an_order("R2", channel=PayoutChannel.BRANCH, account=None))
    assert simulator.send_due_callbacks() == 1
    assert json.loads(product.received[-1].content)["folio"] == "R2"


def test_duplicates_on_demand_carry_the_same_id(
    simulator: Simulator, finabien: FinabienClient, control: httpx.Client, product: Product
) -> None:
    order_faults(control, "finabien", duplicate_callback_rate=1)
    finabien.submit(an_order(channel=PayoutChannel.BRANCH, account=None))
    simulator.send_due_callbacks()
    first, second = product.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_a_running_simulator_tells_by_itself(tmp_path: Path, product: Product) -> None:
    simulator = create_simulator(
        tmp_path,
        callback_base_url=PRODUCT,
        secrets=SECRETS,
        settle_seconds=0,
        callback_transport=product,
    )
    with (
        running(simulator) as url,
        FinabienClient(f"{url}/finabien", SECRETS["finabien"]) as client,
    ):
        client.submit(an_order())
        deadline = time.monotonic() + 60
        while not product.received and time.monotonic() < deadline:
            time.sleep(0.02)
    assert len(product.received) == 1
