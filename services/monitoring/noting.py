"""Pin a note to days of an office, or of all offices, and take it away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from services.kernel.audit import Actor
from services.kernel.errors import NotFound
from services.kernel.ids import new_id
from services.monitoring.models import ChartNote


@dataclass(frozen=True)
class AddNote:
    """Days are included; without an office it is about all of them."""

    text: str
    first: date
    last: date
    consulate: str | None = None


def add_note(session: Session, command: AddNote, *, now: datetime, actor: Actor) -> ChartNote:
    """Keep a note with who wrote it and when."""
    note = ChartNote(
        id=new_id(),
        text=command.text,
        consulate_code=command.consulate,
        first_day=command.first,
        last_day=command.last,
        added_at=now,
        added_by=actor.account_id,
    )
    session.add(note)
    session.flush()
    return note


def remove_note(session: Session, note: UUID, *, now: datetime, actor: Actor) -> ChartNote:
    """It is shown no longer, except as of a moment before. Raises NotFound."""
    removed = session.scalars(
        update(ChartNote)
        .where(ChartNote.id == note, ChartNote.removed_at.is_(None))
        .values(removed_at=now, removed_by=actor.account_id)
        .returning(ChartNote)
    ).one_or_none()
    if removed is None:
        raise NotFound()
    return removed


def list_notes(
    session: Session, *, first: date, last: date, as_of: datetime, consulate: str | None = None
) -> Sequence[ChartNote]:
    """Those that touch the days, as they stood at a moment: of an office with what is about all
    offices, or of every one."""
    query = select(ChartNote).where(
        ChartNote.first_day <= last,
        ChartNote.last_day >= first,
        ChartNote.added_at <= as_of,
        or_(ChartNote.removed_at.is_(None), ChartNote.removed_at > as_of),
    )
    if consulate:
        query = query.where(
            or_(ChartNote.consulate_code == consulate, ChartNote.consulate_code.is_(None))
        )
    return session.scalars(query.order_by(ChartNote.first_day, ChartNote.id)).all()
