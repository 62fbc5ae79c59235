"""What became of the messages about something, as its pages show it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from services.messages.queries import list_about, lost
from services.messages.words import KINDS


def messages_about(session: Session, ref: UUID) -> dict[str, Any]:
    """``sent``: each message, the newest first; ``lost``: the channels of the last telling, when
    none of them reached the person."""
    rows = list_about(session, ref)
    return {
        "sent": [
            {
                "id": row.id,
                "kind": kind_shown(row.kind),
                "channel": row.channel,
                "state": row.state,
                "at": row.outcome_at or row.sent_at or row.created_at,
            }
            for row in rows
        ],
        "lost": [row.channel for row in lost(rows)],
    }


def kind_shown(kind: str) -> str:
    """The code under which `services.messages.words` has words for a message."""
    return kind if kind in KINDS else kind.partition("_")[0]
