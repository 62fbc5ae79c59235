"""Counters that survive restarts and are shared by every process: sign-in and look-ups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.citizens.errors import TooManyAttempts
from services.kernel.db import text


@dataclass(frozen=True)
class Rate:
    """``most`` tries within ``window``.

    Windows are fixed in time, so at their border twice as many may pass; each is short, or a day.
    """

    most: int
    window: timedelta

    def start(self, now: datetime) -> datetime:
        """When the present window began."""
        return now.replace(microsecond=0) - timedelta(seconds=self._passed(now))

    def seconds_left(self, now: datetime) -> int:
        """Seconds left of the present window, at least one."""
        return int(self.window.total_seconds()) - self._passed(now)

    def _passed(self, now: datetime) -> int:
        return int(now.timestamp()) % int(self.window.total_seconds())


@dataclass(frozen=True)
class Budget:
    """What is left to ``subject``, a keyed hash of who or what, at that rate."""

    subject: bytes
    rate: Rate


_COUNT = text(
    """
    INSERT INTO attempts AS a (subject, window_start, count) VALUES (:subject, :start, 1)
    ON CONFLICT (subject, window_start) DO UPDATE SET count = a.count + 1
    RETURNING count
    """
)


_COUNTS = text(
    """
    SELECT subject, window_start, count FROM attempts
    WHERE subject = ANY (:subjects) AND window_start = ANY (:starts)
    """
)


def spend(session: Session, budgets: Sequence[Budget], *, now: datetime) -> None:
    """Count one try of each. Raises `TooManyAttempts` when one of them had no more."""
    for budget in budgets:
        values = {"subject": budget.subject, "start": budget.rate.start(now)}
        if session.execute(_COUNT, values).scalar_one() > budget.rate.most:
            raise TooManyAttempts(retry_after=budget.rate.seconds_left(now))


def refuse_spent(session: Session, budgets: Sequence[Budget], *, now: datetime) -> None:
    """Raise `TooManyAttempts` when one of them has no more, without counting this try."""
    if not budgets:
        return
    starts = {budget.subject: budget.rate.start(now) for budget in budgets}
    rows = session.execute(_COUNTS, {"subjects": [*starts], "starts": [*starts.values()]})
    counts = {(subject, start): count for subject, start, count in rows}
    for budget in budgets:
        if counts.get((budget.subject, starts[budget.subject]), 0) >= budget.rate.most:
            raise TooManyAttempts(retry_after=budget.rate.seconds_left(now))
