"""Write down what the working groups report: figures by hand or from a file, and corrections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.kernel import audit
from services.kernel.audit import Actor
from services.kernel.db import savepoint
from services.kernel.errors import Conflict, DomainError, Invalid
from services.kernel.tables import get_row
from services.monitoring.models import GroupEntry, GroupIndicator
from services.monitoring.queries import find_entry
from services.monitoring.revisions import keep_revision
from services.monitoring.rules import fits

# The Commission's clock.
ZONE = ZoneInfo("America/Mexico_City")
# What a figure says: any of it may be corrected.
_SAID = ("value", "source", "cut_off", "note")


@dataclass(frozen=True)
class AddGroupIndicator:
    """Something new that a group reports."""

    group: int
    code: str
    name_es: str
    name_en: str
    unit: str
    source: str


@dataclass(frozen=True)
class Figure:
    """A figure as its source gives it. ``unit``: as said beside it, to be held against ours."""

    value: Decimal
    source: str
    cut_off: date | None = None
    note: str | None = None
    unit: str | None = None


@dataclass(frozen=True)
class EnterFigure:
    """A figure of a group's indicator for a session of the Commission, a period, or both."""

    code: str
    figure: Figure
    session_number: int | None = None
    period: str | None = None


@dataclass(frozen=True)
class ImportedFigures:
    """Lines by what becomes of them: ``known`` are in force as they stand."""

    new: Sequence[int]
    corrected: Sequence[int]
    known: Sequence[int]
    refused: Mapping[int, DomainError]


def add_group_indicator(
    session: Session, command: AddGroupIndicator, *, now: datetime, actor: Actor
) -> GroupIndicator:
    """Add an indicator to those of a group. Raises Conflict ``indicator_exists``."""
    row = {
        "group_number": command.group,
        "code": command.code,
        "name_es": command.name_es,
        "name_en": command.name_en,
        "unit": command.unit,
        "source": command.source,
        "added_by": actor.account_id,
        "added_at": now,
    }
    statement = insert(GroupIndicator).values(row).on_conflict_do_nothing()
    indicator: GroupIndicator | None = session.scalar(statement.returning(GroupIndicator))
    if indicator is None:
        raise Conflict("indicator_exists", field="indicator")
    subject = audit.Subject("group_indicator", None)
    audit.record(session, subject, action="group_indicator.added", now=now, actor=actor)
    return indicator


def enter_figure(
    session: Session, command: EnterFigure, *, now: datetime, actor: Actor
) -> GroupEntry:
    """Keep the first figure of an indicator for that session and period.

    Raises Invalid (``group_indicator_unknown``, ``unit_differs``, ``not_whole``,
    ``in_the_future``), Conflict ``already_entered`` where there is one, to be corrected.
    """
    if command.session_number is None and command.period is None:
        raise Invalid("when_required", field="period")
    _check(session, command.code, command.figure, now)
    entry = GroupEntry(
        code=command.code,
        session_number=command.session_number,
        period=command.period,
        revision=1,
        **_said(command.figure),
    )
    keep_revision(session, entry, "group_entry", now=now, actor=actor)
    return entry


def correct_figure(
    session: Session, entry_id: UUID, figure: Figure, reason: str, *, now: datetime, actor: Actor
) -> GroupEntry:
    """Put another figure in the place of the one in force, which stays readable.

    Raises NotFound, what `enter_figure` raises, Conflict ``corrected_meanwhile`` for a figure that
    is in force no longer.
    """
    before = get_row(session, GroupEntry, entry_id)
    _check(session, before.code, figure, now)
    entry = GroupEntry(
        code=before.code,
        session_number=before.session_number,
        period=before.period,
        revision=before.revision + 1,
        reason=reason,
        **_said(figure),
    )
    keep_revision(session, entry, "group_entry", now=now, actor=actor)
    return entry


def import_figures(
    session: Session,
    rows: Sequence[tuple[int, EnterFigure, str | None]],
    *,
    now: datetime,
    actor: Actor,
) -> ImportedFigures:
    """Enter or correct each line (number, figure, reason of a correction).

    One that is in force as it stands is passed over, so that a file can be sent again; whoever
    calls commits only when none was refused.
    """
    lines: dict[str, list[int]] = {"new": [], "corrected": [], "known": []}
    refused: dict[int, DomainError] = {}
    for line, command, reason in rows:
        try:
            with savepoint(session):
                lines[_import_line(session, command, reason, now, actor)].append(line)
        except DomainError as error:
            refused[line] = error
    return ImportedFigures(**lines, refused=refused)


def _import_line(
    session: Session, command: EnterFigure, reason: str | None, now: datetime, actor: Actor
) -> str:
    before = find_entry(session, command.code, command.session_number, command.period)
    if before is None:
        enter_figure(session, command, now=now, actor=actor)
        return "new"
    if _said(command.figure) == {name: getattr(before, name) for name in _SAID}:
        return "known"
    if not reason:
        raise Invalid("reason_required", field="reason")
    correct_figure(session, before.id, command.figure, reason, now=now, actor=actor)
    return "corrected"


def _check(session: Session, code: str, figure: Figure, now: datetime) -> None:
    indicator = session.get(GroupIndicator, code)
    if indicator is None:
        raise Invalid("group_indicator_unknown", field="indicator")
    if figure.unit and figure.unit != indicator.unit:
        raise Invalid("unit_differs", field="unit")
    if not fits(figure.value, indicator.unit):
        raise Invalid("not_whole", field="value")
    if figure.cut_off and figure.cut_off > now.astimezone(ZONE).date():
        raise Invalid("in_the_future", field="cut_off")


def _said(figure: Figure) -> dict[str, Any]:
    return {name: getattr(figure, name) for name in _SAID}
