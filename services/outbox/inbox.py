"""What agencies tell us: kept once per message, for ever, and handed to the workers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.kernel.ids import new_id
from services.outbox.delivery import enqueue
from services.outbox.models import AgencyMessage


def callback_topic(agency: str) -> str:
    """Return the outbox topic of an agency's callbacks."""
    return f"{agency}.callback"


def receive_callback(
    session: Session, agency: str, message_id: str, folio: str, now: datetime
) -> bool:
    """Keep the message and enqueue ``<agency>.callback``. False on a replay.

    A callback is only a hint to ask the agency: its folio may be unknown or invented, which the
    job finds out.
    """
    row = new_id()
    new = session.execute(
        insert(AgencyMessage)
        .values(agency=agency, message_id=message_id, id=row, folio=folio, received_at=now)
        .on_conflict_do_nothing()
        .returning(AgencyMessage.id)
    ).first()
    if new is None:
        return False
    enqueue(session, callback_topic(agency), row)
    return True


def find_message_id(session: Session, message: UUID) -> str | None:
    """What the agency itself calls the message ``message`` (its row's id)."""
    return session.execute(
        select(AgencyMessage.message_id).where(AgencyMessage.id == message)
    ).scalar_one_or_none()


def find_folio(session: Session, message: UUID) -> str | None:
    """The folio that the message ``message`` (its row's id) speaks of."""
    return session.execute(
        select(AgencyMessage.folio).where(AgencyMessage.id == message)
    ).scalar_one_or_none()
