"""The sender pays once or not at all, and nothing is sent before. What their bank takes back is
borne once."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from services.incidents.models import Incident
from services.kernel.audit import Actor
from services.kernel.db import violated_constraint
from services.kernel.ids import new_id
from services.ledger.queries import balance
from services.outbox.delivery import enqueue
from services.remittances.entries import LedgerCode
from services.remittances.models import Charge, Remittance
from services.remittances.rules import Funding, Payout, Status
from tests.factories.payouts import PAYOUT, PayoutBench
from tests.factories.remittances import make_remittance, make_sender


@pytest.fixture
def sender(bench: PayoutBench) -> Actor:
    with bench.work.transaction() as session:
        return make_sender(session)


def _order(
    bench: PayoutBench,
    sender: Actor,
    payout: Payout = Payout.BRANCH,
    funding: Funding = Funding.BANK_ACCOUNT,
) -> UUID:
    with bench.work.transaction() as session:
        return make_remittance(
            session, sender, payout=payout, funding=funding, send=10_00, now=bench.clock(),
            paid=False,
        ).id  # fmt: skip


def _charge(bench: PayoutBench, remittance: UUID) -> Charge:
    with bench.work.transaction() as session:
        charge = session.get_one(Charge, remittance)
        session.expunge(charge)
        return charge


def _balance(bench: PayoutBench, account: LedgerCode) -> int:
    with bench.work.transaction() as session:
        return balance(session, account)


def _incidents(bench: PayoutBench) -> list[str]:
    with bench.work.transaction() as session:
        return list(session.scalars(select(Incident.kind)))


def _owed_back(bench: PayoutBench, sender: Actor) -> tuple[UUID, datetime]:
    """One that was paid for and is cancelled, nothing given back yet; and by when it has to be."""
    remittance = _order(bench, sender)
    bench.run_all()
    bench.cancel(remittance, sender)
    bench.run_one(remittance, "remittances.cancel")
    with bench.work.transaction() as session:
        due = session.get_one(Remittance, remittance).answer_due_at
    assert due is not None
    return remittance, due


def _told_of(bench: PayoutBench, remittance: UUID) -> None:
    bench.call_back(remittance, "payments")
    bench.run_all()


@pytest.mark.parametrize("faults", [{"drop_after_effect_rate": 1.0}, {"error_rate": 1.0}])
def test_an_answer_that_was_lost_is_asked_for_and_charges_once(
    bench: PayoutBench, sender: Actor, faults: dict[str, float]
) -> None:
    remittance = _order(bench, sender, Payout.ACCOUNT)
    bench.fault("payments", **faults)
    bench.run_all()
    assert bench.status(remittance) is Status.REGISTERED
    bench.fault("payments")
    bench.finish()
    assert (bench.ending(remittance), bench.charged(remittance)) == ((Status.PAID, 1), 1)


def test_cash_is_waited_for_with_a_reference_and_paid_by_callback(
    bench: PayoutBench, sender: Actor
) -> None:
    remittance = _order(bench, sender, funding=Funding.CASH)
    bench.fault("payments", unpaid_rate=1.0)
    bench.run_all()
    charge = _charge(bench, remittance)
    assert charge.pay_reference
    assert charge.pay_address is None
    assert charge.expires_at == bench.clock() + timedelta(days=1)
    assert bench.pay(remittance)
    _told_of(bench, remittance)
    bench.run_all()
    assert bench.status(remittance) is Status.AVAILABLE
    assert bench.history(remittance)[:3] == ["registered", "funded", "submitted"]


@pytest.mark.parametrize("funding", [Funding.BANK_ACCOUNT, Funding.US_CARD])
def test_account_and_card_are_typed_on_the_providers_page(
    bench: PayoutBench, sender: Actor, funding: Funding
) -> None:
    remittance = _order(bench, sender, funding=funding)
    bench.fault("payments", unpaid_rate=1.0)
    bench.run_all()
    address = _charge(bench, remittance).pay_address or ""
    assert address.startswith("http://agency.test/payments/pay/R")


@pytest.mark.parametrize(
    ("faults", "reason"),
    [({"declined_rate": 1.0}, "payment_declined"), ({"unpaid_rate": 1.0}, "not_paid_in_time")],
)
def test_what_is_never_paid_fails_and_posts_nothing(
    bench: PayoutBench, sender: Actor, faults: dict[str, float], reason: str
) -> None:
    remittance = _order(bench, sender)
    bench.fault("payments", **faults)
    bench.run_all()
    bench.clock.forward(hours=2)
    bench.run_all()
    with bench.work.transaction() as session:
        row = session.get_one(Remittance, remittance)
        assert (row.status, row.reason_code, row.funded_at) == (Status.FAILED, reason, None)
    assert not bench.pay(remittance)
    assert _balance(bench, LedgerCode.FUNDING_CLEARING) == 0


@pytest.mark.parametrize("paid", [False, True])
def test_what_is_cancelled_before_we_heard_of_a_payment_is_stopped_or_goes_back(
    bench: PayoutBench, sender: Actor, paid: bool
) -> None:
    remittance = _order(bench, sender)
    bench.fault("payments", unpaid_rate=1.0)
    bench.run_all()
    if paid:
        bench.pay(remittance)
    bench.cancel(remittance, sender)
    assert bench.status(remittance) is Status.CANCELLING
    bench.finish()
    assert bench.ending(remittance) == (Status.CANCELLED, 0)
    assert (bench.charged(remittance), bench.pay(remittance)) == (0, False)
    assert ("refunding" in bench.history(remittance)) is paid


def test_nothing_is_asked_for_once_it_was_cancelled_first(
    bench: PayoutBench, sender: Actor
) -> None:
    remittance = _order(bench, sender)
    bench.cancel(remittance, sender)
    bench.finish()
    assert (bench.ending(remittance), bench.charged(remittance)) == ((Status.CANCELLED, 0), 0)


def test_another_amount_is_no_payment_and_a_case(bench: PayoutBench, sender: Actor) -> None:
    remittance = _order(bench, sender)
    with bench.work.transaction() as session:
        item = bench.item(remittance, PAYOUT)
        # Asked under the folio for another sum: the provider goes by what it has.
        folio = session.get_one(Remittance, remittance).folio
    bench.charge_otherwise(folio)
    bench.run(item)
    bench.run_all()
    assert bench.status(remittance) is Status.REGISTERED
    assert "funding_contradicts" in _incidents(bench)


def test_a_return_before_the_payout_stops_it_and_nothing_is_owed(
    bench: PayoutBench, sender: Actor
) -> None:
    remittance = _order(bench, sender)
    bench.run_all()
    assert bench.take_back(remittance)
    _told_of(bench, remittance)
    assert bench.status(remittance) is Status.CANCELLING
    bench.finish()
    assert bench.ending(remittance) == (Status.FAILED, 0)
    for account in (LedgerCode.LOSSES_USD, LedgerCode.REFUNDS_PAYABLE, LedgerCode.FEE_INCOME):
        assert _balance(bench, account) == 0
    assert bench.proof().holds


def test_a_return_after_the_payout_is_a_loss_and_a_case_and_no_remedy_goes_out_beside_it(
    bench: PayoutBench, sender: Actor
) -> None:
    remittance = _order(bench, sender, Payout.ACCOUNT)
    bench.finish()
    bench.take_back(remittance)
    for _ in range(2):
        _told_of(bench, remittance)
    assert bench.ending(remittance) == (Status.PAID, 1)
    assert _balance(bench, LedgerCode.LOSSES_USD) == 12_99
    assert _incidents(bench) == ["funding_returned"]
    assert bench.proof().holds
    with pytest.raises(IntegrityError) as refused, bench.work.transaction() as session:
        session.execute(update(Remittance).values(remedied_minor=1))
    assert violated_constraint(refused.value) == "ck_remittances_no_more_than_paid"


def test_a_return_after_the_refund_is_a_loss_and_nothing_is_refunded_again(
    bench: PayoutBench, sender: Actor
) -> None:
    remittance = _order(bench, sender)
    bench.run_all()
    bench.cancel(remittance, sender)
    bench.finish()
    assert bench.ending(remittance) == (Status.CANCELLED, 0)
    bench.take_back(remittance)
    _told_of(bench, remittance)
    assert _balance(bench, LedgerCode.LOSSES_USD) == 12_99
    assert "funding_returned" in _incidents(bench)
    assert (bench.charged(remittance), bench.proof().holds) == (0, True)


def test_what_the_bank_took_back_is_not_refunded_besides(bench: PayoutBench, sender: Actor) -> None:
    remittance, _due = _owed_back(bench, sender)
    assert bench.status(remittance) is Status.REFUNDING
    bench.take_back(remittance)
    bench.finish()
    assert bench.ending(remittance) == (Status.CANCELLED, 0)
    # Charged, and not given back by us.
    assert bench.charged(remittance) == 1
    assert bench.proof().holds


def test_a_refund_whose_answer_was_lost_goes_out_once(bench: PayoutBench, sender: Actor) -> None:
    remittance, due = _owed_back(bench, sender)
    # Tuesday, three business days with Thanksgiving between: Friday, Monday after Wednesday.
    assert due.isoformat() == "2026-12-01T05:00:00+00:00"
    bench.fault("payments", drop_after_effect_rate=1.0)
    for _ in range(3):
        bench.run_all()
    bench.fault("payments")
    bench.finish()
    assert (bench.ending(remittance), bench.charged(remittance)) == ((Status.CANCELLED, 0), 0)


def test_a_refund_that_is_due_calls_a_person_a_day_before_and_when_it_is_late(
    bench: PayoutBench, sender: Actor
) -> None:
    remittance, due = _owed_back(bench, sender)

    def watch() -> set[str]:
        """What is open."""
        with bench.work.transaction() as session:
            item = enqueue(session, "incidents.watch", new_id())
        bench.run(item)
        with bench.work.transaction() as session:
            open_ones = select(Incident.kind).where(Incident.resolved_at.is_(None))
            return set(session.scalars(open_ones))

    bench.fault("payments", error_rate=1.0)
    bench.run_all()
    bench.clock.at = due - timedelta(days=1, seconds=1)
    assert watch() == set()
    bench.clock.forward(seconds=1)
    assert watch() == {"refund_due"}
    bench.clock.at = due + timedelta(seconds=1)
    assert watch() == {"refund_due", "answer_overdue"}
    bench.fault("payments")
    bench.finish()
    assert bench.ending(remittance) == (Status.CANCELLED, 0)
    assert watch() == set()
