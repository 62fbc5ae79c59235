"""Payouts of one job share their transactions, and each is still charged once and paid once, or
known not to have been sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, text

from integrations.contracts import ChargeState, PayoutOrder, PayoutState
from integrations.errors import OutcomeUnknown, Unanswered
from services.agencies import entering
from services.agencies.pausing import pause
from services.kernel.audit import Actor, Role
from services.kernel.clock import system_clock
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.ids import new_id
from services.kernel.settings import Settings
from services.remittances.rules import Status
from tests.factories.payouts import PAYOUT, Killed, PayoutBench
from tests.factories.remittances import make_remittance, make_sender
from workers.jobs.run import run_outbox, use

COUNT = 5


@dataclass
class Ordered:
    """Remittances that wait to be paid out, and the items of that, in the same order."""

    bench: PayoutBench
    sender: Actor
    remittances: list[UUID]

    @property
    def items(self) -> list[UUID]:
        return [self.bench.item(remittance, PAYOUT) for remittance in self.remittances]

    def run(self) -> None:
        """All of them in one job."""
        run_outbox(*map(str, self.items))

    def statuses(self) -> list[str]:
        return [self.bench.status(remittance) for remittance in self.remittances]

    def attempts(self) -> list[list[str]]:
        return [self.bench.attempts(remittance) for remittance in self.remittances]

    def columns(self, name: str) -> list[Any]:
        return _columns(self.bench, self.items, name)

    def assert_paid_once(self) -> None:
        self.bench.finish()
        assert [self.bench.ending(each) for each in self.remittances] == [(Status.PAID, 1)] * COUNT
        assert [self.bench.charged(each) for each in self.remittances] == [1] * COUNT
        assert self.bench.proof().holds


def _columns(bench: PayoutBench, items: Sequence[UUID], name: str) -> list[Any]:
    query = text(f"SELECT {name} FROM outbox WHERE id = ANY(:ids) ORDER BY id")  # noqa: S608
    with bench.work.transaction() as session:
        return list(session.execute(query, {"ids": items}).scalars())


@pytest.fixture
def ordered(bench: PayoutBench) -> Ordered:
    return _order(bench)


def _order(bench: PayoutBench) -> Ordered:
    with bench.work.transaction() as session:
        sender = make_sender(session)
        made = [
            make_remittance(session, sender, send=10_00, now=bench.clock(), paid=False).id
            for _ in range(COUNT)
        ]
    return Ordered(bench, sender, made)


@pytest.fixture
def funded(ordered: Ordered) -> Ordered:
    """What was paid for already: the next call is the agency's."""
    for remittance in ordered.remittances:
        ordered.bench.charge_first(remittance)
    return ordered


def test_charges_and_orders_of_a_job_take_three_transactions(bench: PayoutBench) -> None:
    _order(bench).assert_paid_once()  # both agencies have been met
    again = _order(bench)
    begun: list[object] = []
    items = [str(item) for item in again.items]
    event.listen(bench.work.database.engine, "begin", begun.append)
    run_outbox(*items)
    assert len(begun) == 3
    assert again.statuses() == [Status.SUBMITTED] * COUNT
    again.assert_paid_once()


@pytest.mark.parametrize("dies", range(COUNT))
def test_whoever_dies_amid_the_calls_loses_and_doubles_none(
    ordered: Ordered, monkeypatch: pytest.MonkeyPatch, dies: int
) -> None:
    submit, sent = ordered.bench.agency.submit, []

    def submit_and_die(order: PayoutOrder) -> PayoutState:
        state = submit(order)
        sent.append(order.folio)
        if len(sent) == dies + 1:
            raise Killed
        return state

    monkeypatch.setattr(ordered.bench.agency, "submit", submit_and_die)
    with pytest.raises(Killed):
        ordered.run()
    assert ordered.attempts() == [["sending"]] * COUNT
    ordered.assert_paid_once()
    attempts = [len(each) for each in ordered.attempts()]
    assert attempts == [1] * (dies + 1) + [2] * (COUNT - dies - 1)


@pytest.mark.parametrize("dies", range(COUNT))
def test_whoever_dies_amid_the_charges_charges_none_twice(
    ordered: Ordered, monkeypatch: pytest.MonkeyPatch, dies: int
) -> None:
    charge, made = ordered.bench.provider.charge, []

    def charge_and_die(order: Any) -> ChargeState:
        state = charge(order)
        made.append(order.folio)
        if len(made) == dies + 1:
            raise Killed
        return state

    monkeypatch.setattr(ordered.bench.provider, "charge", charge_and_die)
    with pytest.raises(Killed):
        ordered.run()
    assert ordered.statuses() == [Status.REGISTERED] * COUNT
    ordered.assert_paid_once()


def test_behind_calls_that_last_orders_are_known_not_to_be_sent(
    funded: Ordered, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("workers.together.LONGEST_CALLS_SECONDS", -1.0)
        funded.run()
    assert [funded.bench.effects(each) for each in funded.remittances] == [0] * COUNT
    assert funded.attempts() == [["never_sent"]] * COUNT
    assert funded.columns("attempts") == [0] * COUNT
    funded.assert_paid_once()
    assert funded.attempts() == [["never_sent", "answered"]] * COUNT


def test_what_was_not_sent_can_be_cancelled_without_asking_the_agency(
    funded: Ordered, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("workers.together.LONGEST_CALLS_SECONDS", -1.0)
        funded.run()
    funded.bench.cancel(funded.remittances[0], funded.sender)
    assert funded.bench.status(funded.remittances[0]) is Status.REFUNDING
    funded.bench.finish()
    endings = [funded.bench.ending(each) for each in funded.remittances]
    assert endings == [(Status.CANCELLED, 0)] + [(Status.PAID, 1)] * (COUNT - 1)


def test_no_more_orders_are_sent_than_the_rate_allows(
    funded: Ordered, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(entering.UNLIMITED, calls_per_second=0.01, burst=2)
    monkeypatch.setattr(entering, "UNLIMITED", few)
    with funded.bench.work.transaction() as session:
        funded.bench.work.gate.count_openings(session, "finabien")
        session.execute(text("UPDATE agency_states SET paid_until = 'epoch'"))
    items = funded.items
    funded.run()
    assert sum(funded.bench.effects(each) for each in funded.remittances) == 2
    sent = [["answered"]] * 2 + [["never_sent"]] * (COUNT - 2)
    assert sorted(funded.attempts()) == sent
    waits = [each or "" for each in _columns(funded.bench, items, "waits_for")]
    assert sorted(waits) == [""] * 2 + ["finabien"] * (COUNT - 2)


def test_an_answer_that_is_lost_for_one_is_not_lost_for_the_others(
    funded: Ordered, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency, bad = funded.bench.agency, funded.bench.folio(funded.remittances[2])
    submit, status = agency.submit, agency.status

    def submit_or_lose(order: PayoutOrder) -> PayoutState:
        state = submit(order)
        if order.folio == bad:
            raise OutcomeUnknown("finabien", "submit", "timeout")
        return state

    def ask_in_vain(folio: str) -> PayoutState:
        if folio == bad:
            raise Unanswered("finabien", "status", "timeout")
        return status(folio)

    with monkeypatch.context() as patched:
        patched.setattr(agency, "submit", submit_or_lose)
        patched.setattr(agency, "status", ask_in_vain)
        funded.run()
    wanted = [Status.SUBMITTED] * COUNT
    wanted[2] = Status.UNKNOWN
    assert funded.statuses() == wanted
    funded.assert_paid_once()


def test_where_the_agency_is_paused_the_charges_of_a_job_are_kept(
    ordered: Ordered, settings: Settings
) -> None:
    web, duty = Database(settings.database_url, pool_size=1), Actor(Role.ADMIN, new_id())
    with web.transaction(NETWORK_SCOPE) as session:
        pause(session, "finabien", "mantenimiento", now=system_clock(), actor=duty)
    web.dispose()
    ordered.run()
    assert ordered.statuses() == [Status.FUNDED] * COUNT
    assert [ordered.bench.charged(each) for each in ordered.remittances] == [1] * COUNT
    assert ordered.columns("waits_for") == ["finabien"] * COUNT
    assert ordered.columns("attempts") == [0] * COUNT


def test_a_worker_that_was_asleep_beyond_its_leases_calls_nobody(funded: Ordered) -> None:
    use(replace(funded.bench.work, lease_seconds=0.0))
    funded.run()
    assert [funded.bench.effects(each) for each in funded.remittances] == [0] * COUNT
    use(funded.bench.work)
    funded.assert_paid_once()


def test_what_is_for_another_agency_is_not_held_up(
    ordered: Ordered, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While senders are charged, orders that are paid for already are nobody's; then they are sent,
    by the same job."""
    bench = ordered.bench
    for remittance in ordered.remittances[2:]:
        bench.charge_first(remittance)
    charge, items, held = bench.provider.charge, ordered.items, []

    def charge_and_look(order: Any) -> ChargeState:
        held.append(_columns(bench, items, "lease_until IS NOT NULL"))
        return charge(order)

    monkeypatch.setattr(bench.provider, "charge", charge_and_look)
    run_outbox(*map(str, items))
    assert held == [[True, True, False, False, False]] * 2
    assert ordered.statuses() == [Status.SUBMITTED] * COUNT
    assert ordered.attempts() == [["answered"]] * COUNT
    assert _columns(bench, items, "attempts") == [1] * COUNT
    ordered.assert_paid_once()
