"""An office reports a count; another person approves it.

A correction is a new report: once approved it supersedes the count it corrects, and both stay.
Each step leaves facts of kind ``vote_count.<metric>`` with the mode as programme and the count
itself as quantity, so that sums as of an earlier moment stay what they were.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.facts.models import Fact
from services.kernel import audit
from services.kernel.audit import OFFICE_ROLES, Actor
from services.kernel.db import violated_constraint
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id
from services.voting.models import VoteCount
from services.voting.rules import MAX_COUNT, Dimension, Metric, Mode, Status, Unit

FACT_KIND = "vote_count"


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


def report_count(
    session: Session, command: ReportCount, *, now: datetime, actor: Actor
) -> VoteCount:
    """Keep the count, to be approved by another person.

    Raises `NotFound` for an office that doesn't exist or isn't the actor's, `Invalid` for an
    election that is no year, a value out of range or a missing source.
    """
    _check(command, actor)
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
    )
    session.add(count)
    _flush(session)
    _fact(session, count, None, Status.REPORTED, now)
    _audit(session, count, "vote_count.reported", now=now, actor=actor)
    return count


def approve_count(session: Session, count_id: UUID, *, now: datetime, actor: Actor) -> VoteCount:
    """Make a reported count official; the one in force for the same cell is superseded.

    Raises `NotFound`, `Conflict` "self_approval" for whoever reported it, and "wrong_state" for
    one that is not waiting, or when another report of the cell is approved at the same moment.
    """
    count = session.scalar(select(VoteCount).where(VoteCount.id == count_id).with_for_update())
    if count is None or count.status == Status.PUBLISHED:
        raise NotFound("not_found")
    if count.status != Status.REPORTED:
        raise Conflict("wrong_state", state=count.status)
    for old in _supersede(session, count):
        _fact(session, old, Status.APPROVED, Status.SUPERSEDED, now)
    count.status = Status.APPROVED.value
    count.approved_by, count.approved_at = actor.account_id, now
    _flush(session)
    _fact(session, count, Status.REPORTED, Status.APPROVED, now)
    _audit(session, count, "vote_count.approved", now=now, actor=actor)
    return count


def _check(command: ReportCount, actor: Actor) -> None:
    if actor.role in OFFICE_ROLES and actor.consulate != command.consulate:
        raise NotFound("not_found", field="consulate")
    if not re.fullmatch(r"[12][0-9]{3}", command.election, re.ASCII):
        raise Invalid("invalid", field="election")
    if not 0 <= command.value <= MAX_COUNT:
        raise Invalid("out_of_range", field="value", least=0, most=MAX_COUNT)
    if not command.source.strip():
        raise Invalid("required", field="source")


def _supersede(session: Session, count: VoteCount) -> Sequence[VoteCount]:
    return session.scalars(
        update(VoteCount)
        .where(
            VoteCount.status == Status.APPROVED,
            VoteCount.election == count.election,
            VoteCount.metric == count.metric,
            VoteCount.mode.is_not_distinct_from(count.mode),
            VoteCount.consulate_code == count.consulate_code,
            VoteCount.day == count.day,
        )
        .values(status=Status.SUPERSEDED.value)
        .returning(VoteCount)
    ).all()


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as refused:
        translate = _REFUSALS.get(violated_constraint(refused) or "")
        if translate is None:
            raise
        raise translate() from refused


_REFUSALS: Mapping[str, Callable[[], Exception]] = {
    "ck_vote_counts_self_approval": lambda: Conflict("self_approval"),
    "uq_vote_counts_approved": lambda: Conflict("wrong_state"),
    "fk_vote_counts_consulate_code": lambda: NotFound("not_found", field="consulate"),
}


def _fact(
    session: Session, count: VoteCount, before: Status | None, after: Status, now: datetime
) -> None:
    """The figure leaves one status and arrives in the next; a zero moves nothing."""
    signs = {after: 1} if before is None else {before: -1, after: 1}
    lines = [
        {
            "kind": f"{FACT_KIND}.{count.metric}",
            "subject_id": count.id,
            "consulate_code": count.consulate_code,
            "program": count.mode or "all",
            "status": status.value,
            "day": count.day,
            "quantity": sign * int(count.value),
            "occurred_at": now,
        }
        for status, sign in signs.items()
        if count.value
    ]
    if lines:
        session.execute(insert(Fact), lines)


def _audit(session: Session, count: VoteCount, action: str, *, now: datetime, actor: Actor) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        subject_kind="vote_count",
        subject_id=count.id,
        now=now,
        consulate=count.consulate_code,
    )
