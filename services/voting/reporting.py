"""An office reports a count; another person types it from the source, and only then it counts.

A correction is a new report: once approved it supersedes the count it corrects, and both stay.
A number is checked when it is reported or corrected, and once more when it is published, beside
what others published meanwhile. A count that waits leaves no facts: its number is nobody's to see.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.consulates.queries import get_consulate, is_alone
from services.kernel import audit
from services.kernel.audit import OFFICE_ROLES, Actor
from services.kernel.db import violated_constraint
from services.kernel.errors import Conflict, Invalid, NotFound, WrongState
from services.kernel.ids import new_id
from services.voting.counting import count_facts
from services.voting.deadlines import counting_days
from services.voting.errors import FiguresDiffer
from services.voting.lifecycle import LIFECYCLE
from services.voting.models import CountFigure, VoteCount
from services.voting.queries import count_settled, read_known_counts
from services.voting.rules import (
    FIRST_ELECTION,
    MAX_COUNT,
    Action,
    Cell,
    Dimension,
    Impossible,
    Known,
    Metric,
    Mode,
    Status,
    Unit,
    Wrong,
    actions,
    impossible_date,
    impossible_mode,
    impossible_value,
    oddities,
)


@dataclass(frozen=True)
class ReportCount:
    """``value`` of ``metric`` at an office on ``day``; ``election`` is its year, e.g. "2027"."""

    consulate: str
    election: str
    metric: Metric
    mode: Mode | None
    day: date
    value: int
    source: str
    note: str | None = None

    @property
    def cell(self) -> Cell:
        """What it speaks of at its office."""
        return Cell(self.metric, self.mode, self.day)


@dataclass(frozen=True)
class TypeFigure:
    """``value`` as read from the source, of a count that waits; ``reason`` of a correction, and its
    ``note`` where it explains what is odd about the new number.

    ``explained``: whoever types it takes the explanation of what is odd about the number; None,
    without having been asked.
    """

    count: UUID
    value: int
    reason: str | None = None
    note: str | None = None
    explained: bool | None = None


def report_count(
    session: Session, command: ReportCount, *, now: datetime, actor: Actor
) -> VoteCount:
    """Keep the count, to be typed once more from its source by another person.

    Raises `NotFound` for an office that doesn't exist or isn't the actor's, `Invalid` for what
    can't be (`rules.Impossible`), for a missing source and for what is odd and has no note,
    Conflict "already_reported" while a report of the same cell waits.
    """
    warnings = _check(session, command, now, actor)
    count = VoteCount(
        id=new_id(),
        election=command.election,
        metric=command.metric.value,
        mode=command.mode.value if command.mode else None,
        dimension=Dimension.CONSULATE.value,
        key=command.consulate,
        consulate_code=command.consulate,
        day=command.day,
        value=Decimal(command.value),
        unit=Unit.COUNT.value,
        status=Status.REPORTED.value,
        note=command.note,
        source=command.source.strip(),
        reported_by=actor.account_id,
        created_at=now,
        revision=count_settled(session, command) + 1,
        warnings=warnings,
    )
    session.add(count)
    with _translated():
        session.flush()
    _keep_figure(session, count, command.value, None, now, actor)
    _audit(session, count, "vote_count.reported", now=now, actor=actor)
    return count


def approve_count(
    session: Session, command: TypeFigure, *, now: datetime, actor: Actor
) -> VoteCount:
    """Make a reported count official when ``value`` is the number that was reported; the one in
    force for the same cell is superseded. Another number is kept beside it: the count still waits,
    and `figures_differ` says so.

    Raises `NotFound`, `Conflict` "self_approval" for whoever reported it, under whatever account,
    and "wrong_state" for one that is not waiting, and "explanation_not_read" where something is odd
    about the number and ``explained`` is false; Invalid "reason_required" for who typed another
    number before, and has seen the reported one since, and what can't be beside what others
    published meanwhile.
    """
    count, may = _lock_waiting(session, command.count, actor)
    if Action.APPROVE not in may:
        raise Conflict("self_approval")
    if count.second_by == actor.account_id and not command.reason:
        raise Invalid("reason_required", field="reason")
    return _compare(session, count, command, now, actor)


def correct_count(
    session: Session, command: TypeFigure, *, now: datetime, actor: Actor
) -> VoteCount:
    """Change one's own number of a count that waits: who reported it, or who typed another.

    Raises `NotFound`, also for anybody else's, Conflict "wrong_state", Invalid.
    """
    count, may = _lock_waiting(session, command.count, actor)
    if Action.CORRECT not in may:
        raise NotFound("not_found")
    if not command.reason:
        raise Invalid("reason_required", field="reason")
    if actor.account_id == count.second_by:
        return _compare(session, count, command, now, actor)
    count.note = command.note or count.note
    count.warnings = _check_value(session, _as_report(count, command.value), now)
    count.value = Decimal(command.value)
    _keep_figure(session, count, command.value, command.reason, now, actor)
    _audit(session, count, "vote_count.corrected", now=now, actor=actor)
    if count.second_value == count.value and count.second_by:
        _approve(session, count, count.second_by, now, actor)
    session.flush()
    return count


def reject_count(
    session: Session, count_id: UUID, reason: str, *, now: datetime, actor: Actor
) -> VoteCount:
    """End a report that is wrong; a new one may be made. Raises `NotFound`, "wrong_state"."""
    count, _may = _lock_waiting(session, count_id, actor)
    LIFECYCLE.move(
        session,
        count,
        Status.REJECTED,
        now=now,
        actor=actor,
        reason=reason,
        rejected_by=actor.account_id,
    )
    return count


def figures_differ(count: VoteCount) -> FiguresDiffer | None:
    """Two people typed different numbers for a count that waits; both may know both."""
    if count.status != Status.REPORTED or count.second_value is None:
        return None
    return FiguresDiffer(typed=int(count.second_value), reported=int(count.value))


def _lock_waiting(
    session: Session, count_id: UUID, actor: Actor
) -> tuple[VoteCount, frozenset[Action]]:
    """The count, and what the actor may do with it: something, as long as it waits."""
    count = LIFECYCLE.lock(session, count_id)
    if count.status == Status.PUBLISHED:
        raise NotFound()
    may = actions(count.status, actor.account_id, count.reported_by, count.second_by)
    if not may:
        raise WrongState(state=count.status)
    return count, may


def _compare(
    session: Session, count: VoteCount, command: TypeFigure, now: datetime, actor: Actor
) -> VoteCount:
    _keep_figure(session, count, command.value, command.reason, now, actor)
    if command.value == count.value:
        if count.warnings and command.explained is False:
            raise Conflict("explanation_not_read")
        _approve(session, count, actor.account_id, now, actor)
        return count
    count.second_value, count.second_by = Decimal(command.value), actor.account_id
    with _translated():
        session.flush()
    _audit(session, count, "vote_count.differs", now=now, actor=actor)
    return count


def _approve(
    session: Session, count: VoteCount, approver: UUID | None, now: datetime, actor: Actor
) -> None:
    """Publish the count, if it still agrees with what is in force; others of the election wait."""
    session.execute(_LOCK, {"election": count.election})
    report = _as_report(count, int(count.value))
    wrong = impossible_value(report.cell, report.value, _known(session, report))
    if wrong:
        raise _refusal(wrong)
    with _translated():
        for old in _in_force(session, count):
            LIFECYCLE.move(session, old, Status.SUPERSEDED, now=now, actor=actor)
        LIFECYCLE.move(session, count, Status.APPROVED, now=now, actor=actor, approved_by=approver)
    LIFECYCLE.lock(session, count.id)  # with the number that the database gave it
    count_facts(session, count, now=now)


def _keep_figure(
    session: Session,
    count: VoteCount,
    value: int,
    reason: str | None,
    now: datetime,
    actor: Actor,
) -> None:
    session.add(
        CountFigure(
            id=new_id(),
            count_id=count.id,
            consulate_code=count.consulate_code,
            typed_by=actor.account_id,
            value=Decimal(value),
            reason=reason,
            typed_at=now,
        )
    )


def _check(session: Session, command: ReportCount, now: datetime, actor: Actor) -> list[str]:
    if actor.role in OFFICE_ROLES and actor.consulate != command.consulate:
        raise NotFound("not_found", field="consulate")
    if not re.fullmatch(r"[12][0-9]{3}", command.election, re.ASCII):
        raise Invalid("invalid", field="election")
    if not command.source.strip():
        raise Invalid("required", field="source")
    return _check_value(session, command, now)


def _check_value(session: Session, command: ReportCount, now: datetime) -> list[str]:
    """What is odd about the number, and explained. Raises Invalid."""
    if not 0 <= command.value <= MAX_COUNT:
        raise Invalid("out_of_range", field="value", least=0, most=MAX_COUNT)
    zone = ZoneInfo(get_consulate(session, command.consulate).time_zone)
    known = _known(session, command)
    wrong = (
        _impossible_day(command, now.astimezone(zone).date(), zone)
        or impossible_mode(command.metric, command.mode, known)
        or impossible_value(command.cell, command.value, known)
    )
    if wrong:
        raise _refusal(wrong)
    odd = oddities(command.cell, command.value, known)
    if odd and not (command.note or "").strip():
        raise Invalid(odd[0].value, field="note", **_compared(known))
    return [each.value for each in odd]


def _impossible_day(command: ReportCount, today: date, zone: ZoneInfo) -> Impossible | None:
    wrong = impossible_date(command.election, command.day, today)
    days = counting_days(command.election, command.metric, command.mode, zone)
    if wrong is None and days.last and command.day > days.last:
        return Impossible.AFTER_DEADLINE
    if wrong is None and days.first and command.day < days.first:
        return Impossible.BEFORE_DEADLINE
    return wrong


def _known(session: Session, command: ReportCount) -> Known:
    office = get_consulate(session, command.consulate)
    return read_known_counts(
        session,
        command,
        country=office.country,
        in_person=office.in_person_vote,
        alone=is_alone(session, office),
    )


def _compared(known: Known) -> dict[str, str]:
    """Of which election and whose the figures are with which a number is compared."""
    before = known.before
    return (
        {"election": before.election, "whose": before.whose.value, "country": before.key}
        if before
        else {}
    )


def _refusal(wrong: Wrong | Impossible) -> Invalid:
    wrong = Wrong(wrong) if isinstance(wrong, Impossible) else wrong
    return Invalid(wrong.code.value, field=wrong.field, first=FIRST_ELECTION, **wrong.numbers)


def _as_report(count: VoteCount, value: int) -> ReportCount:
    """The report that a correction makes of a count."""
    return ReportCount(
        consulate=count.consulate_code or "",
        election=count.election or "",
        metric=Metric(count.metric),
        mode=Mode(count.mode) if count.mode else None,
        day=count.day or date.min,
        value=value,
        source=count.source,
        note=count.note,
    )


def _in_force(session: Session, count: VoteCount) -> Sequence[VoteCount]:
    """Return and lock the count that a new one replaces."""
    return session.scalars(
        select(VoteCount)
        .where(
            VoteCount.status == Status.APPROVED,
            VoteCount.election == count.election,
            VoteCount.metric == count.metric,
            VoteCount.mode.is_not_distinct_from(count.mode),
            VoteCount.consulate_code == count.consulate_code,
            VoteCount.day == count.day,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


@contextmanager
def _translated() -> Iterator[None]:
    """Translate violated constraints into domain errors."""
    try:
        yield
    except IntegrityError as refused:
        translate = _REFUSALS.get(violated_constraint(refused) or "")
        if translate is None:
            raise
        raise translate() from refused


# Counts of an election are published one after the other, each beside all that are in force.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('vote counts ' || :election, 0))")
_REFUSALS: Mapping[str, Callable[[], Exception]] = {
    "ck_vote_counts_self_approval": lambda: Conflict("self_approval"),
    "ck_vote_counts_same_person": lambda: Conflict("self_approval"),
    "ck_vote_counts_second_person": lambda: Conflict("self_approval"),
    "ck_vote_counts_second": lambda: Conflict("self_approval"),
    "uq_vote_counts_approved": WrongState,
    "uq_vote_counts_revision": lambda: Conflict("already_reported"),
    "fk_vote_counts_consulate_code": lambda: NotFound("not_found", field="consulate"),
}


def _audit(session: Session, count: VoteCount, action: str, *, now: datetime, actor: Actor) -> None:
    subject = audit.Subject.of("vote_count", count)
    audit.record(session, subject, action=action, now=now, actor=actor)
