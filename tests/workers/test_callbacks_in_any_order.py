"""Fifty callbacks of one request, repeated and reordered, before and after the agency's answer to
us, our own questions, the applicant's steps and lapsed terms: each thing that became of the request
there is one step here, or none.

One use case after another in a transaction that is undone, so that an example costs little:
``--full`` tries 10,000. Workers and commits are in `test_enrollment_machine`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.enrollments.answering import Answer, answer
from services.enrollments.lapsing import close_lapsed
from services.enrollments.models import Enrollment
from services.enrollments.progress import (
    AgencyStatus,
    begin_submission,
    record_progress,
    record_unknown,
)
from services.enrollments.queries import list_history
from services.enrollments.requesting import request_enrollment
from services.enrollments.rules import DECIDED, OVER, TOLD, TRANSITIONS, By, Status
from services.enrollments.withdrawing import withdraw
from services.kernel.audit import Actor, Role
from services.kernel.db import NETWORK_SCOPE, Database
from services.kernel.errors import WrongState
from services.outbox.inbox import receive_callback
from tests.factories.enrollments import make_account, make_applicant, make_request
from tests.factories.remittances import NOW, VAULT
from tests.servers import DatabaseUrls, connected

EXAMPLES, EXAMPLES_FULL = 25, 10_000
CALLBACKS = 50
ASKED = Status.MORE_INFORMATION_REQUESTED
SAID = (
    Status.IN_REVIEW, ASKED, Status.APPOINTMENT_SCHEDULED, Status.PAYMENT_PENDING,
    Status.ACTIVE, Status.REJECTED, Status.ENDED,
)  # fmt: skip
APPLICANT = make_applicant()


def walk(choices: Sequence[int]) -> tuple[Status, ...]:
    """What became of a request at its agency, by the table; it asks for more once."""
    facts = [Status.SENT_TO_AGENCY]
    for choice in choices:
        nexts = [each for each in SAID if each in TRANSITIONS[facts[-1]]]
        nexts = [each for each in nexts if each is not ASKED or ASKED not in facts]
        if nexts:
            facts.append(nexts[choice % len(nexts)])
    return tuple(facts)


stories = st.lists(st.integers(0, 6), max_size=5).map(walk)
# What happens here, and which fact the agency speaks of, as a share of its story so far.
happenings = st.tuples(
    st.sampled_from(
        20 * ["callback"] + 3 * ["refresh"] + 2 * ["answered", "lost", "answer"]
        + ["withdraw", "lapse"]
    ),
    st.integers(0, 24),
)  # fmt: skip
# Before all else it is sent, and callbacks may come before anything else does.
early = st.lists(st.tuples(st.just("callback"), st.integers(0, 24)), max_size=5)
lives = st.sampled_from((1, 10, CALLBACKS)).flatmap(
    lambda size: st.lists(happenings, min_size=size, max_size=size)
)


@dataclass
class Case:
    """One request, its agency's facts, and what happens to it."""

    session: Session
    facts: Sequence[Status]
    tells_when: bool
    now: datetime = NOW
    applicant: Actor = field(init=False)
    enrollment: Enrollment = field(init=False)

    def __post_init__(self) -> None:
        self.applicant = Actor(Role.CITIZEN, make_account(self.session))
        self.found = request_enrollment(
            self.session,
            make_request(APPLICANT),
            now=self.now,
            actor=self.applicant,
            vault=VAULT,
        )
        begin_submission(self.session, self.found.id, now=self.now, vault=VAULT)

    def happens(self, what: str, number: int) -> None:
        """One thing; what the applicant may not do now, they don't."""
        self.now += timedelta(seconds=1)
        steps: dict[str, Callable[[int], object]] = {
            "callback": self._callback,
            "refresh": self._hear,
            "answered": lambda _: self._hear(0),
            "lost": lambda _: record_unknown(self.session, self.found.id, now=self.now),
            "answer": lambda _: self._answer(),
            "withdraw": lambda _: withdraw(
                self.session, self.found.id, now=self.now, actor=self.applicant
            ),
            "lapse": lambda _: close_lapsed(
                self.session, self.found.id, now=self.now + timedelta(days=400)
            ),
        }
        with suppress(WrongState):
            steps[what](number)

    def newest(self) -> None:
        """The agency's last word is heard in the end."""
        self._hear(len(self.facts) - 1)

    def history(self) -> list[tuple[Status, str | None]]:
        """The statuses that it came to, and by whom."""
        steps = list_history(self.session, self.found.id)
        return [(Status(step.status), step.actor) for step in steps]

    def _callback(self, number: int) -> None:
        """A message is heard of once, however often it comes; then the agency is asked."""
        message = f"message-{number}"
        if receive_callback(self.session, "sat", message, self.found.folio, self.now):
            self._hear(number)

    def _hear(self, number: int) -> None:
        """An answer that may have been on its way for long."""
        place = number % len(self.facts)
        status = self.facts[place]
        result = {"rfc": "HEQG800101AB1"} if status is Status.ACTIVE else {}
        at = NOW - timedelta(minutes=len(self.facts) - place)
        said = AgencyStatus(status, result, changed_at=at if self.tells_when else None)
        record_progress(self.session, self.found.id, said, now=self.now, vault=VAULT)

    def _answer(self) -> None:
        answer(
            self.session,
            self.found.id,
            Answer(),
            now=self.now,
            actor=self.applicant,
            vault=VAULT,
        )


def judge(case: Case) -> None:
    """Each fact at most one step, in order; what is over stays over; all is written once a step."""
    history = case.history()
    statuses = [status for status, _ in history]
    assert not set(statuses[:-1]) & OVER, history
    assert all(before is not after for before, after in pairwise(statuses))
    assert statuses.count(Status.ACTIVE) <= 1
    assert statuses.count(ASKED) <= 1
    if case.tells_when:
        facts = iter(case.facts)
        for status, actor in history:
            if actor == By.AGENCY and status is not Status.SENT_TO_AGENCY:
                assert any(fact is status for fact in facts), (history, case.facts)
    ours = {By.APPLICANT, By.SYSTEM} & {actor for _, actor in history[2:]}
    if not ours and case.tells_when:
        assert statuses[-1] is case.facts[-1], (history, case.facts)
    if len(case.facts) == 2 and not ours:
        assert [each for each, actor in history if actor == By.AGENCY].count(case.facts[1]) == 1
    _written_once(case, statuses)


# Moves in the audit, what is told, and how it is counted: one, and at its present status.
_WRITTEN = text(
    """
    SELECT (SELECT count(*) FROM audit_entries WHERE subject_id = :id) AS audited,
        (SELECT count(*) FROM outbox WHERE ref = :id AND topic = 'enrollments.decided') AS told,
        (SELECT string_agg(status || ':' || n, ',') FROM (
            SELECT status, sum(quantity) AS n FROM facts WHERE subject_id = :id
            GROUP BY status HAVING sum(quantity) <> 0) counted) AS counted
    """
)


def _written_once(case: Case, statuses: Sequence[Status]) -> None:
    row = case.session.execute(_WRITTEN, {"id": case.found.id}).one()
    assert row.audited == len(statuses), statuses
    assert row.told == len(TOLD & set(statuses) & DECIDED)
    assert row.counted == f"{statuses[-1]}:1"


@pytest.fixture
def owned(database: DatabaseUrls) -> Iterator[Database]:
    with connected(database.app_url, pool_size=1) as owned:
        yield owned


def test_no_order_of_callbacks_makes_more_than_one_step_of_a_fact(
    owned: Database, request: pytest.FixtureRequest
) -> None:
    @settings(
        max_examples=EXAMPLES_FULL if request.config.getoption("--full") else EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(stories, st.sampled_from((True, True, True, False)), early, lives)
    def whatever_happens(
        facts: tuple[Status, ...],
        tells_when: bool,
        first: list[tuple[str, int]],
        life: list[tuple[str, int]],
    ) -> None:
        with owned.transaction(NETWORK_SCOPE) as session:
            case = Case(session, facts, tells_when)
            for what, number in (*first, *life):
                case.happens(what, number)
            case.newest()
            judge(case)
            session.rollback()

    whatever_happens()
