"""What proves that the money arrived is kept as the agency tells it, and shown to the sender."""

from __future__ import annotations

from datetime import date

import pytest

from services.kernel.ids import new_id
from services.outbox.delivery import enqueue
from services.outbox.models import OutboxItem
from services.remittances.credit import CreditKind
from services.remittances.models import Remittance
from services.remittances.places import count_places
from services.remittances.rules import Payout, Status
from tests.factories.payouts import PayoutBench
from tests.factories.remittances import make_remittance, make_sender
from workers.jobs.run import run_outbox


@pytest.mark.parametrize("payout", Payout)
def test_what_was_paid_is_proved(bench: PayoutBench, payout: Payout) -> None:
    with bench.work.transaction() as session:
        sender = make_sender(session)
        remittance = make_remittance(session, sender, payout=payout, now=bench.clock()).id
    bench.run_all()
    bench.clock.forward(seconds=2)
    if payout is Payout.BRANCH:
        bench.collect(remittance)
    bench.run_all()
    assert bench.status(remittance) is Status.PAID
    with bench.work.transaction() as session:
        row = session.get_one(Remittance, remittance)
        proof = row.credit
    assert proof is not None
    assert proof.credited_on == date(2026, 11, 24)
    assert proof.reference
    if payout is Payout.BRANCH:
        assert (proof.kind, bool(proof.identification)) == (CreditKind.BRANCH, True)
        assert (proof.bank, proof.certificate) == (None, None)
    else:
        assert (proof.kind, proof.identification) == (CreditKind.SPEI, None)
        assert all((proof.bank, proof.certificate))


def test_the_agencys_branches_are_listed(bench: PayoutBench) -> None:
    with bench.work.transaction() as session:
        item = enqueue(session, "places.fetch", new_id())
    run_outbox(str(item))
    with bench.work.transaction() as session:
        assert session.get_one(OutboxItem, item).outcome == "fetched"
        assert count_places(session) > 1000
