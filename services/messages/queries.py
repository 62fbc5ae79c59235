"""Which messages somebody was sent, and whom an office still has to tell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from services.messages.models import SentMessage
from services.messages.rules import LOST, Channel, State

# What was said so long ago is no news to anybody.
LISTED_FOR = timedelta(days=60)
MOST_LISTED = 200


def find_message(session: Session, message: UUID) -> SentMessage | None:
    """The row, or None."""
    return session.get(SentMessage, message)


def list_about(session: Session, ref: UUID) -> Sequence[SentMessage]:
    """The messages about one thing, the newest first."""
    query = select(SentMessage).where(SentMessage.ref == ref)
    return session.scalars(query.order_by(SentMessage.created_at.desc(), SentMessage.id)).all()


def list_to_account(session: Session, account: UUID) -> Sequence[SentMessage]:
    """Every message to the account that is still known, the newest first."""
    query = select(SentMessage).where(SentMessage.account_id == account)
    return session.scalars(query.order_by(SentMessage.created_at.desc(), SentMessage.id)).all()


def list_untold(session: Session, consulate: str, *, now: datetime) -> Sequence[SentMessage]:
    """The newest message about each thing that no channel delivered and the office has to tell."""
    query = (
        select(SentMessage)
        .where(
            SentMessage.consulate_code == consulate,
            SentMessage.channel == Channel.DESK,
            SentMessage.state == State.QUEUED,
            SentMessage.created_at > now - LISTED_FOR,
        )
        .ext(distinct_on(SentMessage.ref))
        .order_by(SentMessage.ref, SentMessage.created_at.desc())
        .limit(MOST_LISTED)
    )
    return sorted(session.scalars(query).all(), key=lambda row: row.created_at)


def lost(rows: Sequence[SentMessage]) -> Sequence[SentMessage]:
    """Of the messages about one thing, those of the last telling that didn't arrive, unless it
    arrived by another channel."""
    last = [row for row in rows if row.item == rows[0].item]
    arrived = any(row.state in (State.SENT, State.DELIVERED) for row in last)
    return [] if arrived else [row for row in last if row.state in LOST]
