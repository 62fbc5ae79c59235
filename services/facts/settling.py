"""Up to which moment nothing more can be recorded, so that what is counted stays the same.

A fact carries the time of its recording, and its transaction may commit later. Whoever counts up
to "now" waits for the transactions that are writing facts at that moment: a few milliseconds. No
row is written for it. A replica can't wait for what happens at the primary: it counts up to the
last moment that the primary's schedule wrote down as settled, once a second.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

PATIENCE_SECONDS = 2.0

_SETTLE = text("SELECT settle_facts(:patience)")
_LATEST = text("SELECT at FROM facts_settled")
_NOTE = text("UPDATE facts_settled SET at = greatest(at, :at)")
_TO_COME = text("SELECT :at > clock_timestamp()")


def settle(session: Session, patience_seconds: float = PATIENCE_SECONDS) -> datetime:
    """The latest moment whose facts are all there to be counted: now, at best.

    On a replica, or while some transaction goes on writing for too long, the last one noted.
    """
    now: datetime | None = session.scalar(_SETTLE, {"patience": patience_seconds})
    latest: datetime = session.execute(_LATEST).scalar_one()
    # A clock that was set back: what was recorded since may lie before what was counted.
    return latest if now is None else max(now, latest)


def note_settled(session: Session) -> datetime | None:
    """Write down how far facts are settled now, for replicas; None when it isn't known in time."""
    now: datetime | None = session.scalar(_SETTLE, {"patience": PATIENCE_SECONDS})
    if now is not None:
        session.execute(_NOTE, {"at": now})
    return now


def is_settled(session: Session, at: datetime) -> bool:
    """Whether ``at`` can be counted here already."""
    return at <= session.execute(_LATEST).scalar_one() or at <= settle(session)


def is_to_come(session: Session, at: datetime) -> bool:
    """Whether a moment is in the future by the database's clock, which recorded the facts."""
    return bool(session.scalar(_TO_COME, {"at": at}))
