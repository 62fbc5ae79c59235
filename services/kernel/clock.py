"""The only place that reads the time of day: this host's, or the database's.

Hosts' clocks differ. Whatever several of them decide together, money first of all, goes by the
database's clock, read inside the transaction that decides.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from services.kernel.db import BEGAN, text

Clock = Callable[[], datetime]
SessionClock = Callable[[Session], datetime]

_NOW = text("SELECT clock_timestamp()")


def system_clock() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def database_clock(session: Session) -> datetime:
    """The database's time of day, aware: the same for every web process and worker."""
    moment: datetime = session.execute(_NOW).scalar_one()
    return moment


def transaction_clock(session: Session) -> datetime:
    """When the transaction began, by the database's clock: nothing more is asked of it."""
    began: datetime = session.info[BEGAN]
    return began
