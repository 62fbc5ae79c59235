"""Read counts. Row security decides who sees which: anyone the published, an office its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from services.kernel.errors import NotFound
from services.kernel.tables import Page, fetch_page
from services.voting.models import CountFigure, ElectionVersion, VoteCount
from services.voting.rules import (
    IN_FORCE,
    SETTLED,
    Before,
    Cell,
    Dimension,
    Known,
    Metric,
    Mode,
    Status,
    Unit,
    Whose,
)

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


def read_known_counts(
    session: Session, place: Place, *, country: str, in_person: bool, alone: bool
) -> Known:
    """What is in force beside the cell, to compare a number with; ``country`` is its office's,
    which may be ``alone`` there."""
    counts = list_office_counts(session, place.consulate, place.election)
    elsewhere = session.scalars(
        select(VoteCount.value).where(
            *_of(place),
            VoteCount.mode.is_not_distinct_from(place.mode),
            VoteCount.consulate_code != place.consulate,
            VoteCount.status == Status.APPROVED,
        )
    )
    earlier = list_earlier(session, place.consulate, country, place.election)
    return Known(
        cells={cell_of(count): int(count.value) for count in counts},
        listed=_listed(session, place.election),
        before=earlier.get(_what(place.metric, place.mode)),
        elsewhere=frozenset(map(int, elsewhere)),
        in_person=in_person,
        alone=alone,
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


What = tuple[Metric, Mode | None]


def list_earlier(
    session: Session, consulate: str, country: str, election: str
) -> Mapping[What, Before]:
    """With what an office's counts of an election are compared, by metric and mode: the latest of
    an earlier one, its own, or else its country's, or else of all abroad."""
    own = and_(VoteCount.consulate_code == consulate, VoteCount.status.in_(sorted(IN_FORCE)))
    others = and_(
        VoteCount.status == Status.PUBLISHED,
        or_(
            and_(VoteCount.dimension == Dimension.COUNTRY, VoteCount.key == country),
            VoteCount.dimension.in_((Dimension.TOTAL, Dimension.MODE)),
        ),
    )
    rows = session.scalars(
        select(VoteCount)
        .where(
            VoteCount.election < election,
            VoteCount.unit == Unit.COUNT,
            VoteCount.metric.in_({*Metric, *_LISTS}),
            or_(own, others),
        )
        .order_by(VoteCount.election.desc(), VoteCount.day.desc())
    ).all()
    earlier: dict[What, Before] = {}
    for whose in Whose:
        for row in rows:
            what = _what(row.metric, row.mode)
            if _whose(row) is whose and what not in earlier:
                earlier[what] = _latest(whose, row, rows)
    return earlier


def _latest(whose: Whose, newest: VoteCount, rows: Sequence[VoteCount]) -> Before:
    """Of an office its newest figure; of others every one that was published of that election."""
    of = (_what(newest.metric, newest.mode), whose, newest.election)
    same = [row for row in rows if (_what(row.metric, row.mode), _whose(row), row.election) == of]
    same = [newest] if whose is Whose.OFFICE else same
    key = "" if whose is Whose.ABROAD else newest.key
    return Before(newest.election or "", whose, key, frozenset(int(row.value) for row in same))


def _what(metric: str, mode: str | None) -> What:
    """What a figure counts: lists of voters have two names, and envelopes only come by post."""
    counts = Metric.REGISTERED if metric in _LISTS else Metric(metric)
    by = Mode.POSTAL.value if counts is Metric.VOTE_ENVELOPES else mode
    return counts, Mode(by) if by else None


def _whose(row: VoteCount) -> Whose:
    if row.consulate_code:
        return Whose.OFFICE
    return Whose.COUNTRY if row.dimension == Dimension.COUNTRY else Whose.ABROAD


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
