"""The one place that asks whether an agency may be called: its breaker, its rate, a pause by staff.

`workers.steps.run_steps` asks in the transaction that claims what to do; a call from anywhere else
asks by itself, for every agency's client is wrapped here. What came of each call is told to all
other workers as soon as it is over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf
from typing import Any

import structlog
from sqlalchemy.orm import Session

from integrations import errors
from integrations.deadline import total_deadline
from services.agencies import entering
from services.agencies.entering import Admission, Result
from services.agencies.rules import BRIEF_CALL, QUICK_CALL, SLOW_CALL, Outcome, Terms, grown_slowest
from services.kernel.db import NETWORK_SCOPE, Database

# A slot whose holder dies is free again after so long; whoever lives renews it before.
HOLD_SECONDS = 3.0
RENEW_SECONDS = 1.0
# Terms are read again, and calls that a worker took and didn't make are forgotten.
TERMS_SECONDS = 60.0
TOKENS_SECONDS = 1.0

OUTCOMES: Mapping[type[errors.AgencyError], Outcome] = {
    errors.NeverSent: Outcome.NEVER_SENT,
    errors.Throttled: Outcome.THROTTLED,
    errors.Unanswered: Outcome.UNANSWERED,
    errors.Refused: Outcome.REFUSED,
    errors.OutcomeUnknown: Outcome.UNKNOWN,
}

log = structlog.get_logger(__name__)


@dataclass
class Passage:
    """The right to call one agency, and what came of the calls made by it so far.

    ``took`` is how long the longest of them took. ``left``: the slot was given back, in a
    transaction that is committed.
    """

    admission: Admission
    terms: Terms
    results: list[Result] = field(default_factory=list)
    took: timedelta = timedelta(0)
    left: bool = False


@dataclass
class _Known:
    """What this process knows of an agency: its terms, how many calls it may make or owes, and how
    long they take lately."""

    terms: Terms
    read_at: float
    tokens: int = 0
    taken_at: float = 0.0
    slowest: timedelta = SLOW_CALL

    def take(self, tokens: int) -> None:
        """There are so many left; more than before means a new batch."""
        if tokens >= self.tokens:
            self.taken_at = time.monotonic()
        self.tokens = tokens


_current: ContextVar[Passage | None] = ContextVar("passage", default=None)


class Gate:
    """One a process. ``workers`` is how many are alive, as its sign of life counts them."""

    def __init__(self, database: Database) -> None:
        self.workers = 0
        self._database = database
        self._known: dict[str, _Known] = {}
        self._held: Passage | None = None

    def enter(self, session: Session, agency: str, *, calls: int = 1) -> Passage:
        """The right to call ``agency`` once this transaction commits, so often if it may be.
        Raises `NotNow`."""
        known = self._meet(agency)
        if time.monotonic() - known.taken_at > TOKENS_SECONDS:
            known.tokens = min(known.tokens, 0)
        admission = entering.enter(
            session,
            agency,
            known.terms,
            workers=self.workers,
            hold_seconds=HOLD_SECONDS,
            tokens=known.tokens,
            quick=known.slowest <= QUICK_CALL,
            calls=calls,
        )
        return Passage(admission, known.terms)

    @contextmanager
    def through(self, passage: Passage) -> Iterator[Passage]:
        """Within the block the agency may be called; afterwards every worker knows how it went,
        unless that was written with something else (`leave`) and the passage is ``left``."""
        known = self._known[passage.admission.agency]
        # Only now, for what was taken is ours once it is committed.
        known.take(passage.admission.tokens)
        token = _current.set(passage)
        self._held = passage
        try:
            yield passage
        finally:
            self._held = None
            _current.reset(token)
            # Calls beyond the one that was asked for are paid with the next batch.
            known.tokens -= max(len(passage.results) - 1, 0)
            known.slowest = grown_slowest(known.slowest, passage.took)
            if not passage.left:
                self._leave(passage)

    def leave(self, session: Session, passage: Passage) -> None:
        """Give the slot back and tell how it went in this transaction, at its end; the caller says
        once it is committed."""
        took = passage.took
        entering.leave(session, passage.admission, passage.terms, passage.results, took=took)

    def call(self, agency: str, call: Callable[[], Any]) -> Any:
        """Make a call by the passage in force, or by one of its own. Raises `NotNow`."""
        passage = _current.get()
        if passage is not None and passage.admission.agency == agency:
            return _noted(passage, call)
        with self._database.transaction(NETWORK_SCOPE) as session:
            passage = self.enter(session, agency)
        with self.through(passage):
            return _noted(passage, call)

    def count_openings(self, session: Session, agency: str) -> int:
        """How many calls that wait for ``agency`` to wake now."""
        return entering.count_openings(
            session, agency, self._meet(agency).terms, workers=self.workers
        )

    def renew(self) -> None:
        """Keep the slot of the call under way; for a thread beside it."""
        held = self._held
        if held is not None:
            with self._database.transaction(NETWORK_SCOPE) as session:
                entering.renew(session, held.admission, hold_seconds=HOLD_SECONDS)

    def _meet(self, agency: str) -> _Known:
        known = self._known.get(agency)
        if known is None or time.monotonic() - known.read_at > TERMS_SECONDS:
            with self._database.transaction(NETWORK_SCOPE) as session:
                terms = entering.meet(session, agency)
            known = known or _Known(terms, 0)
            known.terms, known.read_at = terms, time.monotonic()
            self._known[agency] = known
        return known

    def _leave(self, passage: Passage) -> None:
        try:
            with self._database.transaction(NETWORK_SCOPE) as session:
                self.leave(session, passage)
        except Exception:
            # The slot is free in a moment by itself; what the agency said must not be lost for it.
            log.warning("agency_left_without_a_word", agency=passage.admission.agency)


class Guarded:
    """An agency's client whose every call goes through the gate."""

    def __init__(self, gate: Gate, agency: str, client: Any) -> None:
        self._gate = gate
        self._agency = agency
        self._client = client

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        if not callable(attribute):
            return attribute
        return lambda *args, **named: self._gate.call(
            self._agency, lambda: attribute(*args, **named)
        )


def _noted(passage: Passage, call: Callable[[], Any]) -> Any:
    """The call's answer; how it ended is noted, whatever it raises."""
    longest = BRIEF_CALL.total_seconds() if passage.admission.brief else inf
    began = time.monotonic()
    try:
        with total_deadline(began + longest):
            answer = call()
    except errors.AgencyError as error:
        wish = timedelta(seconds=error.retry_after) if isinstance(error, errors.Throttled) else None
        result = Result(OUTCOMES[type(error)], error.code, wish or timedelta(0))
        passage.results.append(result)
        raise
    finally:
        passage.took = max(passage.took, timedelta(seconds=time.monotonic() - began))
    passage.results.append(Result(Outcome.ANSWERED))
    return answer
