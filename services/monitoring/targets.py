"""Targets of our indicators by period: set, changed with a reason, and how far each one is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from services.consulates.models import Consulate
from services.kernel.audit import Actor
from services.kernel.errors import Invalid, NotFound
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, Figures, figures, refuse_others
from services.monitoring.indicators import INDICATORS, Indicator
from services.monitoring.models import Target
from services.monitoring.periods import days_of, find_period
from services.monitoring.revisions import keep_revision


@dataclass(frozen=True)
class SetTarget:
    """``program``, ``consulate``: where it is for one only; ``reason``: of a change of the one in
    force."""

    indicator: str
    period: str
    value: int
    source: str
    program: str | None = None
    consulate: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Progress:
    """A target in force, and how much of it is ``reached``; of which ``election``, where it is of a
    stock that each of them has anew."""

    target: Target
    reached: int
    election: str | None = None


def set_target(session: Session, command: SetTarget, *, now: datetime, actor: Actor) -> Target:
    """Keep a target as the newest of its period, where the earlier ones stay readable.

    One that is in force as it stands is returned. Raises NotFound for an unknown indicator, Invalid
    ``consulate_not_found``, ``dimension_not_held`` for an office of what offices don't have, or a
    program of what goes by none, ``reason_required`` where the period has another, Conflict
    ``corrected_meanwhile``, ``already_entered``.
    """
    if command.indicator not in INDICATORS:
        raise NotFound()
    _check_office(session, command)
    if command.program:
        refuse_others(INDICATORS[command.indicator], {Dimension.PROGRAM}, field="program")
    before = _in_force(session, command)
    if before and before.value == command.value and before.source == command.source:
        return before
    if before and not command.reason:
        raise Invalid("reason_required", field="reason")
    target = Target(
        indicator=command.indicator,
        period=command.period,
        program=command.program,
        consulate_code=command.consulate,
        value=Decimal(command.value),
        source=command.source,
        revision=before.revision + 1 if before else 1,
        reason=command.reason if before else None,
    )
    keep_revision(session, target, "indicator_target", now=now, actor=actor)
    return target


def _check_office(session: Session, command: SetTarget) -> None:
    if command.consulate is None:
        return
    indicator = INDICATORS[command.indicator]
    if not indicator.has_offices:
        others, held = Dimension.CONSULATE, ", ".join(indicator.by)
        raise Invalid("dimension_not_held", field="consulate", others=others, held=held)
    if session.get(Consulate, command.consulate) is None:
        raise Invalid("consulate_not_found", field="consulate")


def list_targets(session: Session, indicator: str, as_of: datetime) -> Sequence[Target]:
    """The targets of an indicator that were in force at a moment, the latest period first."""
    of = (Target.period, Target.program, Target.consulate_code)
    period, program, office = of
    statement = select(Target).where(Target.indicator == indicator, Target.entered_at <= as_of)
    newest = statement.ext(distinct_on(*of))
    place = (period.desc(), program.nulls_first(), office.nulls_first())
    return session.scalars(newest.order_by(*place, Target.revision.desc())).all()


def list_progress(
    session: Session,
    indicator: Indicator,
    as_of: datetime,
    *,
    wanted: Callable[[Target], bool] = lambda target: True,
) -> list[Progress]:
    """The wanted targets that were in force at that moment, and how far each one was then."""
    targets = [target for target in list_targets(session, indicator.code, as_of) if wanted(target)]
    counted = {
        of: _by_office(session, *of, indicator, as_of)
        for of in {(target.period, target.program) for target in targets}
    }
    return [_progress(target, *counted[target.period, target.program]) for target in targets]


def _progress(target: Target, reached: Mapping[str | None, int], election: str | None) -> Progress:
    office = target.consulate_code
    value = reached.get(office, 0) if office else sum(reached.values())
    return Progress(target, value, election)


def _by_office(
    session: Session, period: str, program: str | None, indicator: Indicator, as_of: datetime
) -> tuple[Mapping[str | None, int], str | None]:
    """What was achieved in a period by office, and of which election it is."""
    first, last = indicator.days(*days_of(period))
    only = {Dimension.PROGRAM: program} if program else {}
    by = (Dimension.CONSULATE,)
    ask = AskIndicator(indicator.code, by=by, first=first, last=last, as_of=as_of, only=only)
    counted = figures(session, ask)
    reached: Counter[str | None] = Counter()
    for row in counted.rows:
        if row["status"] in indicator.achieved:
            reached[row["consulate"]] += row["value"]
    return reached, counted.election


_SAID_OF = frozenset({Dimension.CONSULATE, Dimension.PROGRAM, Dimension.STATUS, Dimension.ELECTION})


def targets_of_rows(session: Session, counted: Figures, ask: AskIndicator) -> list[Decimal | None]:
    """Of each row what it is to reach: where the question is about a period, and the row about an
    office, a program, both or all, and about the status that counts."""
    period = find_period(ask.first, ask.last)
    if period is None or {*ask.by, *counted.only} - _SAID_OF or Dimension.ELECTION in ask.by:
        return [None] * len(counted.rows)
    values = {
        (target.program, target.consulate_code): target.value
        for target in list_targets(session, counted.indicator.code, counted.as_of)
        if target.period == period
    }
    achieved, only = counted.indicator.achieved, counted.only

    def target_of(row: Mapping[str, Any]) -> Decimal | None:
        program, office = (row.get(each, only.get(each)) for each in _OF)
        # What has no office, or no program, is none of all of them.
        nowhere = any(each in row and row[each] is None for each in _OF)
        known = row["status"] in achieved and not nowhere
        return values.get((program, office)) if known else None

    return [target_of(row) for row in counted.rows]


_OF = (Dimension.PROGRAM, Dimension.CONSULATE)


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
        Target.consulate_code.is_not_distinct_from(command.consulate),
    )
    newest = select(Target).where(*same).order_by(Target.revision.desc()).limit(1)
    return session.scalars(newest).first()
