"""What a remittance costs workers in round trips to PostgreSQL, item by item and as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import select

from integrations.contracts import Message, MessageSender
from services.kernel.audit import Actor
from services.outbox.models import OutboxItem
from services.remittances.rules import Payout, Status
from tests.factories.counting import counting
from tests.factories.payouts import CALLBACK, PAYOUT, PayoutBench
from tests.factories.remittances import make_remittance, make_sender
from workers.gate import Guarded
from workers.jobs.run import use

FUNDED, PAID = "remittances.funded", "remittances.paid"
# Beside those that open transactions, with the look-up of each item by this test.
MOST_TO_SEND, MOST_OF_A_CALLBACK, MOST_TO_TELL = 26, 13, 11
# From its price to the message that it is paid, with what the web does of it.
MOST = 73


@dataclass
class Gateway:
    """Takes every message."""

    taken: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> str | None:
        """Take it."""
        self.taken.append(message)
        return message.key


@pytest.fixture
def gateway(bench: PayoutBench, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    """Calls that were bought stay bought, however slow the machine."""
    monkeypatch.setattr("workers.gate.TOKENS_SECONDS", 600.0)
    gateway, work = Gateway(), bench.work
    notices = cast(MessageSender, Guarded(work.gate, "notices", gateway))
    bench.work = replace(work, agencies=replace(work.agencies, notices=notices))
    use(bench.work)
    return gateway


@dataclass(frozen=True)
class Life:
    """One remittance, from its price on."""

    bench: PayoutBench
    sender: Actor

    def order(self) -> UUID:
        """Quote and order."""
        with self.bench.work.transaction() as session:
            return make_remittance(
                session,
                self.sender,
                payout=Payout.ACCOUNT,
                send=10_00,
                now=self.bench.clock(),
                paid=False,
            ).id

    def call_back(self, remittance: UUID) -> UUID:
        """The agency has paid, and says so; the item."""
        self.bench.clock.forward(seconds=2)
        self.bench.call_back(remittance)
        [called] = [item for item in self.bench.waiting() if self.bench.topic(item) == CALLBACK]
        return called

    def run(self) -> UUID:
        """All of it, until the sender was told that it is paid."""
        remittance = self.order()
        self.bench.run_one(remittance, PAYOUT)
        self.bench.run_one(remittance, FUNDED)
        self.bench.run(self.call_back(remittance))
        self.bench.run_one(remittance, PAID)
        return remittance

    def left(self, remittance: UUID) -> list[str]:
        """What is still to be done about it."""
        with self.bench.work.transaction() as session:
            waiting = select(OutboxItem.topic).where(
                OutboxItem.ref == remittance, OutboxItem.done_at.is_(None)
            )
            return list(session.scalars(waiting))


@pytest.fixture
def life(bench: PayoutBench) -> Life:
    """The first one meets each agency, reads its terms and buys calls of it."""
    with bench.work.transaction() as session:
        return Life(bench, make_sender(session, email="ana@example.org"))


@pytest.mark.usefixtures("gateway")
def test_each_item_costs_few_statements(bench: PayoutBench, life: Life) -> None:
    life.run()
    remittance = life.order()
    with counting(bench.work.database) as sending:
        bench.run_one(remittance, PAYOUT)
    assert bench.status(remittance) is Status.SUBMITTED
    called = life.call_back(remittance)
    with counting(bench.work.database) as calling:
        bench.run(called)
    assert bench.status(remittance) is Status.PAID
    with counting(bench.work.database) as telling:
        bench.run_one(remittance, PAID)
    assert 0 < len(sending) <= MOST_TO_SEND, "\n".join(sending)
    assert 0 < len(calling) <= MOST_OF_A_CALLBACK, "\n".join(calling)
    assert 0 < len(telling) <= MOST_TO_TELL, "\n".join(telling)


def test_a_whole_remittance_costs_few_statements(
    bench: PayoutBench, life: Life, gateway: Gateway
) -> None:
    life.run()
    with counting(bench.work.database) as sent:
        remittance = life.run()
    assert bench.status(remittance) is Status.PAID
    # Told of the payment and of the end, twice; and the question that waited is not asked.
    assert len(gateway.taken) == 4
    assert life.left(remittance) == []
    assert 0 < len(sent) <= MOST, "\n".join(sent)
