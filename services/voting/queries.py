"""Read counts. Row security decides who sees which: anyone the published, an office its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from services.kernel.errors import NotFound
from services.kernel.tables import Page, fetch_page
from services.voting.models import VoteCount
from services.voting.rules import IN_FORCE, SETTLED, Dimension, Known, Metric, Mode, Status


@dataclass(frozen=True)
class CountFilter:
    """Filter of vote counts; None doesn't narrow."""

    election: str | None = None
    consulate: str | None = None
    metric: str | None = None
    dimension: Dimension | None = None
    status: Status | None = None


@dataclass(frozen=True)
class Election:
    """What is known of an election: figures that others published, and our offices' own.

    The two are never added up: their bases differ. ``version`` grows with each approval: the same
    version is the same figures.
    """

    year: str
    published: Sequence[VoteCount]
    approved: Sequence[VoteCount]
    version: int


def list_counts(
    session: Session, which: CountFilter, *, after: UUID | None = None, limit: int = 100
) -> Page[VoteCount, UUID]:
    """The counts that the transaction's scope may see, by id; ``after`` is a page's ``next``."""
    statement = select(VoteCount).order_by(VoteCount.id)
    wanted = {
        VoteCount.election: which.election,
        VoteCount.consulate_code: which.consulate,
        VoteCount.metric: which.metric,
        VoteCount.dimension: which.dimension,
        VoteCount.status: which.status,
    }
    for column, value in wanted.items():
        if value is not None:
            statement = statement.where(column == value)
    if after is not None:
        statement = statement.where(VoteCount.id > after)
    return fetch_page(session, statement, limit=limit, place=lambda row: row.id)


class Cell(Protocol):
    """What a count speaks of: an office on a day, for an election, by mode or over all modes."""

    @property
    def consulate(self) -> str: ...
    @property
    def election(self) -> str: ...
    @property
    def metric(self) -> Metric: ...
    @property
    def mode(self) -> Mode | None: ...
    @property
    def day(self) -> date: ...


def count_settled(session: Session, cell: Cell) -> int:
    """How many reports of the cell were approved, superseded or rejected."""
    return int(
        session.execute(
            select(func.count()).where(
                *_of(cell),
                VoteCount.mode.is_not_distinct_from(cell.mode),
                VoteCount.consulate_code == cell.consulate,
                VoteCount.status.in_(sorted(SETTLED)),
            )
        ).scalar_one()
    )


def read_known_counts(session: Session, cell: Cell, *, in_person: bool) -> Known:
    """What is in force beside the cell, to compare a number with."""
    rows = session.execute(
        select(VoteCount.mode, VoteCount.consulate_code, VoteCount.value).where(
            *_of(cell), VoteCount.status == Status.APPROVED
        )
    ).all()
    here = {r.mode: int(r.value) for r in rows if r.consulate_code == cell.consulate}
    return Known(
        registered=_registered(session, cell),
        total=here.get(None),
        modes={Mode(mode): value for mode, value in here.items() if mode and mode != cell.mode},
        before=_before(session, cell),
        elsewhere=frozenset(
            int(r.value) for r in rows if r.consulate_code != cell.consulate and r.mode == cell.mode
        ),
        in_person=in_person,
    )


def _of(cell: Cell) -> tuple[ColumnElement[bool], ...]:
    return (
        VoteCount.election == cell.election,
        VoteCount.metric == cell.metric,
        VoteCount.day == cell.day,
    )


def _registered(session: Session, cell: Cell) -> int | None:
    """The office's list of voters, the largest that is known; or else that of all abroad."""
    largest = select(func.max(VoteCount.value)).where(
        VoteCount.election == cell.election, VoteCount.metric == Metric.REGISTERED
    )
    own = session.scalar(
        largest.where(
            VoteCount.status == Status.APPROVED,
            VoteCount.consulate_code == cell.consulate,
            or_(VoteCount.mode.is_(None), VoteCount.mode.is_not_distinct_from(cell.mode)),
        )
    )
    whole = session.scalar(
        largest.where(VoteCount.status == Status.PUBLISHED, VoteCount.dimension == Dimension.TOTAL)
    )
    known = own if own is not None else whole
    return int(known) if known is not None else None


def _before(session: Session, cell: Cell) -> int | None:
    """The office's latest figure in force of an earlier election."""
    value = session.scalar(
        select(VoteCount.value)
        .where(
            VoteCount.election < cell.election,
            VoteCount.metric == cell.metric,
            VoteCount.mode.is_not_distinct_from(cell.mode),
            VoteCount.consulate_code == cell.consulate,
            VoteCount.status.in_(sorted(IN_FORCE)),
        )
        .order_by(VoteCount.election.desc(), VoteCount.day.desc())
        .limit(1)
    )
    return int(value) if value is not None else None


def get_count(session: Session, count_id: UUID) -> VoteCount:
    """One count. Raises `NotFound`, also for another office's."""
    count = session.scalar(select(VoteCount).where(VoteCount.id == count_id))
    if count is None:
        raise NotFound("not_found")
    return count


def list_revisions(session: Session, count_id: UUID) -> Sequence[VoteCount]:
    """Every report of the count's cell, the newest first: which one is in force, and those that
    were, wait or were rejected. Raises `NotFound`, also for a published count, which has none."""
    count = get_count(session, count_id)
    if count.revision is None:
        raise NotFound("not_found")
    return session.scalars(
        select(VoteCount)
        .where(
            VoteCount.election == count.election,
            VoteCount.metric == count.metric,
            VoteCount.mode.is_not_distinct_from(count.mode),
            VoteCount.consulate_code == count.consulate_code,
            VoteCount.day == count.day,
            VoteCount.revision.is_not(None),
        )
        .order_by(VoteCount.revision.desc())
    ).all()


def get_revision(session: Session, count_id: UUID, number: int) -> VoteCount:
    """One of them by its number, from 1. Raises `NotFound`."""
    for revision in list_revisions(session, count_id):
        if revision.revision == number:
            return revision
    raise NotFound("not_found")


def election(session: Session, year: str) -> Election:
    """Published figures of the election of ``year``, and the approved ones that are in force.

    Raises `NotFound` when there is neither.
    """
    rows = session.scalars(
        select(VoteCount)
        .where(
            VoteCount.election == year,
            VoteCount.status.in_(sorted(IN_FORCE)),
        )
        .order_by(VoteCount.metric, VoteCount.dimension, VoteCount.value.desc(), VoteCount.id)
    ).all()
    if not rows:
        raise NotFound("not_found", field="election")
    return Election(
        year,
        published=[row for row in rows if row.status == Status.PUBLISHED],
        approved=[row for row in rows if row.status == Status.APPROVED],
        version=sum(row.revision or 0 for row in rows if row.status == Status.APPROVED),
    )
