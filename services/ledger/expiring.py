"""Let holds go whose time is over."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from services.kernel.db import savepoint
from services.ledger.errors import HoldEnded
from services.ledger.models import JournalEntry
from services.ledger.posting import end_hold, id_of
from services.ledger.rules import State


def expire_holds(session: Session, *, now: datetime, most: int) -> int:
    """End each that is over and hasn't ended; returns how many."""
    ending = aliased(JournalEntry)
    query = (
        select(JournalEntry.id, JournalEntry.kind)
        .where(
            JournalEntry.expires_at <= now,
            JournalEntry.state == State.PENDING,
            ~exists().where(ending.hold_id == JournalEntry.id),
        )
        .order_by(JournalEntry.expires_at)
        .limit(most)
    )
    over = session.execute(query).all()
    for hold in over:
        transfer = id_of(f"expired:{hold.id}")
        # Whoever voids it at the same moment has the same wish.
        with suppress(HoldEnded), savepoint(session):
            end_hold(session, transfer, hold.id, State.EXPIRED, kind=hold.kind, now=now)
    return len(over)
