"""Mark what was made for a service as ready to be collected, and tell the person."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.cashier.models import ServiceRendered
from services.collection.models import ReadyDocument
from services.collection.queries import get_document
from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.errors import WrongState
from services.kernel.ids import new_id
from services.kernel.tables import get_row
from services.outbox.delivery import enqueue


def mark_ready(session: Session, rendered: UUID, *, now: datetime, actor: Actor) -> ReadyDocument:
    """The person is told, once; marking again changes nothing. Raises NotFound, `WrongState` for a
    service that was taken back."""
    service = get_row(session, ServiceRendered, rendered)
    taken_back = select(ServiceRendered.id).where(ServiceRendered.reverses_id == rendered)
    if service.reverses_id is not None or session.scalar(taken_back) is not None:
        raise WrongState(state="reversed")
    added = session.execute(
        insert(ReadyDocument)
        .values(
            id=new_id(),
            rendered_id=service.id,
            consulate_code=service.consulate_code,
            account_id=service.account_id,
            ready_at=now,
            ready_by=actor.account_id,
        )
        .on_conflict_do_nothing(constraint="uq_ready_documents_rendered_id")
        .returning(ReadyDocument.id)
    ).scalar()
    row = session.scalars(select(ReadyDocument).where(ReadyDocument.rendered_id == rendered)).one()
    if added is not None:
        note(session, row, "ready", now=now, actor=actor)
        enqueue(session, "collection.ready", row.id)
    return row


def unmark(session: Session, id: UUID, *, now: datetime, actor: Actor) -> None:
    """It was marked by mistake: a message that waits isn't sent. Raises NotFound, `WrongState` once
    it was collected."""
    document = get_document(session, id, lock=True)
    if document.row.collected_at is not None:
        raise WrongState(state="collected")
    note(session, document.row, "not_ready", now=now, actor=actor)
    session.delete(document.row)
    session.flush()


def note(session: Session, row: ReadyDocument, what: str, *, now: datetime, actor: Actor) -> None:
    """Audit what was done with a document; the person reads it."""
    subject = audit.Subject.of("ready_document", row)
    audit.record(session, subject, action=f"ready_document.{what}", now=now, actor=actor)
