"""Post an announcement on the pages, and withdraw it: audited, and never changed in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from services.announcements.errors import AlreadyWithdrawn
from services.announcements.models import Announcement
from services.announcements.rules import Kind
from services.consulates.queries import get_consulate
from services.kernel import audit
from services.kernel.audit import Actor, Subject
from services.kernel.errors import Invalid
from services.kernel.ids import new_id
from services.kernel.tables import get_row


@dataclass(frozen=True)
class PostAnnouncement:
    """In both languages; ``consulate``: on the pages of this office only. It begins now, and goes
    on until it is withdrawn, where no moment is told."""

    kind: Kind
    text_es: str
    text_en: str
    consulate: str | None = None
    begins_at: datetime | None = None
    ends_at: datetime | None = None


def post(
    session: Session, command: PostAnnouncement, *, now: datetime, actor: Actor
) -> Announcement:
    """Put it on the pages. Staff of an office post for their own, whatever the command says.

    Raises NotFound for an unknown office, Invalid ``announcement_ends``.
    """
    consulate = actor.consulate or command.consulate
    if consulate is not None:
        get_consulate(session, consulate)
    begins = command.begins_at or now
    if command.ends_at is not None and command.ends_at <= max(begins, now):
        raise Invalid("announcement_ends", field="until")
    row = Announcement(
        id=new_id(),
        kind=command.kind,
        text_es=command.text_es,
        text_en=command.text_en,
        consulate_code=consulate,
        begins_at=begins,
        ends_at=command.ends_at,
        posted_at=now,
        posted_by=actor.account_id,
    )
    session.add(row)
    session.flush()
    subject = Subject.of("announcement", row)
    audit.record(session, subject, action="announcement.post", now=now, actor=actor)
    return row


def withdraw(session: Session, id: UUID, *, now: datetime, actor: Actor) -> None:
    """Take it off the pages. Raises NotFound, `AlreadyWithdrawn`."""
    row = get_row(session, Announcement, id)
    taken = session.execute(
        update(Announcement)
        .where(Announcement.id == id, Announcement.withdrawn_at.is_(None))
        .values(withdrawn_at=now, withdrawn_by=actor.account_id)
        .returning(Announcement.id)
    ).first()
    if taken is None:
        raise AlreadyWithdrawn()
    subject = Subject.of("announcement", row)
    audit.record(session, subject, action="announcement.withdraw", now=now, actor=actor)
