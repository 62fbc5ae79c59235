"""The sender is written to when they have paid, when it can be collected and at the end."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from services.kernel.audit import Actor
from services.kernel.ids import spaced
from services.remittances.funding import ChargeAnswer, settle_charge
from services.remittances.models import Remittance
from services.remittances.rules import RATE_OVER, ChargeStatus, Payout, Status
from tests.factories.payouts import PayoutBench
from tests.factories.remittances import VAULT, make_divided, make_remittance, make_sender
from workers import message_context
from workers.message_context import Means, MessageContext
from workers.messages import write

Gather = Callable[..., MessageContext | None]


@pytest.fixture
def sender(bench: PayoutBench) -> Actor:
    with bench.work.transaction() as session:
        return make_sender(session, now=bench.clock())


def _means(bench: PayoutBench) -> Means:
    return Means(bench.clock(), "https://x.example", VAULT)


def _written(context: MessageContext | None) -> str | None:
    return write(context.message, "es", context.values).body if context else None


def _told(bench: PayoutBench, gather: Gather, remittance: UUID) -> str | None:
    """What the message says now, if it still goes out."""
    with bench.work.transaction() as session:
        return _written(gather(session, remittance, _means(bench)))


def test_paid_then_to_be_collected_then_delivered(bench: PayoutBench) -> None:
    with bench.work.transaction() as session:
        sender = make_sender(session, now=bench.clock())
        sent = make_remittance(session, sender, payout=Payout.BRANCH, now=bench.clock())
        remittance, folio = sent.id, spaced(sent.folio)
    paid = _told(bench, message_context.remittance_funded, remittance)
    assert paid is not None
    address = f"/envios/{remittance}"
    receipt = (folio, "Tu recibo", address)
    for said in ("302.99 USD", "5537.01 MXN", "Puedes cancelarlo hasta", *receipt):
        assert said in paid
    assert _told(bench, message_context.remittance_available, remittance) is None
    for _ in range(3):
        bench.run_all()
        bench.clock.forward(seconds=120)
    assert bench.status(remittance) is Status.AVAILABLE
    available = _told(bench, message_context.remittance_available, remittance)
    assert available is not None
    for said in ("identificación oficial vigente", *receipt):
        assert said in available
    assert bench.collect(remittance)
    bench.finish()
    delivered = _told(bench, message_context.remittance, remittance)
    assert delivered is not None
    for said in ("fue entregado: 5537.01 MXN", *receipt):
        assert said in delivered
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


def _money_back(bench: PayoutBench, remittance: UUID) -> str:
    told = _told(bench, message_context.remittance, remittance)
    assert told is not None
    return told


def test_of_two_parts_it_is_told_what_goes_back_and_what_stays(
    bench: PayoutBench, sender: Actor
) -> None:
    with bench.work.transaction() as session:
        person, dues = (each.id for each in make_divided(session, sender, now=bench.clock()))
    rows = bench.rows([person, dues])
    totals = {row.id: f"{row.total.amount} USD" for row in rows}
    folios = {row.id: spaced(row.folio) for row in rows}
    bench.cancel(dues, sender)
    told = _money_back(bench, dues)
    for said in (
        f"Las cuotas del IMSS, folio {folios[dues]}, no se pagaron",
        f"Te devolvemos {totals[dues]}, lo que pagaste por esa parte",
        f"De tu pago quedan {totals[person]} en el dinero para la persona",
        f"folio {folios[person]}",
    ):
        assert said in told
    bench.cancel(person, sender)
    told = _money_back(bench, person)
    for said in (
        f"El dinero para la persona a quien envías, folio {folios[person]}, no se entregó",
        f"Te devolvemos {totals[person]}, lo que pagaste por esa parte",
        f"De tu pago quedan 0.00 USD en las cuotas del IMSS, folio {folios[dues]}",
    ):
        assert said in told


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({}, "Te devolvemos 302.99 USD, todo lo que pagaste"),
        (
            {"refunded_minor": 300_00, "remedied_minor": 2_99},
            "Te devolvemos 300.00 USD a más tardar en 3 días hábiles. Ya te habíamos devuelto 2.99",
        ),
        ({"reason_code": RATE_OVER}, "tu tipo de cambio. Te devolvemos 302.99 USD"),
        ({"refunded_minor": 0, "returned_minor": 302_99}, None),
    ],
    ids=["all", "the rest", "the rate was over", "the bank took it"],
)
def test_a_refund_is_told_with_the_amount_that_goes_back(
    bench: PayoutBench, sender: Actor, columns: dict[str, object], said: str | None
) -> None:
    with bench.work.transaction() as session:
        remittance = make_remittance(session, sender, now=bench.clock()).id
    bench.cancel(remittance, sender)
    with bench.work.transaction() as session:
        row = session.get_one(Remittance, remittance)
        folio = spaced(row.folio)
        for name, value in columns.items():
            setattr(row, name, value)
        session.flush()
        context = message_context.remittance(session, remittance, _means(bench))
        # The books, which are looked at in the end, don't have that.
        session.rollback()
    told = _written(context)
    assert (told is None) == (said is None)
    if told is not None and said is not None:
        for words in (said, folio, "Tu recibo"):
            assert words in told
