"""The sender is written to when they have paid, when it can be collected and at the end."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from services.remittances.funding import ChargeAnswer, settle_charge
from services.remittances.rules import ChargeStatus, Payout, Status
from tests.factories.payouts import PayoutBench
from tests.factories.remittances import VAULT, make_remittance, make_sender
from workers import message_context
from workers.message_context import Means, MessageContext
from workers.messages import write

Gather = Callable[..., MessageContext | None]


def _told(bench: PayoutBench, gather: Gather, remittance: UUID) -> str | None:
    """What the message says now, if it still goes out."""
    with bench.work.transaction() as session:
        context = gather(session, remittance, Means(bench.clock(), "https://x.example", VAULT))
    return write(context.message, "es", context.values).body if context else None


def test_paid_then_to_be_collected_then_delivered(bench: PayoutBench) -> None:
    with bench.work.transaction() as session:
        sender = make_sender(session, now=bench.clock())
        sent = make_remittance(session, sender, payout=Payout.BRANCH, now=bench.clock())
        remittance = sent.id
    paid = _told(bench, message_context.remittance_funded, remittance)
    assert paid is not None
    for said in ("302.99 USD", "5537.01 MXN", "Puedes cancelarlo hasta", f"/envios/{remittance}"):
        assert said in paid
    assert _told(bench, message_context.remittance_available, remittance) is None
    for _ in range(3):
        bench.run_all()
        bench.clock.forward(seconds=120)
    assert bench.status(remittance) is Status.AVAILABLE
    available = _told(bench, message_context.remittance_available, remittance)
    assert available is not None
    assert "identificación oficial vigente" in available
    assert bench.collect(remittance)
    bench.finish()
    delivered = _told(bench, message_context.remittance, remittance)
    assert delivered is not None
    assert "fue entregado: 5537.01 MXN" in delivered
    for late in (message_context.remittance_funded, message_context.remittance_available):
        assert _told(bench, late, remittance) is None


@pytest.mark.parametrize("faults", [{"unpaid_rate": 1.0}, {"declined_rate": 1.0}], ids=str)
def test_who_did_not_pay_is_told_once_that_nothing_was_charged_and_what_to_do(
    bench: PayoutBench, faults: dict[str, float]
) -> None:
    with bench.work.transaction() as session:
        sender = make_sender(session, now=bench.clock())
        remittance = make_remittance(session, sender, now=bench.clock(), paid=False).id
    gather = message_context.remittance_not_paid
    bench.fault("payments", **faults)
    bench.run_all()
    bench.clock.forward(hours=30)
    for _ in range(3):
        bench.run_all()
    assert bench.status(remittance) is Status.FAILED
    told = _told(bench, gather, remittance)
    assert told is not None
    for said in ("no se cobró ni se envió nada", "precio nuevo", f"/envios/{remittance}"):
        assert said in told
    assert bench.topics(remittance).count("remittances.not_paid") == 1


def test_a_payment_that_the_bank_took_back_is_not_said_to_have_never_come(
    bench: PayoutBench,
) -> None:
    with bench.work.transaction() as session:
        sender = make_sender(session, now=bench.clock())
        remittance = make_remittance(session, sender, now=bench.clock()).id
        answer = ChargeAnswer(ChargeStatus.RETURNED)
        settle_charge(session, remittance, answer, now=bench.clock())
    assert bench.status(remittance) is Status.FAILED
    assert bench.topics(remittance).count("remittances.not_paid") == 1
    assert _told(bench, message_context.remittance_not_paid, remittance) is None
