"""Words of an agency in any order: each fact is one step at most, and what is final never turns.

Hypothesis plays the agency, its callbacks (fifty at once, repeated, reordered, before its answer to
our request has arrived), answers that were on their way for long, the applicant, and time. Real
jobs write to a real database. ``--full``: 10,000 examples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from itertools import count
from typing import Any, ClassVar, Self, cast
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select, text

from integrations.contracts import (
    CurpFinding,
    CurpQuestion,
    CurpStatus,
    EnrollmentApplication,
    EnrollmentState,
    EnrollmentStatus,
)
from integrations.simulator.names import Person, make_curp
from services.enrollments.answering import Answer, answer
from services.enrollments.lapsing import close_lapsed
from services.enrollments.queries import list_history
from services.enrollments.requesting import Applicant, request_enrollment
from services.enrollments.rules import OVER, TRANSITIONS, By, Status
from services.enrollments.withdrawing import withdraw
from services.kernel.audit import Actor, Role
from services.kernel.db import Database
from services.kernel.errors import WrongState
from services.kernel.ids import new_id
from services.outbox.inbox import receive_callback
from services.outbox.models import OutboxItem
from tests.factories.enrollments import GIVEN, SURNAMES, make_account, make_request
from tests.factories.remittances import VAULT, ManualClock
from tests.servers import DatabaseUrls
from workers.agencies import Agencies
from workers.jobs.run import run_outbox, use
from workers.runtime import JobContext

EXAMPLES, EXAMPLES_FULL = 20, 10_000
STEPS = 15
CALLBACKS = 50
QUESTIONS = ("enrollments.submit", "enrollments.refresh", "enrollments.amend")
# What comes of a request once the agency has it: both sides use the same word.
NOTHING_YET = {EnrollmentStatus.RECEIVED, EnrollmentStatus.NOT_FOUND}
MADE = {word: Status(word.value) for word in EnrollmentStatus if word not in NOTHING_YET}
WAYS = (EnrollmentStatus.IN_REVIEW, EnrollmentStatus.APPOINTMENT_SCHEDULED)
# How old what the agency says is: 0 as it was at first, 1 as it is now.
ages = st.lists(st.sampled_from((1.0, 0.75, 0.5, 0.25, 0.0)), min_size=1, max_size=4)
# Most moves go on: a run that ends at once shows little.
moves = st.sampled_from(sorted(MADE) + 4 * [*sorted(WAYS)])
seldom = st.integers(0, 7).map(lambda number: number == 7)


class Register:
    """An agency whose every word may be read late. ``facts`` is what became of the request there,
    each with when; ``late`` says which one the next answers speak of."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.facts: list[EnrollmentState] = []
        self.late: list[float] = []
        self.before_it_answers: Callable[[], None] = lambda: None

    def request(self, application: EnrollmentApplication) -> EnrollmentState:
        """Take it in; others may hear of it before whoever sent it."""
        if not self.facts:
            self.facts.append(self._fact(application.folio, EnrollmentStatus.RECEIVED))
        state = self.facts[0]
        self.before_it_answers()
        return state

    def amend(self, application: EnrollmentApplication) -> EnrollmentState:
        """What was asked for came."""
        if self.facts[-1].status is EnrollmentStatus.MORE_INFORMATION_REQUESTED:
            self.moves(EnrollmentStatus.IN_REVIEW)
        return self.facts[-1]

    def status(self, folio: str) -> EnrollmentState:
        """As it is, or as it was."""
        if not self.facts:
            return EnrollmentState(folio, EnrollmentStatus.NOT_FOUND)
        age = self.late.pop(0) if self.late else 1.0
        return self.facts[round(age * (len(self.facts) - 1))]

    def moves(self, after: EnrollmentStatus) -> None:
        """Something became of it."""
        self.facts.append(self._fact(self.facts[-1].folio, after))

    def _fact(self, folio: str, status: EnrollmentStatus) -> EnrollmentState:
        self.clock.forward(seconds=60)
        result = {"rfc": "HEQG800101AB1"} if status is EnrollmentStatus.ACTIVE else {}
        return EnrollmentState(folio, status, result, changed_at=self.clock())


class _ValidCurps:
    """Knows every CURP, as its holder says."""

    def check_curp(self, _question: CurpQuestion) -> CurpFinding:
        return CurpFinding(CurpStatus.VALID)


class _OpenGate:
    """Lets every call through: how often an agency may be called is not what this is about."""

    def enter(self, _session: object, _agency: str) -> None:
        return

    @contextmanager
    def through(self, passage: None) -> Iterator[None]:
        yield passage


class Bench:
    """A worker's means over a register; items are run one by one."""

    def __init__(self, url: str) -> None:
        self.clock = ManualClock()
        self.register = Register(self.clock)
        self.numbers = count()
        nobody = cast(Any, None)
        database = Database(url)
        self.work = JobContext(
            database=database,
            vault=VAULT,
            agencies=Agencies(
                payouts=nobody,
                enrollments={"sat": cast(Any, self)},
                batches={},
                curps=cast(Any, _ValidCurps()),
                rates=nobody,
                notices=nobody,
                credentials=nobody,
                payments=nobody,
            ),
            gate=cast(Any, _OpenGate()),
            clock=lambda _session: self.clock(),
            public_url="http://localhost",
            lease_seconds=30,
        )

    def __enter__(self) -> Self:
        use(self.work)
        return self

    def __exit__(self, *_: object) -> None:
        use(None)
        self.work.database.dispose()

    def __getattr__(self, name: str) -> Any:
        """The calls of the register of the example under way."""
        return getattr(self.register, name)

    def run(self, ref: UUID | None, *topics: str) -> None:
        """Every waiting item of these topics, once."""
        waiting = select(OutboxItem.id).where(
            OutboxItem.done_at.is_(None), OutboxItem.topic.in_(topics)
        )
        if ref:
            waiting = waiting.where(OutboxItem.ref == ref)
        with self.work.transaction() as session:
            items = list(session.scalars(waiting.order_by(OutboxItem.id)))
            # The time for which one was put off is over.
            session.execute(text("UPDATE outbox SET lease_until = NULL WHERE done_at IS NULL"))
        for item in items:
            run_outbox(str(item))


class Enrollments(RuleBasedStateMachine):
    """One request in each run."""

    bench: ClassVar[Bench]

    def __init__(self) -> None:
        super().__init__()
        self.register = self.bench.register = Register(self.bench.clock)
        self.ended_here = False
        with self.bench.work.transaction() as session:
            self.applicant = Actor(Role.CITIZEN, make_account(session))
            enrollment = request_enrollment(
                session,
                make_request(self._somebody()),
                now=self.bench.clock(),
                actor=self.applicant,
                vault=VAULT,
            )
            self.id, self.folio = enrollment.id, enrollment.folio

    def _somebody(self) -> Applicant:
        """Somebody new; by number, for Hypothesis makes chance the same in every run."""
        number = next(self.bench.numbers)
        person = Person(
            GIVEN[number % len(GIVEN)],
            SURNAMES[number // len(GIVEN) % len(SURNAMES)],
            None,
            date(1955, 1, 1) + timedelta(days=number % 18_000),
        )
        named = (person.given_names, person.first_surname, person.second_surname)
        return Applicant(*named, person.birth_date, curp=make_curp(person, "H"))

    @initialize(callbacks=st.integers(0, CALLBACKS), late=ages)
    def it_is_sent(self, callbacks: int, late: list[float]) -> None:
        """And callbacks are heard before the answer is."""
        self.register.before_it_answers = lambda: self._hear(callbacks, late)
        self.bench.run(self.id, "enrollments.submit")
        self.register.before_it_answers = lambda: None

    @rule(after=moves)
    def the_agency_moves(self, after: EnrollmentStatus) -> None:
        """By the table; it asks for more once."""
        before = MADE.get(self.register.facts[-1].status, Status.SENT_TO_AGENCY)
        corrections = [fact.status for fact in self.register.facts].count(
            EnrollmentStatus.MORE_INFORMATION_REQUESTED
        )
        again = corrections and after is EnrollmentStatus.MORE_INFORMATION_REQUESTED
        if MADE[after] in TRANSITIONS[before] and not again:
            self.register.moves(after)

    @rule(callbacks=st.integers(1, CALLBACKS), late=ages)
    def it_calls_back(self, callbacks: int, late: list[float]) -> None:
        """Many times, of what was long ago as well."""
        self._hear(callbacks, late)

    @rule(late=ages)
    def workers_ask(self, late: list[float]) -> None:
        """Answers may have been on their way for long."""
        self.register.late = list(late)
        self.bench.run(self.id, *QUESTIONS)

    @rule()
    def the_applicant_answers(self) -> None:
        """What was asked for, if anything was."""
        with suppress(WrongState), self.bench.work.transaction() as session:
            answer(
                session,
                self.id,
                Answer(),
                now=self.bench.clock(),
                actor=self.applicant,
                vault=VAULT,
            )

    @rule(really=seldom)
    def the_applicant_withdraws(self, really: bool) -> None:
        """While they may."""
        if not really:
            return
        with suppress(WrongState), self.bench.work.transaction() as session:
            withdraw(session, self.id, now=self.bench.clock(), actor=self.applicant)
            self.ended_here = True

    @rule(really=seldom)
    def a_term_lapses(self, really: bool) -> None:
        """Months without a word; the applicant or the agency is too late."""
        if not really:
            return
        later = self.bench.clock() + timedelta(days=400)
        with self.bench.work.transaction() as session:
            close_lapsed(session, self.id, now=later)
        self.ended_here |= self._history()[-1] in {(status, By.SYSTEM) for status in OVER}

    @invariant()
    def each_fact_is_one_step_at_most_in_its_order(self) -> None:
        """And nothing follows an end."""
        history = self._history()
        facts = iter([MADE.get(fact.status) for fact in self.register.facts])
        for status, actor in history:
            if actor == By.AGENCY and status != Status.SENT_TO_AGENCY:
                assert any(fact == status for fact in facts), (history, self.register.facts)
        statuses = [status for status, _ in history]
        assert not set(statuses[:-1]) & set(OVER)
        assert statuses.count(Status.ACTIVE) <= 1

    def teardown(self) -> None:
        """The newest word is heard in the end: it is so, unless it was too late."""
        if not self.register.facts:
            return
        self._hear(3, [1.0])
        self.each_fact_is_one_step_at_most_in_its_order()
        newest = MADE.get(self.register.facts[-1].status, Status.SENT_TO_AGENCY)
        status = self._history()[-1][0]
        answered = newest is Status.MORE_INFORMATION_REQUESTED and status == Status.IN_REVIEW
        assert self.ended_here or answered or status == newest, (status, newest)
        with self.bench.work.transaction() as session:
            for topic in ("enrollments.decided", "enrollments.ended", "enrollments.asked"):
                messages = select(func.count()).where(
                    OutboxItem.ref == self.id, OutboxItem.topic == topic
                )
                assert session.execute(messages).scalar_one() <= 1
            undone = select(func.count()).where(
                OutboxItem.topic == "sat.callback", OutboxItem.done_at.is_(None)
            )
            assert session.scalar(undone) == 0

    def _hear(self, callbacks: int, late: list[float]) -> None:
        """So many callbacks: a few messages, each over and over."""
        self.register.late = list(late)
        messages = [str(new_id()) for _ in late]
        with self.bench.work.transaction() as session:
            for number in range(callbacks):
                message = messages[number % len(messages)]
                receive_callback(session, "sat", message, self.folio, self.bench.clock())
        self.bench.run(None, "sat.callback")

    def _history(self) -> list[tuple[str, str | None]]:
        with self.bench.work.transaction() as session:
            return [(step.status, step.actor) for step in list_history(session, self.id)]


@pytest.fixture
def bench(database: DatabaseUrls) -> Iterator[Bench]:
    with Bench(database.app_url) as bench:
        yield bench


@pytest.mark.slow
def test_no_order_of_words_turns_or_doubles_a_step(
    bench: Bench, request: pytest.FixtureRequest
) -> None:
    full = request.config.getoption("--full")
    run_state_machine_as_test(
        type("EnrollmentsOverBench", (Enrollments,), {"bench": bench}),
        settings=settings(
            max_examples=EXAMPLES_FULL if full else EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
