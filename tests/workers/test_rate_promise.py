"""A rate is promised for a term after the sender paid: until then it is kept, after it nothing is
sent that never was, and everything goes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from uuid import UUID

import pytest

from services.incidents.reporting import Report, report
from services.incidents.rules import Kind, Subject
from services.kernel.audit import Actor, Role
from services.kernel.ids import new_id
from services.remittances.books import find_stop
from services.remittances.holding import release
from services.remittances.models import Remittance
from services.remittances.rules import RATE_OVER, Payout, Status, day_in_mexico
from services.remittances.tariffs import tariff
from tests.factories.payouts import PayoutBench
from tests.factories.remittances import VAULT, make_remittance, make_sender
from workers.message_context import Means, remittance
from workers.runtime import LeaseLost

COMPLIANCE = Actor(Role.COMPLIANCE, new_id())
Order = Callable[..., UUID]


@pytest.fixture
def sender(bench: PayoutBench) -> Actor:
    with bench.work.transaction() as session:
        return make_sender(session, email="marisol@example.org")


@pytest.fixture
def ordered(bench: PayoutBench, sender: Actor) -> Order:
    """Order one; its id."""

    def ordered(surname: str = "Ibarra") -> UUID:
        with bench.work.transaction() as session:
            return make_remittance(
                session, sender, surname=surname, payout=Payout.ACCOUNT, send=10_00,
                now=bench.clock(), paid=False,
            ).id  # fmt: skip

    return ordered


def _promise(bench: PayoutBench) -> timedelta:
    with bench.work.transaction() as session:
        return tariff(session, day_in_mexico(bench.clock())).promise


def _wait(bench: PayoutBench, wanted: timedelta) -> None:
    bench.clock.forward(seconds=wanted.total_seconds())


def _reason(bench: PayoutBench, of: UUID) -> str | None:
    with bench.work.transaction() as session:
        return session.get_one(Remittance, of).reason_code


def _expect_all_back(bench: PayoutBench, of: UUID) -> None:
    bench.finish()
    assert bench.ending(of) == (Status.REFUNDED, 0)
    assert (bench.charged(of), _reason(bench, of)) == (0, RATE_OVER)


def test_an_agency_that_is_away_for_longer_than_the_promise_is_sent_nothing_old(
    bench: PayoutBench, ordered: Order
) -> None:
    order = ordered()
    bench.fault(unavailable_rate=1.0)
    bench.run_all()
    assert bench.attempts(order) == ["never_sent"]
    _wait(bench, _promise(bench))
    bench.fault()
    bench.run_all()
    assert bench.history(order)[-1] == "refunding"
    with bench.work.transaction() as session:
        row = session.get_one(Remittance, order)
        assert row.refunded_minor == row.total_minor
    _expect_all_back(bench, order)


def test_the_promise_is_kept_until_its_last_moment(bench: PayoutBench, ordered: Order) -> None:
    order = ordered()
    bench.fault(unavailable_rate=1.0)
    bench.run_all()
    _wait(bench, _promise(bench) - timedelta(seconds=1))
    bench.fault()
    bench.run_all()
    bench.finish()
    assert bench.ending(order) == (Status.PAID, 1)


@pytest.mark.parametrize(
    "faults", [{"drop_after_effect_rate": 1.0}, {"error_rate": 1.0}, {"garbage_rate": 1.0}]
)
def test_what_may_have_arrived_is_asked_for_however_late(
    bench: PayoutBench, ordered: Order, faults: Mapping[str, float]
) -> None:
    order = ordered()
    bench.fault(**faults)
    bench.run_all()
    _wait(bench, 3 * _promise(bench))
    bench.fault()
    bench.finish()
    assert bench.ending(order) == (Status.PAID, 1)


def test_a_worker_that_died_before_its_call_may_still_make_it(
    bench: PayoutBench, ordered: Order
) -> None:
    order = ordered()
    zombie = bench.die_before_call(order)
    _wait(bench, 2 * _promise(bench))
    bench.run_all()
    assert bench.status(order) is not Status.REFUNDING
    bench.finish()
    with pytest.raises(LeaseLost):
        zombie.wake()
    assert bench.ending(order) == (Status.PAID, 1)


def test_the_promise_stands_still_while_a_person_decides(
    bench: PayoutBench, ordered: Order
) -> None:
    order = ordered("Señalada")
    bench.run_all()
    assert bench.status(order) is Status.HELD
    _wait(bench, 2 * _promise(bench))
    with bench.work.transaction() as session:
        release(session, order, "otra persona", now=bench.clock(), actor=COMPLIANCE)
    bench.finish()
    assert bench.ending(order) == (Status.PAID, 1)


def test_after_a_release_what_is_left_of_the_promise_counts(
    bench: PayoutBench, ordered: Order
) -> None:
    order = ordered("Señalada")
    bench.run_all()
    _wait(bench, 2 * _promise(bench))
    with bench.work.transaction() as session:
        release(session, order, "otra persona", now=bench.clock(), actor=COMPLIANCE)
    _wait(bench, _promise(bench))
    _expect_all_back(bench, order)


def _pay_unheard(bench: PayoutBench, ordered: Order) -> UUID:
    """An order that its sender paid while nobody could be asked."""
    order = ordered()
    bench.fault("payments", unpaid_rate=1.0)
    bench.run_all()
    assert bench.pay(order)
    bench.fault("payments", unavailable_rate=1.0)
    return order


def test_word_of_a_payment_that_comes_long_after_its_term_doesnt_revive_the_rate(
    bench: PayoutBench, ordered: Order
) -> None:
    order = _pay_unheard(bench, ordered)
    # An hour to pay, and the promise.
    _wait(bench, timedelta(hours=1) + _promise(bench))
    bench.fault("payments")
    bench.run_all()
    assert bench.history(order)[-2:] == ["funded", "refunding"]
    _expect_all_back(bench, order)


def test_word_of_a_payment_that_comes_a_little_late_is_honoured(
    bench: PayoutBench, ordered: Order
) -> None:
    order = _pay_unheard(bench, ordered)
    _wait(bench, _promise(bench))
    bench.fault("payments")
    bench.finish()
    assert bench.ending(order) == (Status.PAID, 1)


@pytest.mark.parametrize("faults", [{"drop_after_effect_rate": 1.0}, {"unavailable_rate": 1.0}])
def test_it_goes_back_once_however_the_provider_answers(
    bench: PayoutBench, ordered: Order, faults: Mapping[str, float]
) -> None:
    order = ordered()
    bench.fault(unavailable_rate=1.0)
    bench.run_all()
    _wait(bench, _promise(bench))
    bench.fault("payments", **faults)
    for _ in range(3):
        bench.run_all()
    assert bench.status(order) is Status.REFUNDING
    bench.fault("payments")
    _expect_all_back(bench, order)


def test_it_goes_back_while_payouts_are_stopped(bench: PayoutBench, ordered: Order) -> None:
    order = ordered()
    with bench.work.transaction() as session:
        stop = Report(Kind.BOOKS_DIFFER, Subject.SUMS, new_id(), {"differences": 1, "rows": ""})
        report(session, stop, now=bench.clock())
        assert find_stop(session)
    bench.run_all()
    assert bench.status(order) is Status.FUNDED
    _wait(bench, _promise(bench))
    _expect_all_back(bench, order)


def test_the_sender_is_told_why_and_what_to_do(bench: PayoutBench, ordered: Order) -> None:
    order = ordered()
    bench.fault(unavailable_rate=1.0)
    bench.run_all()
    _wait(bench, _promise(bench))
    bench.run_all()
    assert bench.topics(order).count("remittances.refunded") == 1
    means = Means(bench.clock(), "https://consular.example", VAULT)
    with bench.work.transaction() as session:
        told = remittance(session, order, means)
    assert told is not None
    assert told.message == "remittance_rate_over"
