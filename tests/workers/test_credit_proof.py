"""What proves that the money arrived is kept as the agency tells it, and shown to the sender."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from integrations.contracts import BranchList
from services.incidents.models import Incident
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


@pytest.mark.parametrize("payout", [each for each in Payout if each is not Payout.DUES])
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


def test_branches_that_cannot_be_read_are_a_case_and_stop_nothing(bench: PayoutBench) -> None:
    listed = bench.agency.client.branches()

    def fetch(readable: int, unreadable: int) -> tuple[int, list[Incident]]:
        rows = BranchList(listed.branches[:readable], ("",) * unreadable)
        bench.agency.branches = lambda: rows  # type: ignore[method-assign]
        with bench.work.transaction() as session:
            item = enqueue(session, "places.fetch", new_id())
        run_outbox(str(item))
        with bench.work.transaction() as session:
            assert session.get_one(OutboxItem, item).outcome == "fetched"
            incidents = list(session.scalars(select(Incident)))
            session.expunge_all()
            return count_places(session), incidents

    assert fetch(5, 0) == (5, [])
    places, [incident] = fetch(4, 1)
    assert (places, incident.kind, incident.times) == (5, "field_unusable", 1)
    assert incident.detail == {
        "agency": "finabien", "field": "sucursales", "rows": 1, "readable": 4,
    }  # fmt: skip
    places, [incident] = fetch(2, 9)
    assert (places, incident.times) == (5, 2)
    # The agency wasn't out of reach: whatever else is asked of it goes on.
    with bench.work.transaction() as session:
        bench.work.gate.enter(session, "finabien")
