"""A folio is one payout, whatever is lost on the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from integrations.contracts import PayoutChannel, PayoutStatus
from integrations.errors import OutcomeUnknown, Refused
from integrations.finabien.client import FinabienClient
from integrations.simulator.app import create_simulator
from integrations.simulator.inprocess import InProcessTransport
from tests.integrations.conftest import PRODUCT, SECRETS, Clock, an_order, effects, order_faults


def test_an_account_is_paid_within_a_second(finabien: FinabienClient, clock: Clock) -> None:
    taken = finabien.submit(an_order())
    assert taken.status is PayoutStatus.ACCEPTED
    assert taken.agency_reference
    submitted = clock.now
    clock.forward(1)
    paid = finabien.status(taken.folio)
    assert paid.status is PayoutStatus.PAID
    assert paid.paid_at == submitted + timedelta(seconds=1)
    assert isinstance(paid.paid_at, datetime)
    assert paid.paid_at.tzinfo is not None


def test_cash_waits_at_a_named_branch_until_collected(
    finabien: FinabienClient, control: httpx.Client
) -> None:
    order = an_order(channel=PayoutChannel.BRANCH, account=None)
    waiting = finabien.submit(order)
    assert waiting.status is PayoutStatus.AVAILABLE
    assert waiting.branch is not None
    assert waiting.branch.startswith("Sucursal Finabien ")
    collect = f"/_simulator/branches/{order.folio}/collect"
    assert control.post(collect).status_code == 200
    assert finabien.status(order.folio).status is PayoutStatus.PAID
    assert control.post(collect).status_code == 409
    assert finabien.cancel(order.folio).status is PayoutStatus.PAID


def test_a_repeat_answers_with_the_present_state_and_does_nothing(
    finabien: FinabienClient, control: httpx.Client, clock: Clock
) -> None:
    order = an_order()
    finabien.submit(order)
    clock.forward(2)
    assert finabien.submit(order).status is PayoutStatus.PAID
    assert effects(control) == {order.folio: 1}


def test_another_body_under_the_same_folio_is_refused(
    finabien: FinabienClient, control: httpx.Client
) -> None:
    finabien.submit(an_order())
    with pytest.raises(Refused) as refused:
        finabien.submit(an_order(amount_minor=999))
    assert refused.value.code == "key_reused"
    assert effects(control) == {an_order().folio: 1}


def test_an_answer_lost_after_the_effect_is_settled_by_asking(
    finabien: FinabienClient, control: httpx.Client
) -> None:
    order_faults(control, "finabien", drop_after_effect_rate=1)
    with pytest.raises(OutcomeUnknown) as lost:
        finabien.submit(an_order())
    assert lost.value.code == "connection_lost"
    control.delete("/_simulator/faults/finabien")
    assert finabien.status(an_order().folio).status is PayoutStatus.ACCEPTED
    finabien.submit(an_order())
    assert effects(control) == {an_order().folio: 1}


def test_an_agency_that_forgets_keys_is_seen_to_double(
    finabien: FinabienClient, control: httpx.Client
) -> None:
    order_faults(control, "finabien", honours_key=False)
    finabien.submit(an_order())
    finabien.submit(an_order())
    assert effects(control) == {an_order().folio: 2}


def test_fifty_at_once_with_one_folio_take_effect_once(
    finabien: FinabienClient, control: httpx.Client
) -> None:
    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(finabien.submit, [an_order()] * 50))
    assert {state.status for state in states} == {PayoutStatus.ACCEPTED}
    assert effects(control) == {an_order().folio: 1}


def test_cancelled_in_time_undoes_the_effect(
    finabien: FinabienClient, control: httpx.Client
) -> None:
    finabien.submit(an_order())
    assert finabien.cancel(an_order().folio).status is PayoutStatus.CANCELLED
    assert finabien.cancel(an_order().folio).status is PayoutStatus.CANCELLED
    assert effects(control) == {}


def test_cancelled_too_late_is_paid(finabien: FinabienClient, clock: Clock) -> None:
    finabien.submit(an_order())
    clock.forward(1)
    assert finabien.cancel(an_order().folio).status is PayoutStatus.PAID


def test_a_folio_never_sent_is_not_found(finabien: FinabienClient) -> None:
    assert finabien.status("R00000000000").status is PayoutStatus.NOT_FOUND
    assert finabien.cancel("R00000000000").status is PayoutStatus.NOT_FOUND


def test_a_closed_account_comes_back_refused_without_effect(
    finabien: FinabienClient, control: httpx.Client, clock: Clock
) -> None:
    order = an_order(beneficiary_first_surname="Rechazado")
    assert finabien.submit(order).status is PayoutStatus.ACCEPTED
    clock.forward(1)
    state = finabien.status(order.folio)
    assert (state.status, state.reason_code) == (PayoutStatus.REFUSED, "account_closed")
    assert effects(control) == {}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"beneficiary_first_surname": "Bloqueado"}, "beneficiary_blocked"),
        ({"account": "002010077777777770"}, "account_invalid"),
        ({"account": "12345"}, "account_invalid"),
        ({"account": "٠٠٢٠١٠٠٧٧٧٧٧٧٧٧٧٧١"}, "account_invalid"),
        ({"channel": PayoutChannel.CARD, "account": "12345"}, "account_invalid"),
        (
            {
                "beneficiary_given_names": "学",
                "beneficiary_first_surname": "生",
                "beneficiary_second_surname": None,
            },
            "beneficiary_name_unwritable",
        ),
        ({"sender_name": "—"}, "sender_name_unwritable"),
        ({"amount_minor": 100_000_000_01}, "amount_out_of_range"),
    ],
)
def test_an_order_that_cannot_be_taken_in_is_refused_for_good(
    finabien: FinabienClient, control: httpx.Client, changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        finabien.submit(an_order(**changes))
    assert refused.value.code == code
    assert finabien.status(an_order().folio).status is PayoutStatus.NOT_FOUND
    assert effects(control) == {}


def test_slow_and_stuck_beneficiaries_leave_time_to_act(
    finabien: FinabienClient, clock: Clock
) -> None:
    slow = an_order("RSLOW0000000", beneficiary_first_surname="Demorado")
    stuck = an_order("RSTUCK000000", beneficiary_first_surname="Detenido")
    finabien.submit(slow)
    finabien.submit(stuck)
    clock.forward(30)
    assert finabien.status(slow.folio).status is PayoutStatus.ACCEPTED
    clock.forward(31)
    assert finabien.status(slow.folio).status is PayoutStatus.PAID
    assert finabien.status(stuck.folio).status is PayoutStatus.ACCEPTED
    assert finabien.cancel(stuck.folio).status is PayoutStatus.CANCELLED


def test_the_agency_remembers_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        simulator = create_simulator(tmp_path, callback_base_url=PRODUCT, secrets=SECRETS)
        transport = InProcessTransport(simulator)
        with FinabienClient("http://s.test/finabien", SECRETS["finabien"], transport) as client:
            client.submit(an_order())
        with httpx.Client(transport=transport, base_url="http://s.test") as control:
            assert effects(control) == {an_order().folio: 1}
        simulator.close()
