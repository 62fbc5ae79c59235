"""A breaker opens after failures that count, lets one probe through, and no more than allowed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.agencies import rules
from services.agencies.rules import POLICIES, Breaker, Denial, Outcome, State, Terms, Then

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TERMS = Terms(
    calls_per_second=10,
    burst=20,
    at_once=4,
    failures_to_open=3,
    window=timedelta(seconds=60),
    open_for=timedelta(seconds=5),
    longest_open=timedelta(seconds=30),
    probe_for=timedelta(seconds=15),
)


def after(*outcomes: Outcome, breaker: Breaker = Breaker(), now: datetime = NOW) -> Breaker:  # noqa: B008
    for outcome in outcomes:
        breaker = rules.after_call(breaker, TERMS, outcome, now)
    return breaker


@pytest.mark.parametrize("outcome", [o for o in Outcome if POLICIES[o].counts])
def test_failures_in_a_row_open_it(outcome: Outcome) -> None:
    almost = after(outcome, outcome)
    assert rules.breaker_denies(almost, NOW) is None
    opened = after(outcome, breaker=almost)
    assert rules.breaker_denies(opened, NOW) is Denial.BREAKER_OPEN
    assert opened.open_until == NOW + TERMS.open_for


@pytest.mark.parametrize("answer", [Outcome.ANSWERED, Outcome.REFUSED])
def test_an_answer_ends_the_row_even_a_refusal(answer: Outcome) -> None:
    two = (Outcome.UNANSWERED, Outcome.NEVER_SENT)
    assert after(*two, answer, *two).state is State.CLOSED


def test_failures_far_apart_are_no_row() -> None:
    breaker = after(Outcome.UNKNOWN, Outcome.UNKNOWN)
    later = NOW + TERMS.window + timedelta(seconds=1)
    assert after(Outcome.UNKNOWN, breaker=breaker, now=later).failures == 1


def test_each_class_of_error_says_what_comes_next() -> None:
    assert {outcome: policy.then for outcome, policy in POLICIES.items()} == {
        Outcome.ANSWERED: Then.DONE,
        Outcome.REFUSED: Then.DONE,
        Outcome.NEVER_SENT: Then.RETRY,
        Outcome.THROTTLED: Then.RETRY,
        Outcome.UNANSWERED: Then.RETRY,
        Outcome.UNKNOWN: Then.ASK,
    }


def test_it_waits_twice_as_long_after_each_failed_probe_up_to_a_limit() -> None:
    breaker, now, waits = after(*[Outcome.NEVER_SENT] * 3), NOW, []
    for _ in range(5):
        assert breaker.open_until is not None
        waits.append((breaker.open_until - now).total_seconds())
        now = breaker.open_until
        probing = rules.begin_probe(breaker, TERMS, now)
        breaker = rules.after_call(probing, TERMS, Outcome.NEVER_SENT, now, probe=probing.probe)
    assert waits == [5, 10, 20, 30, 30]


def test_it_waits_at_least_as_long_as_the_agency_asks() -> None:
    breaker = after(Outcome.THROTTLED, Outcome.THROTTLED)
    wish = timedelta(seconds=12)
    opened = rules.after_call(breaker, TERMS, Outcome.THROTTLED, NOW, retry_after=wish)
    assert opened.open_until == NOW + wish


def test_a_probe_whose_worker_died_is_given_to_another_and_its_word_is_ignored() -> None:
    opened = after(*[Outcome.UNKNOWN] * 3)
    due = NOW + TERMS.open_for
    first = rules.begin_probe(opened, TERMS, due)
    assert rules.breaker_denies(first, due) is Denial.PROBING
    late = due + TERMS.probe_for
    second = rules.begin_probe(first, TERMS, late)
    later = rules.after_call(second, TERMS, Outcome.ANSWERED, late, probe=first.probe)
    assert later == second
    closed = rules.after_call(second, TERMS, Outcome.ANSWERED, late, probe=second.probe)
    assert (closed.state, closed.failures, closed.trips) == (State.CLOSED, 0, 0)


@pytest.mark.parametrize(
    ("at_once", "workers", "calls"), [(8, 0, 8), (8, 1, 8), (8, 2, 1), (8, 4, 3), (2, 9, 2)]
)
def test_one_worker_is_left_for_the_other_agencies(at_once: int, workers: int, calls: int) -> None:
    terms = Terms(**{**vars(TERMS), "at_once": at_once})
    assert rules.calls_at_once(terms, workers) == calls


def test_a_slow_agency_wakes_no_more_than_it_can_serve() -> None:
    assert rules.openings(2, 100) == 8
    assert rules.openings(2, 3) == 3
    assert rules.openings(2, 100, slow=True) == 2


def test_who_is_quick_gets_the_last_worker_for_brief_calls() -> None:
    assert rules.calls_at_once(TERMS, 2, quick=True) == 2
    assert [rules.is_brief(slot, 2) for slot in (1, 2)] == [False, True]
    assert not rules.is_brief(1, 1)
    slowest = rules.SLOW_CALL
    for _ in range(30):
        slowest = rules.grown_slowest(slowest, timedelta(milliseconds=4))
    assert slowest <= rules.QUICK_CALL
    assert rules.grown_slowest(slowest, rules.BRIEF_CALL) > rules.QUICK_CALL


def test_slow_is_who_was_a_moment_ago_or_is_now() -> None:
    assert not rules.is_slow(None, None, NOW)
    assert not rules.is_slow(NOW, rules.BRIEF_CALL, NOW)
    assert rules.is_slow(NOW + timedelta(seconds=1), None, NOW)
    assert rules.is_slow(None, rules.SLOW_CALL, NOW)
    assert [rules.calls_of_slow_ones(workers) for workers in (2, 3, 6)] == [1, 1, 2]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(1, 30)), max_size=60))
def test_no_stretch_of_time_sees_more_calls_than_the_rate_and_a_burst(
    asks: list[tuple[int, int]],
) -> None:
    """``asks``: milliseconds after the one before, and how many calls are wanted."""
    paid, now, taken = datetime.fromtimestamp(0, UTC), NOW, []
    for pause, wanted in asks:
        now += timedelta(milliseconds=pause)
        tokens = rules.take_tokens(paid, TERMS, now, wanted)
        paid = tokens.paid_until
        assert tokens.taken <= wanted
        if tokens.taken == 0:
            assert tokens.wait > timedelta(0)
            assert rules.take_tokens(paid, TERMS, now + tokens.wait, 1).taken == 1
        taken.append((now, tokens.taken))
    for first, (begin, _) in enumerate(taken):
        for last, (end, _) in enumerate(taken[first:], first):
            calls = sum(count for _, count in taken[first : last + 1])
            seconds = (end - begin).total_seconds()
            assert calls <= TERMS.burst + TERMS.calls_per_second * seconds + 1e-6


class Agency(RuleBasedStateMachine):
    """Many workers, any order of answers: never two probes at once, never shut for ever."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker, self.now = Breaker(), NOW
        self.under_way: list[int | None] = []

    @rule()
    def begin(self) -> None:
        if rules.breaker_denies(self.breaker, self.now):
            return
        probe = None
        if rules.probe_is_due(self.breaker, self.now):
            self.breaker = rules.begin_probe(self.breaker, TERMS, self.now)
            probe = self.breaker.probe
        self.under_way.append(probe)

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(0, 50), outcome=st.sampled_from(Outcome))
    def end(self, which: int, outcome: Outcome) -> None:
        probe = self.under_way.pop(which % len(self.under_way))
        before = self.breaker
        self.breaker = rules.after_call(before, TERMS, outcome, self.now, probe=probe)
        if before.state is not State.CLOSED and self.breaker.state is State.CLOSED:
            assert probe == before.probe
            assert not POLICIES[outcome].counts

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(0, 50))
    def die(self, which: int) -> None:
        self.under_way.pop(which % len(self.under_way))

    @rule(seconds=st.integers(1, 40))
    def wait(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @invariant()
    def the_state_says_until_when(self) -> None:
        assert (self.breaker.open_until is not None) == (self.breaker.state is State.OPEN)
        assert (self.breaker.probe_until is not None) == (self.breaker.state is State.HALF_OPEN)

    @invariant()
    def only_the_last_probe_counts(self) -> None:
        last = [probe for probe in self.under_way if probe == self.breaker.probe and probe]
        assert len(last) <= 1

    @invariant()
    def it_is_never_shut_for_longer_than_the_terms_say(self) -> None:
        longest = max(TERMS.longest_open, TERMS.probe_for)
        assert rules.breaker_denies(self.breaker, self.now + longest) is None


TestAgency = Agency.TestCase
TestAgency.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
