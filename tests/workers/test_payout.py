"""Payouts against a simulated agency that fails in every way: paid once, or given back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from services.kernel.audit import Actor
from services.outbox.inbox import receive_callback
from services.outbox.models import OutboxItem
from services.remittances.advancing import claim_next
from services.remittances.models import Remittance
from services.remittances.payees import Recipient
from services.remittances.rules import ATTEMPT_MAY_ARRIVE, Payout, Status
from tests.factories.payouts import CANCEL, PAYOUT, PayoutBench
from tests.factories.remittances import (
    ask_quote,
    make_clabe,
    make_remittance,
    make_sender,
    order_from,
)
from workers.routes import ROUTES
from workers.runtime import LeaseLost


@pytest.fixture
def sender(bench: PayoutBench) -> Actor:
    with bench.work.transaction() as session:
        return make_sender(session)


Order = Callable[..., UUID]


@pytest.fixture
def ordered(bench: PayoutBench, sender: Actor) -> Order:
    """Order one for that recipient; its id."""

    def ordered(surname: str = "Ibarra", payout: Payout = Payout.ACCOUNT) -> UUID:
        with bench.work.transaction() as session:
            return make_remittance(
                session,
                sender,
                surname=surname,
                payout=payout,
                send=10_00,
                now=bench.clock(),
                paid=False,
            ).id

    return ordered


def test_a_calm_agency_pays_once_and_the_sender_is_told(bench: PayoutBench, ordered: Order) -> None:
    remittance = ordered()
    bench.run_all()
    assert bench.status(remittance) is Status.SUBMITTED
    bench.clock.forward(seconds=2)
    bench.run_all()
    assert bench.history(remittance) == ["registered", "funded", "submitted", "paid"]
    assert (bench.effects(remittance), bench.charged(remittance)) == (1, 1)
    assert bench.topics(remittance).count("remittances.paid") == 1
    with bench.work.transaction() as session:
        row = session.get_one(Remittance, remittance)
        assert row.agency_reference
        assert row.paid_at == row.funded_at + timedelta(seconds=1)


def test_an_agency_that_calls_back_is_asked_only_once_its_call_should_have_come(
    bench: PayoutBench, ordered: Order
) -> None:
    remittance = ordered()
    bench.run_all()
    question = bench.item(remittance, PAYOUT)
    with bench.work.transaction() as session:
        item = session.get_one(OutboxItem, question)
        assert item.due_at is not None
        pause = (item.due_at - item.created_at).total_seconds()
    assert pause == pytest.approx(bench.work.callback_seconds, abs=1)


def test_cash_waits_at_a_branch_until_it_is_collected(bench: PayoutBench, ordered: Order) -> None:
    remittance = ordered(payout=Payout.BRANCH)
    bench.run_all()
    assert bench.status(remittance) is Status.AVAILABLE
    with bench.work.transaction() as session:
        assert "Sucursal" in (session.get_one(Remittance, remittance).branch or "")
    bench.collect(remittance)
    bench.call_back(remittance)
    bench.run_all()
    assert bench.ending(remittance) == (Status.PAID, 1)


def test_an_answer_lost_after_the_money_moved_is_asked_for_not_sent_again(
    bench: PayoutBench, ordered: Order
) -> None:
    remittance = ordered()
    bench.fault(drop_after_effect_rate=1.0)
    bench.run_all()
    assert bench.status(remittance) is Status.UNKNOWN
    with bench.work.transaction() as session:
        row = session.get_one(Remittance, remittance)
        assert row.answer_due_at == bench.clock() + timedelta(hours=48)
    bench.fault()
    bench.finish()
    assert bench.history(remittance) == [
        "registered", "funded", "submitted", "unknown", "submitted", "paid",
    ]  # fmt: skip
    assert bench.effects(remittance) == 1
    assert bench.attempts(remittance) == ["answered"]


def test_an_order_that_never_arrived_is_sent_again_under_the_same_folio(
    bench: PayoutBench, ordered: Order
) -> None:
    remittance = ordered()
    # Half of these act before they answer 500, half don't: only asking tells.
    for _ in range(6):
        bench.fault(error_rate=1.0)
        bench.run_all()
        assert bench.status(remittance) is Status.UNKNOWN
        bench.fault()
    bench.finish()
    assert bench.ending(remittance) == (Status.PAID, 1)


def test_an_unavailable_agency_did_nothing_and_is_tried_again(
    bench: PayoutBench, ordered: Order
) -> None:
    remittance = ordered()
    bench.fault(unavailable_rate=1.0)
    for _ in range(3):
        bench.run_all()
    assert bench.status(remittance) is Status.SUBMITTED
    assert bench.attempts(remittance) == ["never_sent"] * 3
    bench.fault()
    bench.finish()
    assert bench.effects(remittance) == 1


def test_garbage_is_no_answer(bench: PayoutBench, ordered: Order) -> None:
    remittance = ordered()
    bench.fault(garbage_rate=1.0)
    for _ in range(3):
        bench.run_all()
    assert bench.status(remittance) is Status.UNKNOWN
    bench.fault()
    bench.finish()
    assert bench.ending(remittance) == (Status.PAID, 1)


@pytest.mark.parametrize(
    ("surname", "reason"), [("Bloqueado", "beneficiary_blocked"), ("Rechazado", "account_closed")]
)
def test_a_refusal_gives_everything_back_with_the_reason(
    bench: PayoutBench, ordered: Order, surname: str, reason: str
) -> None:
    remittance = ordered(surname)
    bench.run_all()
    bench.finish()
    assert bench.ending(remittance) == (Status.REFUNDED, 0)
    with bench.work.transaction() as session:
        assert session.get_one(Remittance, remittance).reason_code == reason
    assert bench.topics(remittance).count("remittances.refunded") == 1


def test_a_name_that_cannot_be_written_gives_everything_back(
    bench: PayoutBench, sender: Actor
) -> None:
    with bench.work.transaction() as session:
        quoted = ask_quote(session, sender, send=10_00, now=bench.clock())
        unwritable = Recipient("明", "李", clabe=make_clabe())
        remittance = order_from(
            session, sender, quoted.id, recipient=unwritable, now=bench.clock(), paid=False
        )
    bench.finish()
    assert bench.status(remittance.id) is Status.REFUNDED


def test_a_worker_killed_before_the_call_loses_nothing(bench: PayoutBench, ordered: Order) -> None:
    remittance = ordered()
    bench.die_before_call(remittance)
    assert bench.attempts(remittance) == ["sending"]
    bench.finish()
    assert bench.ending(remittance) == (Status.PAID, 1)
    assert bench.attempts(remittance) == ["answered", "answered"]


def test_a_worker_killed_after_the_call_doubles_nothing(bench: PayoutBench, ordered: Order) -> None:
    remittance = ordered()
    bench.die_after_call(remittance)
    assert bench.effects(remittance) == 1
    bench.finish()
    assert bench.ending(remittance) == (Status.PAID, 1)
    assert bench.attempts(remittance) == ["answered"]


def test_a_worker_that_was_paused_past_its_lease_settles_nothing(
    bench: PayoutBench, ordered: Order
) -> None:
    remittance = ordered()
    zombie = bench.die_before_call(remittance)
    bench.finish()
    with pytest.raises(LeaseLost):
        zombie.wake()
    assert bench.ending(remittance) == (Status.PAID, 1)


def test_a_worker_that_slept_for_longer_than_its_lease_sends_nothing(
    bench: PayoutBench, ordered: Order
) -> None:
    remittance = ordered()
    bench.pay_first(remittance)
    item = bench.item(remittance, PAYOUT)
    lease = bench.work.take_lease(item)
    assert lease is not None
    with pytest.raises(LeaseLost):
        ROUTES[lease.topic].handler(replace(bench.work, lease_seconds=0.0), lease)
    assert bench.effects(remittance) == 0
    assert bench.attempts(remittance) == ["sending"]


def test_an_accepted_order_can_be_cancelled_and_everything_goes_back(
    bench: PayoutBench, sender: Actor, ordered: Order
) -> None:
    remittance = ordered("Demorado")
    bench.run_all()
    bench.cancel(remittance, sender)
    assert bench.status(remittance) is Status.CANCELLING
    bench.finish()
    assert bench.ending(remittance) == (Status.CANCELLED, 0)
    assert bench.charged(remittance) == 0


def test_cancelling_goes_on_asking_while_the_agency_does_not_answer(
    bench: PayoutBench, sender: Actor, ordered: Order
) -> None:
    remittance = ordered("Detenido")
    bench.run_all()
    bench.cancel(remittance, sender)
    for faults in ({"error_rate": 1.0}, {"unavailable_rate": 1.0}):
        bench.fault(**faults)
        bench.run_all()
        assert bench.status(remittance) is Status.CANCELLING
    bench.fault()
    bench.finish()
    assert bench.ending(remittance) == (Status.CANCELLED, 0)
    assert bench.charged(remittance) == 0


def test_cancelled_too_late_it_is_paid(bench: PayoutBench, sender: Actor, ordered: Order) -> None:
    remittance = ordered()
    bench.run_all()
    bench.cancel(remittance, sender)
    bench.clock.forward(seconds=5)
    bench.run_all()
    assert bench.ending(remittance) == (Status.PAID, 1)


def test_an_order_that_may_be_under_way_is_waited_for_before_the_money_goes_back(
    bench: PayoutBench, sender: Actor, ordered: Order
) -> None:
    remittance = ordered("Demorado")
    zombie = bench.die_before_call(remittance)
    bench.cancel(remittance, sender)
    bench.run_all()
    assert bench.status(remittance) is Status.CANCELLING
    # It arrives after all: the agency is asked again and stops it.
    with pytest.raises(LeaseLost):
        zombie.wake()
    bench.finish()
    assert bench.ending(remittance) == (Status.CANCELLED, 0)
    assert bench.charged(remittance) == 0


def test_an_order_that_can_arrive_no_more_is_given_back(
    bench: PayoutBench, sender: Actor, ordered: Order
) -> None:
    remittance = ordered()
    bench.die_before_call(remittance)
    bench.cancel(remittance, sender)
    bench.clock.forward(seconds=ATTEMPT_MAY_ARRIVE.total_seconds())
    bench.finish()
    assert bench.ending(remittance) == (Status.CANCELLED, 0)
    assert bench.charged(remittance) == 0


def test_a_key_that_the_agency_knows_for_another_order_is_settled_by_what_it_has(
    bench: PayoutBench, ordered: Order
) -> None:
    remittance = ordered()
    bench.pay_first(remittance)
    with bench.work.transaction() as session:
        task = claim_next(session, remittance, now=bench.clock(), vault=bench.work.vault)
        session.rollback()
    assert task is not None
    bench.agency.submit(bench.order_of(task, concept="OTRA"))
    bench.run_all()
    assert bench.status(remittance) is Status.UNKNOWN
    bench.finish()
    assert bench.ending(remittance) == (Status.PAID, 1)


def test_a_callback_about_an_unknown_folio_has_no_effect(bench: PayoutBench) -> None:
    with bench.work.transaction() as session:
        receive_callback(session, "finabien", "m-1", "R0000000000A", bench.clock())
        item = session.scalars(select(OutboxItem.id)).one()
    bench.run(item)
    with bench.work.transaction() as session:
        assert session.get_one(OutboxItem, item).outcome == "unknown_folio"


def test_one_chain_goes_on_however_many_callbacks_come(bench: PayoutBench, ordered: Order) -> None:
    remittance = ordered(payout=Payout.BRANCH)
    bench.run_all()
    for _ in range(5):
        bench.call_back(remittance)
    bench.run_all()
    with bench.work.transaction() as session:
        waiting = session.scalars(
            select(OutboxItem.topic).where(
                OutboxItem.ref == remittance, OutboxItem.done_at.is_(None)
            )
        ).all()
    told = {"remittances.funded", "remittances.available"}
    assert [topic for topic in waiting if topic not in told] == [PAYOUT]


def test_the_chain_of_a_cancelled_one_ends(
    bench: PayoutBench, sender: Actor, ordered: Order
) -> None:
    remittance = ordered("Demorado")
    bench.run_all()
    bench.cancel(remittance, sender)
    bench.finish()
    with bench.work.transaction() as session:
        waiting = session.scalars(
            select(OutboxItem.topic).where(
                OutboxItem.topic.in_([PAYOUT, CANCEL]), OutboxItem.done_at.is_(None)
            )
        ).all()
    assert waiting == []
