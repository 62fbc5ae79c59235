"""What a remittance costs workers in round trips to PostgreSQL, item by item."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.kernel.audit import Actor
from services.remittances.rules import Payout, Status
from tests.factories.counting import counting
from tests.factories.payouts import CALLBACK, PAYOUT, PayoutBench
from tests.factories.remittances import make_remittance, make_sender

# Beside those that open transactions, with the look-up of each item by this test.
MOST_TO_SEND, MOST_OF_A_CALLBACK, MOST_OVERTAKEN = 30, 12, 5


def _order(bench: PayoutBench, sender: Actor) -> UUID:
    with bench.work.transaction() as session:
        return make_remittance(
            session, sender, payout=Payout.ACCOUNT, send=10_00, now=bench.clock(), paid=False
        ).id


def test_a_remittance_costs_few_statements(
    bench: PayoutBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Calls that were bought stay bought, however slow the machine.
    monkeypatch.setattr("workers.gate.TOKENS_SECONDS", 600.0)
    with bench.work.transaction() as session:
        sender = make_sender(session)
    # The first one meets each agency, reads its terms and buys calls of it.
    bench.run_one(_order(bench, sender), PAYOUT)
    remittance = _order(bench, sender)
    with counting(bench.work.database) as sending:
        bench.run_one(remittance, PAYOUT)
    assert bench.status(remittance) is Status.SUBMITTED
    bench.clock.forward(seconds=2)
    bench.call_back(remittance)
    [called] = [item for item in bench.waiting() if bench.topic(item) == CALLBACK]
    with counting(bench.work.database) as telling:
        bench.run(called)
    assert bench.status(remittance) is Status.PAID
    with counting(bench.work.database) as overtaken:
        bench.run_one(remittance, PAYOUT)
    assert 0 < len(sending) <= MOST_TO_SEND, "\n".join(sending)
    assert 0 < len(telling) <= MOST_OF_A_CALLBACK, "\n".join(telling)
    assert 0 < len(overtaken) <= MOST_OVERTAKEN, "\n".join(overtaken)
