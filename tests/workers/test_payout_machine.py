"""Anything in any order: the books hold after every step, and nothing is paid twice or lost.

Hypothesis plays senders, workers that die or oversleep, an agency that fails, and time.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from services.kernel.errors import Conflict
from services.remittances.rules import ATTEMPT_MAY_ARRIVE, FINAL, GIVEN_BACK, Payout, Status
from tests.factories.payouts import PayoutBench, Zombie
from tests.factories.remittances import make_remittance, make_sender, prepare_reference
from tests.servers import DatabaseUrls
from workers.runtime import LeaseLost

EXAMPLES = 12
STEPS = 30
FAULTS: tuple[Mapping[str, float], ...] = (
    {},
    {"drop_after_effect_rate": 1.0},
    {"unavailable_rate": 1.0},
    {"error_rate": 1.0},
    {"garbage_rate": 1.0},
    {"drop_after_effect_rate": 0.3, "unavailable_rate": 0.3, "error_rate": 0.3},
)
payouts = st.sampled_from(Payout)
surnames = st.sampled_from(("Ibarra", "Demorado", "Rechazado", "Bloqueado"))


class Payouts(RuleBasedStateMachine):
    """Over one bench, whose books grow; each run has a sender of its own."""

    bench: ClassVar[PayoutBench]
    remittances: Bundle[UUID] = Bundle("remittances")

    def __init__(self) -> None:
        super().__init__()
        self.zombies: list[Zombie] = []
        self.made: list[UUID] = []
        self.bench.fault()
        # Limits are not what this is about: each run has a day of its own.
        self.bench.clock.forward(days=1)
        now = self.bench.clock()
        with self.bench.work.transaction() as session:
            prepare_reference(session, now=now)
            self.sender = make_sender(session, now=now)

    @rule(
        target=remittances,
        payout=payouts,
        surname=surnames,
        send=st.integers(min_value=1_00, max_value=20_00),
    )
    def order(self, payout: Payout, surname: str, send: int) -> UUID:
        """Somebody sends money."""
        return self._order(payout, surname, send)

    @rule(target=remittances, payout=payouts, surname=surnames, cancelled=st.booleans())
    def a_worker_dies_before_its_call(self, payout: Payout, surname: str, cancelled: bool) -> UUID:
        """Or only oversleeps, and may go on later; the sender may have changed their mind."""
        remittance = self._order(payout, surname, 10_00)
        self.zombies.append(self.bench.die_before_call(remittance))
        if cancelled:
            self.bench.cancel(remittance, self.sender)
        return remittance

    @rule(target=remittances, payout=payouts)
    def a_worker_dies_after_its_call(self, payout: Payout) -> UUID:
        """The agency acted; nobody wrote it down."""
        self.bench.fault()
        remittance = self._order(payout, "Ibarra", 10_00)
        self.bench.die_after_call(remittance)
        return remittance

    @rule(pick=st.integers(min_value=0, max_value=100))
    def a_worker_that_overslept_goes_on(self, pick: int) -> None:
        """It calls the agency after all, and settles if nobody overtook it."""
        if self.zombies:
            with suppress(LeaseLost):
                self.zombies.pop(pick % len(self.zombies)).wake()

    @rule(pick=st.integers(min_value=0, max_value=100))
    def a_worker_does_one_item(self, pick: int) -> None:
        """Any of them, in any order."""
        items = self.bench.waiting()
        if items:
            self.bench.run(items[pick % len(items)])

    @rule()
    def workers_do_what_there_is(self) -> None:
        """Each item once."""
        self.bench.run_all()

    @rule(remittance=remittances)
    def the_sender_cancels(self, remittance: UUID) -> None:
        """Which is refused only when it is over, or too late."""
        try:
            self.bench.cancel(remittance, self.sender)
        except Conflict:
            over = self.bench.statuses()[remittance] in FINAL
            assert over or self.bench.window_over(remittance)

    @rule(remittance=remittances)
    def the_recipient_collects(self, remittance: UUID) -> None:
        """Where cash is available."""
        if self.bench.statuses()[remittance] is Status.AVAILABLE:
            self.bench.collect(remittance)

    @rule(remittance=remittances)
    def the_agency_calls_back(self, remittance: UUID) -> None:
        """With a reason or without."""
        self.bench.call_back(remittance)

    @rule(faults=st.sampled_from(FAULTS))
    def the_agency_changes_its_mood(self, faults: Mapping[str, float]) -> None:
        """Until the next change."""
        self.bench.fault(**faults)

    @rule(seconds=st.sampled_from((1, 5, 90, 600, 1800)))
    def time_passes(self, seconds: int) -> None:
        """Nobody sleeps for longer than the watchdog lets them."""
        self.bench.clock.forward(seconds=seconds)
        oldest = self.bench.clock().timestamp() - ATTEMPT_MAY_ARRIVE.total_seconds()
        self.zombies = [zombie for zombie in self.zombies if zombie.since > oldest]

    @invariant()
    def the_books_hold(self) -> None:
        """Balances, entries against statuses, suspense."""
        books = self.bench.proof()
        assert books.holds, books

    @invariant()
    def nothing_is_paid_twice_nor_paid_and_given_back(self) -> None:
        """Against what the agency did."""
        statuses = self.bench.statuses()
        effects = self.bench.all_effects()
        for remittance in self.made:
            count = effects.get(remittance, 0)
            assert count <= 1
            assert statuses[remittance] is not Status.PAID or count == 1
            assert statuses[remittance] not in GIVEN_BACK or count == 0

    def _order(self, payout: Payout, surname: str, send: int) -> UUID:
        with self.bench.work.transaction() as session:
            remittance = make_remittance(
                session,
                self.sender,
                payout=payout,
                surname=surname,
                send=send,
                now=self.bench.clock(),
            ).id
        self.made.append(remittance)
        return remittance

    def teardown(self) -> None:
        """Let everything come to its end: nothing may be left in between."""
        self.bench.fault()
        for _ in range(40):
            statuses = self.bench.statuses()
            if all(statuses[remittance] in FINAL for remittance in self.made):
                break
            self.time_passes(seconds=300)
            for remittance in self.made:
                self.the_recipient_collects(remittance)
            self.bench.run_all()
        else:
            raise AssertionError([self.bench.history(remittance) for remittance in self.made])
        self.the_books_hold()
        self.nothing_is_paid_twice_nor_paid_and_given_back()


@pytest.mark.slow
def test_no_order_of_events_loses_or_doubles_money(database: DatabaseUrls, tmp_path: Path) -> None:
    with PayoutBench(database.app_url, tmp_path) as bench:
        run_state_machine_as_test(
            type("PayoutsOverBench", (Payouts,), {"bench": bench}),
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
