"""Read what the working groups report, and every revision of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from services.kernel.errors import NotFound
from services.monitoring.models import GroupEntry, GroupIndicator


@dataclass(frozen=True)
class Reported:
    """A figure of a working group with its indicator. ``revision`` above 1: it was corrected.

    What ends in ``_es`` is None where the Spanish is the same.
    """

    id: UUID
    group_number: int
    code: str
    name_es: str
    name_en: str
    unit: str
    session_number: int | None
    period: str | None
    value: Decimal
    cut_off: date | None
    source: str
    source_es: str | None
    note: str | None
    note_es: str | None
    revision: int
    reason: str | None
    entered_by: UUID | None
    entered_at: datetime


_OF_INDICATOR = ("group_number", "name_es", "name_en", "unit")
_COLUMNS = tuple(
    getattr(GroupIndicator if field.name in _OF_INDICATOR else GroupEntry, field.name)
    for field in fields(Reported)
)
_PLACE = (
    GroupIndicator.group_number,
    GroupEntry.session_number,
    GroupEntry.period,
    GroupEntry.code,
)


def list_entries(
    session: Session,
    session_number: int | None = None,
    group: int | None = None,
    period: str | None = None,
    *,
    as_of: datetime | None = None,
) -> Sequence[Reported]:
    """The figures in force (as of a moment), by group, session, period and indicator.

    None doesn't narrow. ``session_number`` is the Commission's session, such as 11.
    """
    newest = _entries().ext(distinct_on(*_PLACE))
    statement = newest.order_by(*_PLACE, GroupEntry.revision.desc())
    wanted = {
        GroupEntry.session_number: session_number,
        GroupIndicator.group_number: group,
        GroupEntry.period: period,
    }
    for column, value in wanted.items():
        if value is not None:
            statement = statement.where(column == value)
    if as_of is not None:
        statement = statement.where(GroupEntry.entered_at <= as_of)
    return _read(session, statement)


def list_entry_revisions(session: Session, entry_id: UUID) -> Sequence[Reported]:
    """Every revision of the figure that the entry is one of, the newest first. Raises NotFound."""
    entry = session.get(GroupEntry, entry_id)
    if entry is None:
        raise NotFound()
    same = _of(entry.code, entry.session_number, entry.period)
    return _read(session, _entries().where(*same).order_by(GroupEntry.revision.desc()))


def find_entry(
    session: Session, code: str, session_number: int | None, period: str | None
) -> GroupEntry | None:
    """The figure in force of an indicator for that session and period."""
    same = _of(code, session_number, period)
    newest = select(GroupEntry).where(*same).order_by(GroupEntry.revision.desc()).limit(1)
    return session.scalars(newest).first()


def _of(
    code: str, session_number: int | None, period: str | None
) -> tuple[ColumnElement[bool], ...]:
    return (
        GroupEntry.code == code,
        GroupEntry.session_number.is_not_distinct_from(session_number),
        GroupEntry.period.is_not_distinct_from(period),
    )


def _entries() -> Select[Any]:
    same = GroupIndicator.code == GroupEntry.code
    return select(*_COLUMNS).select_from(GroupEntry).join(GroupIndicator, same)


def _read(session: Session, statement: Select[Any]) -> list[Reported]:
    return [Reported(*row) for row in session.execute(statement)]


def list_group_indicators(session: Session, group: int | None = None) -> Sequence[GroupIndicator]:
    """What the groups report, by group and code."""
    statement = select(GroupIndicator).order_by(GroupIndicator.group_number, GroupIndicator.code)
    if group is not None:
        statement = statement.where(GroupIndicator.group_number == group)
    return session.scalars(statement).all()


def last_session_loaded(session: Session) -> int | None:
    """The number of the newest session whose figures came with the program."""
    came = GroupEntry.entered_by.is_(None)
    return session.scalar(select(func.max(GroupEntry.session_number)).where(came))


def latest_session(session: Session) -> int | None:
    """The number of the newest session of the Commission that anything was reported for."""
    return session.scalar(select(func.max(GroupEntry.session_number)))
