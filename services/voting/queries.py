"""Read counts. Row security decides who sees which: anyone the published, an office its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.kernel.errors import NotFound
from services.voting.models import VoteCount
from services.voting.rules import Dimension, Status


@dataclass(frozen=True)
class CountFilter:
    """Which counts; None doesn't narrow."""

    election: str | None = None
    consulate: str | None = None
    metric: str | None = None
    dimension: Dimension | None = None
    status: Status | None = None


@dataclass(frozen=True)
class Page:
    """A part of a list; ``next`` is where the rest begins, None at the end."""

    items: Sequence[VoteCount]
    next: UUID | None


@dataclass(frozen=True)
class Election:
    """What is known of an election: figures that others published, and our offices' own.

    The two are never added up: their bases differ.
    """

    year: str
    published: Sequence[VoteCount]
    approved: Sequence[VoteCount]


def list_counts(
    session: Session, which: CountFilter, *, after: UUID | None = None, limit: int = 100
) -> Page:
    """The counts that the transaction's scope may see, by id; ``after`` is a page's ``next``."""
    statement = select(VoteCount).order_by(VoteCount.id).limit(limit + 1)
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
    found = session.scalars(statement).all()
    return Page(found[:limit], found[limit - 1].id if len(found) > limit else None)


def get_count(session: Session, count_id: UUID) -> VoteCount:
    """One count. Raises `NotFound`, also for another office's."""
    found = session.scalar(select(VoteCount).where(VoteCount.id == count_id))
    if found is None:
        raise NotFound("not_found")
    return found


def election(session: Session, year: str) -> Election:
    """Published figures of the election of ``year``, and the approved ones that are in force.

    Raises `NotFound` when there is neither.
    """
    rows = session.scalars(
        select(VoteCount)
        .where(
            VoteCount.election == year,
            VoteCount.status.in_([Status.PUBLISHED, Status.APPROVED]),
        )
        .order_by(VoteCount.metric, VoteCount.dimension, VoteCount.value.desc(), VoteCount.id)
    ).all()
    if not rows:
        raise NotFound("not_found", field="election")
    return Election(
        year,
        published=[row for row in rows if row.status == Status.PUBLISHED],
        approved=[row for row in rows if row.status == Status.APPROVED],
    )
