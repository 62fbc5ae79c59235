"""Take over a list of closures, such as a host country's holidays: all of them or none.

A row that is in force as it stands is passed over, so that a file can be sent again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from services.appointments.closing_days import CloseDays, Impact, close_days, impact_of
from services.appointments.models import Closure
from services.kernel.audit import Actor
from services.kernel.db import savepoint
from services.kernel.errors import DomainError


@dataclass(frozen=True)
class ImportedClosures:
    """``new`` and ``known``: lines; ``refused``: why a line can't be done; ``impact``: of all."""

    new: Sequence[int]
    known: Sequence[int]
    refused: Mapping[int, DomainError]
    impact: Impact


def import_closures(
    session: Session, rows: Sequence[tuple[int, CloseDays]], *, now: datetime, actor: Actor
) -> ImportedClosures:
    """Close on every row that isn't in force; whoever calls commits only when none was refused."""
    new: list[int] = []
    known: list[int] = []
    refused: dict[int, DomainError] = {}
    concerned: dict[UUID, None] = {}
    for line, command in rows:
        if _in_force(session, command):
            known.append(line)
            continue
        try:
            with savepoint(session):
                _closure, impact = close_days(session, command, now=now, actor=actor)
        except DomainError as error:
            refused[line] = error
        else:
            new.append(line)
            concerned |= dict.fromkeys(impact.appointments)
    return ImportedClosures(new, known, refused, impact_of(session, list(concerned)))


def _in_force(session: Session, command: CloseDays) -> bool:
    same = (
        Closure.consulate_code.is_not_distinct_from(command.consulate),
        Closure.first_day == command.first_day,
        Closure.last_day == command.last_day,
        Closure.begins.is_not_distinct_from(command.begins),
        Closure.ends.is_not_distinct_from(command.ends),
        Closure.reason == command.reason,
        Closure.lifted_at.is_(None),
    )
    return bool(session.scalar(select(exists().where(*same))))
