"""Read counts. Row security decides who sees which: anyone the published, an office its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from services.kernel.errors import NotFound
from services.kernel.tables import Page, fetch_page
from services.voting.models import CountFigure, ElectionVersion, VoteCount
from services.voting.rules import IN_FORCE, SETTLED, Cell, Dimension, Known, Metric, Mode, Status

# What the published lists of voters are called: the one of 2024 by its initials.
_LISTS = (Metric.REGISTERED.value, "lnere")


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


class Place(Protocol):
    """A cell of an office's counts of an election."""

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


def count_settled(session: Session, place: Place) -> int:
    """How many reports of the cell were approved, superseded or rejected."""
    return int(
        session.execute(
            select(func.count()).where(
                *_of(place),
                VoteCount.mode.is_not_distinct_from(place.mode),
                VoteCount.consulate_code == place.consulate,
                VoteCount.status.in_(sorted(SETTLED)),
            )
        ).scalar_one()
    )


def list_office_counts(session: Session, consulate: str, election: str) -> Sequence[VoteCount]:
    """What is in force of an office's counts of an election."""
    return session.scalars(
        select(VoteCount).where(
            VoteCount.consulate_code == consulate,
            VoteCount.election == election,
            VoteCount.status == Status.APPROVED,
        )
    ).all()


def cell_of(count: VoteCount) -> Cell:
    """What an office's count speaks of."""
    mode = Mode(count.mode) if count.mode else None
    return Cell(Metric(count.metric), mode, count.day or date.min)


def read_known_counts(session: Session, place: Place, *, in_person: bool) -> Known:
    """What is in force beside the cell, to compare a number with."""
    counts = list_office_counts(session, place.consulate, place.election)
    elsewhere = session.scalars(
        select(VoteCount.value).where(
            *_of(place),
            VoteCount.mode.is_not_distinct_from(place.mode),
            VoteCount.consulate_code != place.consulate,
            VoteCount.status == Status.APPROVED,
        )
    )
    return Known(
        cells={cell_of(count): int(count.value) for count in counts},
        listed=_listed(session, place.election),
        before=_before(session, place),
        elsewhere=frozenset(map(int, elsewhere)),
        in_person=in_person,
    )


def _of(place: Place) -> tuple[ColumnElement[bool], ...]:
    return (
        VoteCount.election == place.election,
        VoteCount.metric == place.metric,
        VoteCount.day == place.day,
    )


def _listed(session: Session, election: str) -> int | None:
    """The published list of voters of all abroad."""
    value = session.scalar(
        select(func.max(VoteCount.value)).where(
            VoteCount.election == election,
            VoteCount.metric.in_(_LISTS),
            VoteCount.status == Status.PUBLISHED,
            VoteCount.dimension == Dimension.TOTAL,
        )
    )
    return int(value) if value is not None else None


def _before(session: Session, place: Place) -> int | None:
    """The office's latest figure in force of an earlier election."""
    value = session.scalar(
        select(VoteCount.value)
        .where(
            VoteCount.election < place.election,
            VoteCount.metric == place.metric,
            VoteCount.mode.is_not_distinct_from(place.mode),
            VoteCount.consulate_code == place.consulate,
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


def list_figures(session: Session, counts: Sequence[VoteCount]) -> Sequence[CountFigure]:
    """Every number that was typed for the counts, in its order, as far as the scope sees them."""
    return session.scalars(
        select(CountFigure)
        .where(CountFigure.count_id.in_([count.id for count in counts]))
        .order_by(CountFigure.typed_at, CountFigure.id)
    ).all()


def find_version(session: Session, election: str) -> ElectionVersion | None:
    """How many numbers of the election were published so far, and when the last one was."""
    return session.get(ElectionVersion, election)


def list_published_until(session: Session, election: str, version: int) -> Sequence[VoteCount]:
    """Our offices' first ``version`` published numbers of the election, in their order: of the same
    cell the last one is in force then, and corrects the one before it."""
    return session.scalars(
        select(VoteCount)
        .where(VoteCount.election == election, VoteCount.published_version <= version)
        .order_by(VoteCount.published_version)
    ).all()


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
    version = find_version(session, year)
    return Election(
        year,
        published=[row for row in rows if row.status == Status.PUBLISHED],
        approved=[row for row in rows if row.status == Status.APPROVED],
        version=version.version if version else 0,
    )
