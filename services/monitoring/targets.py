"""Targets of our indicators by period: set, changed with a reason, and how far each one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from services.kernel.audit import Actor
from services.kernel.errors import Invalid, NotFound
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, Figures, figures
from services.monitoring.indicators import INDICATORS, Indicator
from services.monitoring.models import Target
from services.monitoring.periods import days_of
from services.monitoring.revisions import keep_revision


@dataclass(frozen=True)
class SetTarget:
    """``program``: where it is for one only; ``reason``: of a change of the one in force."""

    indicator: str
    period: str
    value: int
    source: str
    program: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Progress:
    """A target in force, and how much of it is ``reached``."""

    target: Target
    reached: int


def set_target(session: Session, command: SetTarget, *, now: datetime, actor: Actor) -> Target:
    """Keep a target as the newest of its period, where the earlier ones stay readable.

    One that is in force as it stands is returned. Raises NotFound for an unknown indicator, Invalid
    ``reason_required`` where the period has another, Conflict ``corrected_meanwhile``,
    ``already_entered``.
    """
    if command.indicator not in INDICATORS:
        raise NotFound()
    before = _in_force(session, command)
    if before and before.value == command.value and before.source == command.source:
        return before
    if before and not command.reason:
        raise Invalid("reason_required", field="reason")
    target = Target(
        indicator=command.indicator,
        period=command.period,
        program=command.program,
        value=Decimal(command.value),
        source=command.source,
        revision=before.revision + 1 if before else 1,
        reason=command.reason if before else None,
    )
    keep_revision(session, target, "indicator_target", now=now, actor=actor)
    return target


def list_targets(session: Session, indicator: str) -> Sequence[Target]:
    """The targets in force of an indicator, the latest period first."""
    place = (Target.period.desc(), Target.program.nulls_first())
    statement = select(Target).where(Target.indicator == indicator)
    newest = statement.ext(distinct_on(Target.period, Target.program))
    return session.scalars(newest.order_by(*place, Target.revision.desc())).all()


def list_progress(session: Session, indicator: Indicator, as_of: datetime) -> list[Progress]:
    """The targets in force, and how far each one was at that moment."""
    targets = list_targets(session, indicator.code)
    return [Progress(target, _reached(session, target, indicator, as_of)) for target in targets]


def _reached(session: Session, target: Target, indicator: Indicator, as_of: datetime) -> int:
    first, last = indicator.days(*days_of(target.period))
    only = {Dimension.PROGRAM: target.program} if target.program else {}
    ask = AskIndicator(indicator.code, first=first, last=last, as_of=as_of, only=only)
    return count_achieved(figures(session, ask))


def list_until(
    session: Session, indicator: Indicator, ends: Sequence[date | str], as_of: datetime
) -> list[int | None]:
    """What was achieved up to each of these days, or to the end of these periods; None where a
    publication's own dating is neither."""
    days = [_last_day(end) for end in ends]
    if not any(days):
        return [None] * len(days)
    ask = AskIndicator(indicator.code, by=(Dimension.DAY,), as_of=as_of)
    rows = [
        (row["day"], row["value"])
        for row in figures(session, ask).rows
        if row["status"] in indicator.achieved
    ]
    return [sum(value for on, value in rows if on <= day) if day else None for day in days]


def _last_day(end: date | str) -> date | None:
    if isinstance(end, date):
        return end
    try:
        return days_of(end)[1]
    except ValueError:
        return None


def count_achieved(counted: Figures) -> int:
    """What counts towards a target: the sum of the statuses that do."""
    rows = counted.rows
    return sum(row["value"] for row in rows if row["status"] in counted.indicator.achieved)


def list_target_revisions(session: Session, indicator: str) -> Sequence[Target]:
    """Every target that was ever set for an indicator, the newest first. Raises NotFound."""
    if indicator not in INDICATORS:
        raise NotFound()
    statement = select(Target).where(Target.indicator == indicator)
    return session.scalars(statement.order_by(Target.entered_at.desc(), Target.id.desc())).all()


def _in_force(session: Session, command: SetTarget) -> Target | None:
    same = (
        Target.indicator == command.indicator,
        Target.period == command.period,
        Target.program.is_not_distinct_from(command.program),
    )
    newest = select(Target).where(*same).order_by(Target.revision.desc()).limit(1)
    return session.scalars(newest).first()
