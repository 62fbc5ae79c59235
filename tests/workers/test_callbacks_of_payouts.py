"""A callback by the agency's own number finds its remittance, now or later; one that finds none
ends with a person, and keeps none that is newer waiting."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import select, text

from services.incidents.models import Incident
from services.kernel.ids import new_id
from services.outbox.delivery import enqueue, take_due
from services.outbox.inbox import receive_callback
from services.outbox.models import OutboxItem
from services.remittances.models import Charge, Remittance
from services.remittances.rules import Payout, Status
from tests.factories.payouts import CALLBACK, CANCEL, PAYOUT, REFUND, PayoutBench
from tests.factories.remittances import make_divided, make_remittance, make_sender
from workers.jobs.incidents import LONGEST_SEARCH


@pytest.fixture
def remittance(bench: PayoutBench) -> UUID:
    with bench.work.transaction() as session:
        sender = make_sender(session)
        return make_remittance(session, sender, payout=Payout.BRANCH, now=bench.clock()).id


def _call_back(bench: PayoutBench, reference: str, agency: str = "finabien") -> None:
    with bench.work.transaction() as session:
        receive_callback(session, agency, str(new_id()), None, bench.clock(), reference=reference)


def _callbacks(bench: PayoutBench) -> list[UUID]:
    with bench.work.transaction() as session:
        waiting = select(OutboxItem.id).where(
            OutboxItem.topic.like("%.callback"), OutboxItem.done_at.is_(None)
        )
        return list(session.scalars(waiting))


def _reference(bench: PayoutBench, remittance: UUID) -> str:
    with bench.work.transaction() as session:
        return session.get_one(Remittance, remittance).agency_reference or ""


def test_the_agencys_own_number_is_enough(bench: PayoutBench, remittance: UUID) -> None:
    bench.run_all()
    bench.collect(remittance)
    _call_back(bench, _reference(bench, remittance))
    [callback] = _callbacks(bench)
    bench.run(callback)
    assert bench.ending(remittance) == (Status.PAID, 1)


def test_a_number_that_is_learned_later_is_matched_then(
    bench: PayoutBench, remittance: UUID
) -> None:
    # The answer to our order is lost, and with it what the agency calls it.
    bench.die_after_call(remittance)
    _call_back(bench, bench.reference(remittance))
    bench.run(_callbacks(bench)[0])
    assert bench.status(remittance) is Status.SUBMITTED
    bench.run(bench.item(remittance, PAYOUT))
    assert bench.status(remittance) is Status.AVAILABLE
    bench.collect(remittance)
    bench.run(_callbacks(bench)[0])
    assert bench.ending(remittance) == (Status.PAID, 1)
    assert _callbacks(bench) == []


@pytest.mark.parametrize("agency", ["finabien", "payments"])
def test_a_number_of_nobodys_is_a_persons_after_an_hour(bench: PayoutBench, agency: str) -> None:
    _call_back(bench, "FB-NADIE", agency)
    for _ in range(2):
        bench.run(_callbacks(bench)[0])
    with bench.work.transaction() as session:
        assert session.scalars(select(Incident)).all() == []
    bench.clock.forward(seconds=LONGEST_SEARCH.total_seconds())
    bench.run(_callbacks(bench)[0])
    with bench.work.transaction() as session:
        incident = session.scalars(select(Incident)).one()
    assert incident.kind == "callback_unmatched"
    assert (incident.detail["reference"], incident.detail["agency"]) == ("FB-NADIE", agency)
    assert _callbacks(bench) == []


@pytest.mark.parametrize("divided", [False, True])
def test_a_refund_is_heard_of_by_the_providers_own_number_when_its_answer_was_lost(
    bench: PayoutBench, divided: bool
) -> None:
    with bench.work.transaction() as session:
        sender, now = make_sender(session), bench.clock()
        if divided:
            remittance = make_divided(session, sender, now=now, paid=False)[1].id
        else:
            remittance = make_remittance(session, sender, now=now, paid=False).id
    bench.run_one(remittance, PAYOUT)
    bench.cancel(remittance, sender)
    bench.run_one(remittance, CANCEL)
    bench.fault("payments", drop_after_effect_rate=1.0)
    bench.run_one(remittance, REFUND)
    bench.fault("payments")
    assert bench.status(remittance) is Status.REFUNDING
    with bench.work.transaction() as session:
        number = session.get_one(Charge, remittance).provider_reference
    assert number
    _call_back(bench, number, "payments")
    bench.run(_callbacks(bench)[0])
    assert bench.ending(remittance) == (Status.CANCELLED, 0)
    # And again by our folio, which says nothing new.
    bench.call_back(remittance, "payments")
    bench.finish()
    assert bench.history(remittance).count("cancelled") == 1
    assert bench.all_effects()[bench.folio(remittance)][1] == 1
    with bench.work.transaction() as session:
        assert session.scalars(select(Incident)).all() == []


def test_callbacks_that_are_tried_for_long_keep_no_newer_one_waiting(
    bench: PayoutBench, remittance: UUID
) -> None:
    bench.run_all()
    with bench.work.transaction() as session:
        for _ in range(600):
            enqueue(session, CALLBACK, new_id())
        session.execute(
            text(
                "UPDATE outbox SET attempts = 99,"
                " ring_at = clock_timestamp() + interval '5 minutes' WHERE topic = :topic"
            ),
            {"topic": CALLBACK},
        )
    bench.collect(remittance)
    bench.call_back(remittance)
    with bench.work.transaction() as session:
        due = take_due(session, most=500, again_seconds=30, topics=[CALLBACK])
    assert len(due) == 1
    bench.run(due[0].id)
    assert bench.ending(remittance) == (Status.PAID, 1)
