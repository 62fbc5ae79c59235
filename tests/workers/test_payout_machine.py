"""Anything in any order: the books hold after every step, and nothing is paid twice or lost.

Hypothesis plays senders and their banks, workers that die or oversleep, a provider of payments and
an agency that fail, whoever decides about names on a list or about claims, and time, which stands
still unless told and also jumps. So does what sender and recipient are told, and the gateway of
messages: each message goes out once by each channel, says what is so, and in the end none is
missing. ``--full`` runs at length.

Nobody who sends has an account of the ledger: money comes in and goes out by accounts of the house,
which have neither a balance row nor an available amount. That no customer's balance falls below
what is held is `test_ledger_machine`'s; here, that pesos held are those of open orders.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from services.disputes.claiming import ClaimError, claim
from services.disputes.resolving import ResolveDispute, resolve
from services.disputes.rules import Kind, Remedy
from services.kernel.audit import Actor, Role
from services.kernel.errors import Conflict, DomainError, WrongState
from services.kernel.ids import new_id
from services.messages.rules import State
from services.remittances.correcting import RecipientName, correct_name
from services.remittances.holding import refuse, release
from services.remittances.models import Remittance
from services.remittances.rules import (
    ATTEMPT_MAY_ARRIVE,
    ENDED_UNPAID,
    FINAL,
    FOR_A_PERSON,
    GIVEN_BACK,
    GOES_BACK,
    TO_PEOPLE,
    Payout,
    Status,
    day_in_mexico,
)
from tests.factories.payouts import NEWS, PayoutBench, Zombie
from tests.factories.remittances import (
    VAULT,
    make_divided,
    make_line,
    make_remittance,
    make_sender,
    prepare_reference,
)
from tests.servers import DatabaseUrls
from workers.runtime import LeaseLost

EXAMPLES, STEPS = 6, 30
EXAMPLES_FULL, STEPS_FULL = 200, 60
COMPLIANCE = Actor(Role.COMPLIANCE, new_id())
TREASURER = Actor(Role.TREASURY, new_id())
AGENCIES = st.sampled_from(("finabien", "payments"))
# E-mail, text message, call.
WAYS = 3
EMAIL, PHONE = "marisol@example.org", "+525512345678"
# Topic -> where what it tells is an end, the statuses in which that is so.
TOLD_ONCE: Mapping[str, frozenset[Status] | None] = {
    "remittances.funded": None,
    "remittances.paid": frozenset({Status.PAID}),
    "remittances.refunded": GOES_BACK,
    "remittances.not_paid": frozenset({Status.FAILED}),
}
FAULTS: tuple[Mapping[str, float], ...] = (
    {},
    {"drop_after_effect_rate": 1.0},
    {"unavailable_rate": 1.0},
    {"error_rate": 1.0},
    {"garbage_rate": 1.0},
    {"drop_after_effect_rate": 0.3, "unavailable_rate": 0.3, "error_rate": 0.3},
)
UNPAID: Mapping[str, float] = {"unpaid_rate": 1.0}
LOST: Mapping[str, float] = {"bounce_rate": 1.0}
payouts = st.sampled_from(TO_PEOPLE)
surnames = st.sampled_from(("Ibarra", "Demorado", "Rechazado", "Bloqueado", "Señalada"))


class Payouts(RuleBasedStateMachine):
    """Over one bench, whose books grow; each run has a sender of its own."""

    bench: ClassVar[PayoutBench]
    remittances: Bundle[UUID] = Bundle("remittances")

    def __init__(self) -> None:
        super().__init__()
        self.zombies: list[Zombie] = []
        self.made: list[UUID] = []
        self._calm()
        # Limits are not what this is about: each run has a day of its own.
        self.bench.clock.forward(days=1)
        now = self.bench.clock()
        with self.bench.work.transaction() as session:
            prepare_reference(session, now=now, margin=Decimal("0.5"))
            self.sender = make_sender(session, now=now, email=EMAIL, phone=PHONE)

    @rule(
        target=remittances,
        payout=payouts,
        surname=surnames,
        send=st.integers(min_value=1_00, max_value=20_00),
    )
    def order(self, payout: Payout, surname: str, send: int) -> UUID:
        """Somebody sends money."""
        return self._order(payout, surname, send)

    @rule(
        target=remittances,
        payout=payouts,
        surname=surnames,
        send=st.integers(min_value=10_00, max_value=20_00),
    )
    def order_with_dues(self, payout: Payout, surname: str, send: int) -> MultipleResults[UUID]:
        """A part of it pays dues."""
        return multiple(*self._divide(payout, surname, send))

    @rule(target=remittances, payout=payouts, cancelled=st.booleans())
    def a_worker_dies_before_its_call(self, payout: Payout, cancelled: bool) -> UUID:
        """Or only oversleeps, and may go on later; the sender may have changed their mind."""
        self.bench.fault("payments")
        remittance = self._order(payout, "Ibarra", 10_00)
        self.zombies.append(self.bench.die_before_call(remittance))
        if cancelled:
            self.bench.cancel(remittance, self.sender)
        return remittance

    @rule(target=remittances, payout=payouts)
    def a_worker_dies_after_its_call(self, payout: Payout) -> UUID:
        """The agency acted; nobody wrote it down."""
        self._calm()
        remittance = self._order(payout, "Ibarra", 10_00)
        self.bench.die_after_call(remittance)
        return remittance

    @rule(target=remittances)
    def a_worker_dies_after_the_sender_paid(self) -> UUID:
        """The provider charged; nobody wrote it down."""
        remittance = self._order(Payout.ACCOUNT, "Ibarra", 10_00)
        self.bench.die_after_charge(remittance)
        return remittance

    @rule(
        target=remittances,
        divided=st.booleans(),
        at=st.sampled_from(("before", "after")),
        asking=st.booleans(),
    )
    def a_worker_dies_giving_back(self, divided: bool, at: str, asking: bool) -> UUID:
        """The provider gave it back or didn't; nobody wrote it down."""
        self._calm()
        if divided:
            remittance = self._divide(Payout.ACCOUNT, "Ibarra", 15_00)[0]
        else:
            remittance = self._order(Payout.ACCOUNT, "Ibarra", 10_00)
        self.bench.charge_first(remittance)
        self.bench.cancel(remittance, self.sender)
        call = ("status" if asking else "refund_part") if divided else "refund"
        self.bench.die_giving_back(remittance, **{at: call})
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

    @rule(pick=st.integers(min_value=0, max_value=100))
    def a_worker_dies_doing_one_item(self, pick: int) -> None:
        """Any of them, callbacks too: it spoke with whomever it had to; nobody wrote it down."""
        items = self.bench.waiting()
        if items:
            self.bench.die_doing(items[pick % len(items)])

    @rule(
        first=st.integers(min_value=0, max_value=100),
        together=st.integers(min_value=1, max_value=4),
        dies=st.sampled_from((None, "before", "after")),
    )
    def a_worker_tells_people(self, first: int, together: int, dies: str | None) -> None:
        """Several of one job, in any order; it may die once they are claimed, or after the gateway
        took one."""
        items = self.bench.waiting(NEWS)
        if items:
            start = first % len(items)
            self.bench.tell(
                items[start : start + together], before=dies == "before", after=dies == "after"
            )

    @rule(pick=st.integers(min_value=0, max_value=100))
    def a_worker_dies_settling_what_it_told(self, pick: int) -> None:
        """The gateway took it, or told of it; nobody wrote that down."""
        items = self.bench.waiting(NEWS)
        if items:
            self.bench.die_doing(items[pick % len(items)])

    @initialize(faults=st.sampled_from((*FAULTS, LOST)))
    def the_gateway_of_messages_has_a_mood(self, faults: Mapping[str, float]) -> None:
        """From the start."""
        self.bench.fault("notices", **faults)

    @rule(faults=st.sampled_from((*FAULTS, LOST)))
    def the_gateway_of_messages_changes_its_mood(self, faults: Mapping[str, float]) -> None:
        """Until the next change."""
        self.bench.fault("notices", **faults)

    @rule(pick=st.integers(min_value=0, max_value=1000))
    def the_gateway_tells_what_became_of_a_message(self, pick: int) -> None:
        """Of one that it has or never got, and more than once."""
        messages = self.bench.messages(self.made)
        if messages:
            self.bench.report(messages[pick % len(messages)].id)

    @rule(remittance=remittances, name=st.sampled_from(("Sol", "Luna", "Señalada")))
    def the_sender_corrects_the_name(self, remittance: UUID, name: str) -> None:
        """Where that is still possible."""
        now = self.bench.clock()
        with self.bench.work.transaction() as session, suppress(DomainError):
            correct_name(
                session, remittance, RecipientName("Luz", name), now=now, actor=self.sender,
                vault=VAULT,
            )  # fmt: skip

    # claims begin
    @rule(
        remittance=remittances,
        remedy=st.sampled_from((None, Remedy.FEES, Remedy.AMOUNT)),
        minor=st.integers(min_value=1, max_value=50),
    )
    def an_error_is_claimed_and_decided(
        self, remittance: UUID, remedy: Remedy | None, minor: int
    ) -> None:
        """Where one can be claimed; what goes back is given back by workers."""
        now = self.bench.clock()
        amount = minor if remedy is Remedy.AMOUNT else None
        with self.bench.work.transaction() as session, suppress(DomainError):
            claimed = ClaimError(remittance, Kind.NOT_RECEIVED)
            dispute = claim(session, claimed, now=now, actor=self.sender, vault=VAULT)
            command = ResolveDispute(dispute.id, remedy, "se comparó", amount)
            resolve(session, command, now=now, actor=TREASURER, vault=VAULT)

    # claims end
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
            over = self.bench.status(remittance) in FINAL
            assert over or self.bench.window_over(remittance)

    @rule(remittance=remittances)
    def the_recipient_collects(self, remittance: UUID) -> None:
        """Where cash is available."""
        if self.bench.status(remittance) is Status.AVAILABLE:
            self.bench.collect(remittance)

    @rule(remittance=remittances, agency=AGENCIES)
    def an_agency_calls_back(self, remittance: UUID, agency: str) -> None:
        """With a reason or without."""
        self.bench.call_back(remittance, agency)

    @rule(faults=st.sampled_from((*FAULTS, UNPAID)), agency=AGENCIES)
    def an_agency_changes_its_mood(self, faults: Mapping[str, float], agency: str) -> None:
        """Until the next change."""
        self.bench.fault(agency, **faults)

    @rule(remittance=remittances)
    def the_sender_pays(self, remittance: UUID) -> None:
        """Where the provider waits for it."""
        if self.bench.pay(remittance):
            self.bench.call_back(remittance, "payments")

    @rule(remittance=remittances)
    def the_senders_bank_takes_it_back(self, remittance: UUID) -> None:
        """Where they paid."""
        if self.bench.take_back(remittance):
            self.bench.call_back(remittance, "payments")

    @rule(remittance=remittances, goes_on=st.booleans())
    def a_person_decides_about_a_name(self, remittance: UUID, goes_on: bool) -> None:
        """Where one waits for that."""
        self._decide(remittance, goes_on)

    @rule(seconds=st.sampled_from((1, 5, 90, 600, 1800)))
    def time_passes(self, seconds: int) -> None:
        """Nobody sleeps for longer than the watchdog lets them."""
        self.bench.clock.forward(seconds=seconds)
        oldest = self.bench.clock().timestamp() - ATTEMPT_MAY_ARRIVE.total_seconds()
        self.zombies = [zombie for zombie in self.zombies if zombie.since > oldest]

    @rule(days=st.sampled_from((1, 3)))
    def time_jumps(self, days: int) -> None:
        """Payments, windows and rates run out meanwhile; there is a rate of the new day."""
        self.time_passes(seconds=days * 86_400)
        with self.bench.work.transaction() as session:
            prepare_reference(session, now=self.bench.clock(), margin=Decimal("0.5"))

    @invariant()
    def the_books_hold(self) -> None:
        """Balances, entries against statuses, suspense."""
        books = self.bench.proof()
        assert books.holds, books

    @invariant()
    def our_book_is_theirs(self) -> None:
        """What provider and agency did, against what we say that they did. Nothing leaves the house
        twice, but where a bank takes back what has left."""
        rows, theirs = self.bench.rows(self.made), self.bench.all_effects()
        for row in rows:
            charged, refunded, returned, paid = theirs[row.folio]
            assert max(charged, refunded, paid) <= 1
            assert row.status != Status.PAID or paid == 1
            assert row.status not in ENDED_UNPAID or paid == 0
            assert row.funded_at is None or charged == 1
            assert row.status not in GIVEN_BACK or charged == refunded or returned
            assert paid + refunded <= 1
            assert not row.lost_minor or returned
            back = row.refunded_minor + row.remedied_minor + row.returned_minor
            assert back <= row.total_minor

    @invariant()
    def what_is_told_is_so(self) -> None:
        """Nothing counts as told that the gateway hasn't got, nothing is told twice by one channel,
        and of no end what isn't so."""
        statuses = {row.id: Status(row.status) for row in self.bench.rows(self.made)}
        told: set[tuple[UUID, str, str]] = set()
        for message in self.bench.messages(self.made):
            if not self.bench.was_handed_over(message):
                assert message.state not in (State.SENT, State.DELIVERED)
            elif message.topic in TOLD_ONCE:
                so = TOLD_ONCE[message.topic]
                assert so is None or statuses[message.ref] in so
                once = (message.ref, message.topic, message.channel)
                assert once not in told
                told.add(once)

    def _order(self, payout: Payout, surname: str, send: int) -> UUID:
        with self.bench.work.transaction() as session:
            remittance = make_remittance(
                session,
                self.sender,
                payout=payout,
                surname=surname,
                phone=PHONE,
                send=send,
                now=self.bench.clock(),
                paid=False,
            ).id
        self.made.append(remittance)
        return remittance

    def _divide(self, payout: Payout, surname: str, send: int) -> list[UUID]:
        now = self.bench.clock()
        with self.bench.work.transaction() as session:
            parts = make_divided(
                session,
                self.sender,
                line=make_line(pesos=90_01, due_on=day_in_mexico(now) + timedelta(days=20)),
                surname=surname,
                payout=payout,
                send=send,
                now=now,
                paid=False,
            )
            made = [part.id for part in parts]
        self.made += made
        return made

    def _calm(self) -> None:
        self.bench.fault()
        self.bench.fault("payments")

    def _decide(self, remittance: UUID, goes_on: bool) -> None:
        decide, now = release if goes_on else refuse, self.bench.clock()
        with self.bench.work.transaction() as session, suppress(WrongState):
            decide(session, remittance, "se comparó", now=now, actor=COMPLIANCE)

    def teardown(self) -> None:
        """Let everything come to its end: nothing may be left in between."""
        self._calm()
        for _ in range(40):
            rows = self.bench.rows(self.made)
            if all(row.status in FINAL for row in rows):
                break
            self.time_passes(seconds=900)
            for row in rows:
                if row.status in FOR_A_PERSON:
                    self._decide(row.id, goes_on=True)
                if row.status == Status.AVAILABLE:
                    self.bench.collect(row.id)
            self.bench.run_all()
        else:
            raise AssertionError([self.bench.history(remittance) for remittance in self.made])
        self.the_books_hold()
        self.our_book_is_theirs()
        self._everything_is_where_it_belongs()
        self._everybody_was_told()

    def _everything_is_where_it_belongs(self) -> None:
        """In the end the house has been told of all that happened outside."""
        theirs = self.bench.all_effects()
        for row in self.bench.rows(self.made):
            charged, refunded, returned, paid = theirs[row.folio]
            # One that was paid for and taken back before we heard of it never was.
            assert row.funded_at is not None or charged == returned
            assert (row.status == Status.PAID) == bool(paid)
            assert bool(row.lost_minor) == bool(returned and (paid or refunded))

    def _everybody_was_told(self) -> None:
        """How each one ended reached its sender, or was tried by all ways that there are."""
        self.bench.fault("notices")
        for _ in range(20):
            items = self.bench.waiting(NEWS)
            if not items:
                break
            self.time_passes(seconds=900)
            self.bench.tell(items)
        assert not self.bench.waiting(NEWS)
        assert not self.bench.unknown_messages()
        self.what_is_told_is_so()
        told: dict[tuple[UUID, str], list[str]] = defaultdict(list)
        for message in self.bench.messages(self.made):
            told[message.ref, message.topic].append(message.state)
        for row in self.bench.rows(self.made):
            for topic in self._ends_to_tell(row):
                states = told[row.id, topic]
                assert State.SENT in states or State.DELIVERED in states or len(states) == WAYS

    def _ends_to_tell(self, row: Remittance) -> Iterator[str]:
        if row.status == Status.PAID:
            yield "remittances.paid"
        if row.status in GIVEN_BACK and row.refunded_minor:
            yield "remittances.refunded"
        if row.status == Status.FAILED and row.funded_at is None:
            yield "remittances.not_paid"


@pytest.mark.slow
def test_no_order_of_events_loses_or_doubles_money(
    database: DatabaseUrls, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    full = pytestconfig.getoption("--full")
    with PayoutBench(database.app_url, tmp_path) as bench:
        run_state_machine_as_test(
            type("PayoutsOverBench", (Payouts,), {"bench": bench}),
            settings=settings(
                max_examples=EXAMPLES_FULL if full else EXAMPLES,
                stateful_step_count=STEPS_FULL if full else STEPS,
                deadline=None,
                database=None,
                # Whoever looks into a failure makes it smaller: it takes minutes.
                phases=(Phase.generate,),
                suppress_health_check=list(HealthCheck),
            ),
        )
