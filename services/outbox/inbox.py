"""What agencies tell us: kept once per message, for ever, and handed to the workers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from services.kernel.db import text
from services.kernel.ids import new_id
from services.outbox.delivery import enqueue
from services.outbox.models import AgencyMessage

_CALLBACK = ".callback"


def callback_topic(agency: str) -> str:
    """Return the outbox topic of an agency's callbacks."""
    return f"{agency}{_CALLBACK}"


def calling_agency(topic: str) -> str:
    """Return the agency whose callbacks have that topic."""
    return topic.removesuffix(_CALLBACK)


_KEEP = text(
    """
    INSERT INTO agency_messages (agency, message_id, id, folio, reference, received_at)
    VALUES (:agency, :message, :id, :folio, :reference, :now)
    ON CONFLICT DO NOTHING
    RETURNING id
    """
)


def receive_callback(
    session: Session,
    agency: str,
    message_id: str,
    folio: str | None,
    now: datetime,
    *,
    reference: str | None = None,
) -> bool:
    """Keep the message and enqueue ``<agency>.callback``. False on a replay.

    It speaks of our ``folio``, or where it has none of the agency's own ``reference``. A callback
    is only a hint to ask the agency: either may be unknown or invented, which the job finds out.
    """
    row = new_id()
    values = {
        "agency": agency,
        "message": message_id,
        "id": row,
        "folio": folio,
        "reference": None if folio else reference,
        "now": now,
    }
    if session.execute(_KEEP, values).first() is None:
        return False
    enqueue(session, callback_topic(agency), row)
    return True


# Built once: to build a statement takes as long as to send it.
_BY_ROW = select(AgencyMessage).where(AgencyMessage.id == bindparam("row"))


def get_message(session: Session, message: UUID) -> AgencyMessage:
    """The message of that row's id, which a worker was handed."""
    return session.scalars(_BY_ROW, {"row": message}).one()


def find_folio(session: Session, message: UUID) -> str:
    """The folio that the message ``message`` (its row's id) speaks of; empty where it has none."""
    return get_message(session, message).folio or ""
