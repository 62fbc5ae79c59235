"""The votes of each election since 2006 as others published them, each beside the one before.

Totals of votes have one basis and are compared; percentages that were published are never computed
again, for their bases differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.voting.models import VoteCount
from services.voting.rules import Dimension, Metric, Status, Unit
from services.voting.sources import NamedSource, name_source


@dataclass(frozen=True)
class Compared:
    """How a total changed since the election before."""

    election: str
    votes: int
    percent: Decimal


@dataclass(frozen=True)
class PastElection:
    """The published total of votes, what it is compared with (none for the first), and what else
    is published of the election."""

    election: str
    votes: int
    source: NamedSource
    compared: Compared | None
    figures: Sequence[VoteCount]


def list_history(session: Session) -> list[PastElection]:
    """Every election with a published total of votes, the newest first."""
    rows = session.scalars(
        select(VoteCount)
        .where(VoteCount.status == Status.PUBLISHED, VoteCount.election.is_not(None))
        .order_by(VoteCount.election, VoteCount.metric, VoteCount.dimension, VoteCount.id)
    ).all()
    totals = [row for row in rows if is_total_of_votes(row)]
    before: list[VoteCount | None] = [None, *totals]
    past = [
        PastElection(
            total.election or "",
            int(total.value),
            name_source(total.source, total.election),
            _compared(total, previous),
            [row for row in rows if row.election == total.election],
        )
        for total, previous in zip(totals, before, strict=False)
    ]
    return past[::-1]


def list_credentials(session: Session) -> Sequence[VoteCount]:
    """Published counts of voter cards issued abroad, which belong to no election."""
    return session.scalars(
        select(VoteCount)
        .where(VoteCount.status == Status.PUBLISHED, VoteCount.election.is_(None))
        .order_by(VoteCount.period.desc(), VoteCount.metric, VoteCount.value.desc())
    ).all()


def is_total_of_votes(row: VoteCount) -> bool:
    """Whether a figure is the number of votes of all abroad."""
    return (row.metric, row.dimension, row.unit) == (Metric.VOTES, Dimension.TOTAL, Unit.COUNT)


def _compared(total: VoteCount, before: VoteCount | None) -> Compared | None:
    if before is None:
        return None
    percent = ((total.value / before.value - 1) * 100).quantize(Decimal("0.1"))
    return Compared(before.election or "", int(before.value), percent)
