"""Each fault that can be ordered does what it says, and nothing does when none is ordered."""

from __future__ import annotations

import json
import time

import httpx
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from integrations.contracts import EnrollmentStatus
from integrations.errors import OutcomeUnknown, Retryable
from integrations.sat.client import SatClient
from integrations.simulator.app import Simulator
from integrations.simulator.callbacks import HELD_BACK_SECONDS
from integrations.simulator.inprocess import InProcessTransport
from tests.integrations.conftest import SECRETS, Clock, Product, effects, order_faults
from tests.integrations.test_tax_register import a_request


def test_an_oversized_answer_is_not_read_and_the_request_is_there(
    sat: SatClient, control: httpx.Client
) -> None:
    order_faults(control, "sat", oversized_rate=1)
    with pytest.raises(OutcomeUnknown) as unknown:
        sat.request(a_request())
    assert unknown.value.code == "too_large"
    with pytest.raises(Retryable):
        sat.status(a_request().folio)
    control.delete("/_simulator/faults/sat")
    assert sat.status(a_request().folio).status is not EnrollmentStatus.NOT_FOUND
    assert effects(control, "sat") == {a_request().folio: 1}


def test_an_answer_after_the_deadline_is_unknown_and_the_request_is_there(
    simulator: Simulator, control: httpx.Client
) -> None:
    order_faults(control, "sat", late_answer_rate=1, late_answer_ms=150)
    transport = InProcessTransport(simulator)
    with SatClient("http://s.test/sat", SECRETS["sat"], transport, timeout_seconds=0.1) as client:
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown) as unknown:
            client.request(a_request())
    assert unknown.value.code == "timeout"
    assert time.monotonic() - started >= 0.15
    assert effects(control, "sat") == {a_request().folio: 1}


def test_by_default_a_late_answer_is_later_than_an_adapter_waits(control: httpx.Client) -> None:
    faults = control.get("/_simulator/faults/sat").json()
    assert faults["late_answer_ms"] > 10_000
    assert faults["late_answer_rate"] == 0


def test_a_callback_signed_with_another_secret_does_not_verify_and_is_tried_again(
    simulator: Simulator, sat: SatClient, control: httpx.Client, product: Product, clock: Clock
) -> None:
    product.answers_with = 401
    order_faults(control, "sat", wrong_signature_rate=1)
    sat.request(a_request())
    clock.forward(2)
    assert simulator.send_due_callbacks() == 0
    product.answers_with = 200
    control.delete("/_simulator/faults/sat")
    clock.forward(1)
    assert simulator.send_due_callbacks() == 1
    wrong, right = product.received
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRETS["sat.callbacks"]).verify(wrong.content, dict(wrong.headers))
    Webhook(SECRETS["sat.callbacks"]).verify(right.content, dict(right.headers))
    assert wrong.headers["webhook-id"] == right.headers["webhook-id"]


def test_a_callback_held_back_is_overtaken_and_arrives_once(
    simulator: Simulator, sat: SatClient, control: httpx.Client, product: Product, clock: Clock
) -> None:
    sat.request(a_request(folio="EFIRST"))
    clock.forward(2)
    order_faults(control, "sat", reorder_callback_rate=1)
    assert simulator.send_due_callbacks() == 0
    control.delete("/_simulator/faults/sat")
    sat.request(a_request(folio="ESECOND"))
    clock.forward(HELD_BACK_SECONDS - 0.1)
    simulator.send_due_callbacks()
    assert product.received == []
    # The second is due before the first is let go on.
    with simulator.world.memory.transaction() as db:
        db.execute("UPDATE callbacks SET due_at = 0 WHERE id = 'sat-ESECOND-decided'")
    simulator.send_due_callbacks()
    clock.forward(1)
    simulator.send_due_callbacks()
    folios = [json.loads(call.content)["folio"] for call in product.received]
    assert folios == ["ESECOND", "EFIRST"]


def test_an_early_callback_arrives_before_the_answer_and_the_real_one_still_comes(
    simulator: Simulator, sat: SatClient, control: httpx.Client, product: Product, clock: Clock
) -> None:
    order_faults(control, "sat", early_callback_rate=1, drop_after_effect_rate=1)
    with pytest.raises(OutcomeUnknown):
        sat.request(a_request())
    [early] = product.received
    message = Webhook(SECRETS["sat.callbacks"]).verify(early.content, dict(early.headers))
    assert message == {"type": "registration.updated", "folio": a_request().folio}
    clock.forward(2)
    simulator.send_due_callbacks()
    ids = [call.headers["webhook-id"] for call in product.received]
    assert len(ids) == len(set(ids)) == 2


def test_a_repeat_calls_nobody_early(
    sat: SatClient, control: httpx.Client, product: Product
) -> None:
    sat.request(a_request())
    order_faults(control, "sat", early_callback_rate=1)
    sat.request(a_request())
    sat.status(a_request().folio)
    assert product.received == []


@pytest.mark.parametrize(
    "body",
    [
        {"wrong_signature_rate": 2},
        {"late_answer_ms": 0.5},
        {"late_answer_ms": True},
        {"oversized_rate": "1"},
        {"reorder_callbacks_rate": 1},
        {"early_callback_rate": -0.1},
    ],
)
def test_a_switch_that_is_unknown_or_makes_no_sense_is_refused(
    control: httpx.Client, body: object
) -> None:
    answer = control.put("/_simulator/faults/sat", json=body)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, list(body))  # type: ignore[call-overload]
