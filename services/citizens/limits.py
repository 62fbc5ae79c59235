"""Counters that survive restarts and are shared by every process: sign-in and look-ups."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.citizens.errors import TooManyAttempts

_COUNT = text(
    """
    INSERT INTO attempts AS a (subject, window_start, count) VALUES (:subject, :start, 1)
    ON CONFLICT (subject, window_start) DO UPDATE SET count = a.count + 1
    RETURNING count
    """
)


def count_attempt(
    session: Session, subject: bytes, *, most: int, window: timedelta, now: datetime
) -> None:
    """Count one try of ``subject`` (a keyed hash). Raises `TooManyAttempts` above ``most``.

    Windows are fixed in time, so at their border twice as many may pass; each is short.
    """
    seconds = int(window.total_seconds())
    passed = int(now.timestamp()) % seconds
    start = now.replace(microsecond=0) - timedelta(seconds=passed)
    count = session.execute(_COUNT, {"subject": subject, "start": start}).scalar_one()
    if count > most:
        raise TooManyAttempts(retry_after=seconds - passed)
