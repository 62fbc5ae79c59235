"""Targets of our indicators by period: set, changed with a reason, and how far each one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.kernel.audit import Actor
from services.kernel.errors import Invalid, NotFound
from services.monitoring.indicators import INDICATORS
from services.monitoring.models import Target
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
