"""Pure rules: when an agency may be called, and what a call that failed means for the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import floor


class State(StrEnum):
    """States of a breaker. ``half_open``: one worker is trying whether the agency answers again."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Outcome(StrEnum):
    """How a call ended, by what may be done next (`integrations.errors`)."""

    ANSWERED = "answered"
    REFUSED = "refused"
    NEVER_SENT = "never_sent"
    THROTTLED = "throttled"
    UNANSWERED = "unanswered"
    UNKNOWN = "unknown"


class Then(StrEnum):
    """What follows a call: nothing more, the same again after a while, or a question by folio."""

    DONE = "done"
    RETRY = "retry"
    ASK = "ask"


@dataclass(frozen=True)
class Policy:
    """``counts``: it is a failure of the agency, which opens its breaker in the end."""

    counts: bool
    then: Then


# The retry policy of every agency. A refusal is an answer: the agency is well.
POLICIES: Mapping[Outcome, Policy] = {
    Outcome.ANSWERED: Policy(counts=False, then=Then.DONE),
    Outcome.REFUSED: Policy(counts=False, then=Then.DONE),
    Outcome.NEVER_SENT: Policy(counts=True, then=Then.RETRY),
    Outcome.THROTTLED: Policy(counts=True, then=Then.RETRY),
    Outcome.UNANSWERED: Policy(counts=True, then=Then.RETRY),
    Outcome.UNKNOWN: Policy(counts=True, then=Then.ASK),
}


class Denial(StrEnum):
    """Why an agency isn't called now."""

    PAUSED = "paused"
    BREAKER_OPEN = "breaker_open"
    PROBING = "probing"
    BUSY = "busy"
    RATE_LIMITED = "rate_limited"


# What waits for an agency is woken as soon as it may be called; this is for when nobody does.
LONGEST_WAIT = timedelta(minutes=5)
# An agency of which a call has taken so long counts as slow, until none has for a while.
SLOW_CALL = timedelta(seconds=1)
SLOW_FOR = timedelta(minutes=1)
# Where the last calls were as quick as this, one may hold up the last worker, and is given up after
# this: so long at the most an agency that falls ill holds up what is for others, and once.
QUICK_CALL = timedelta(milliseconds=50)
BRIEF_CALL = timedelta(milliseconds=100)


@dataclass(frozen=True)
class Terms:
    """How an agency may be called; see `services.agencies.models.AgencyTerms`."""

    calls_per_second: float
    burst: int
    at_once: int
    failures_to_open: int
    window: timedelta
    open_for: timedelta
    longest_open: timedelta
    probe_for: timedelta


@dataclass(frozen=True)
class Breaker:
    """One agency's breaker. ``trips``: how often it opened since it was last closed.

    ``probe`` numbers the probes, so that only the word of the last one counts.
    """

    state: State = State.CLOSED
    failures: int = 0
    failed_at: datetime | None = None
    trips: int = 0
    open_until: datetime | None = None
    probe_until: datetime | None = None
    probe: int = 0


def probe_is_due(breaker: Breaker, now: datetime) -> bool:
    """Whether the next call is the probe: the time is over, or who probed has died."""
    until = breaker.open_until or breaker.probe_until
    return until is not None and until <= now


def breaker_denies(breaker: Breaker, now: datetime) -> Denial | None:
    """Why the breaker lets no call through now; None when it does, if only as a probe."""
    if breaker.state is State.CLOSED or probe_is_due(breaker, now):
        return None
    return Denial.BREAKER_OPEN if breaker.state is State.OPEN else Denial.PROBING


def begin_probe(breaker: Breaker, terms: Terms, now: datetime) -> Breaker:
    """The one call that tries. ValueError when it isn't due."""
    if not probe_is_due(breaker, now):
        raise ValueError("no probe is due")
    until = now + terms.probe_for
    return replace(
        breaker,
        state=State.HALF_OPEN,
        open_until=None,
        probe_until=until,
        probe=breaker.probe + 1,
    )


def after_call(
    breaker: Breaker,
    terms: Terms,
    outcome: Outcome,
    now: datetime,
    *,
    probe: int | None = None,
    retry_after: timedelta = timedelta(0),
) -> Breaker:
    """The breaker after a call; ``probe`` is the number of the probe that the call was.

    What comes of a call that began before the breaker opened, or of a probe that was given to
    another worker meanwhile, changes nothing. ``retry_after`` is when the agency wants us back.
    """
    if breaker.state is State.HALF_OPEN and probe != breaker.probe:
        return breaker
    if breaker.state is State.OPEN:
        return breaker
    if not POLICIES[outcome].counts:
        return Breaker(probe=breaker.probe)
    failures = _failures(breaker, terms, now) + 1
    if breaker.state is State.CLOSED and failures < terms.failures_to_open:
        return replace(breaker, failures=failures, failed_at=now)
    return replace(
        breaker,
        state=State.OPEN,
        failures=failures,
        failed_at=now,
        trips=breaker.trips + 1,
        open_until=now + max(_open_for(terms, breaker.trips), retry_after),
        probe_until=None,
    )


def _failures(breaker: Breaker, terms: Terms, now: datetime) -> int:
    """In a row so far: one long after the one before begins a new row."""
    if breaker.state is State.CLOSED and breaker.failed_at is not None:
        return breaker.failures if now - breaker.failed_at <= terms.window else 0
    return breaker.failures


def _open_for(terms: Terms, trips: int) -> timedelta:
    return min(terms.open_for * 2.0 ** min(trips, 30), terms.longest_open)


def calls_at_once(terms: Terms, workers: int, *, quick: bool = False) -> int:
    """How many calls may be under way at the same time, with so many workers alive.

    One worker is always left for the other agencies: each call holds one up while it lasts. Where
    the agency has been ``quick`` lately, it is left but for moments (`is_brief`).
    """
    left = 0 if quick else 1
    return min(terms.at_once, workers - left) if workers > 1 else terms.at_once


def is_brief(slot: int, workers: int) -> bool:
    """Whether a call in that slot leaves no worker for the other agencies. It begins only while the
    others are short, and lasts no longer than `BRIEF_CALL`: an agency that fails keeps every
    worker for that moment, and once."""
    return 1 < workers <= slot


def grown_slowest(slowest: timedelta, took: timedelta) -> timedelta:
    """How long calls take at the most, once one more ``took`` so long; what was is forgotten by and
    by."""
    return max(took, slowest * 0.9)


def is_short(longest: timedelta | None) -> bool:
    """Whether every call under way has only just begun; ``longest`` is the oldest one."""
    return longest is None or longest < BRIEF_CALL


def calls_of_slow_ones(workers: int) -> int:
    """How many calls may be under way to all slow agencies together, with so many workers alive.

    However many agencies are sick at once, most workers are left for those that are well.
    """
    return max(1, workers // 3)


def is_slow(slow_until: datetime | None, longest: timedelta | None, now: datetime) -> bool:
    """Whether an agency is slow: it was a moment ago, or its ``longest`` call under way is."""
    lately = slow_until is not None and slow_until > now
    return lately or (longest is not None and longest >= SLOW_CALL)


def openings(free_slots: int, tokens: int, *, slow: bool = False) -> int:
    """How many of those that wait for an agency to wake at a time: each slot may serve several, but
    one of a slow agency serves one, and the others would be turned away again."""
    return min(tokens, free_slots if slow else 4 * free_slots)


@dataclass(frozen=True)
class Tokens:
    """``taken`` calls are allowed and the bucket is ``paid_until``; none for ``wait``."""

    taken: int
    paid_until: datetime
    wait: timedelta = timedelta(0)


def take_tokens(paid_until: datetime, terms: Terms, now: datetime, wanted: int) -> Tokens:
    """Take up to ``wanted`` calls from the bucket.

    The bucket is one moment (the generic cell rate algorithm): each call moves it on by the time
    between two calls, and it may be ahead of now by ``burst`` calls.
    """
    each = timedelta(seconds=1 / terms.calls_per_second)
    start = max(paid_until, now)
    taken = min(wanted, floor(terms.burst - (start - now) / each + 1e-6))
    if taken < 1:
        return Tokens(0, paid_until, start + each * (1 - terms.burst) - now)
    return Tokens(taken, start + each * taken)


def batch_of(terms: Terms) -> int:
    """How many calls a worker takes from the bucket together: those of a twentieth of a second."""
    return max(1, min(int(terms.calls_per_second / 20), terms.burst))
