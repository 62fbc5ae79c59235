"""Facts of an office's counts: they add up to what is in force, by mode and by day.

Of kind ``vote_count.<metric>``, with the count's own id. Where an office gives modes and a total
the total's line is what the modes leave of it. Numbers that are up to and with a day, such as the
list of voters, leave what came since the day before. Each change is a line of its own, so that sums
as of an earlier moment stay what they were.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.facts.models import Fact
from services.facts.recording import Counted
from services.facts.recording import record as record_fact
from services.voting.models import VoteCount
from services.voting.queries import cell_of, list_office_counts
from services.voting.rules import FACT_KIND, VOTES, Cell, Cells, Metric, Mode, Status

ALL_MODES = "all"


def count_facts(session: Session, count: VoteCount, *, now: datetime) -> None:
    """Write what the facts of the count's office, election and metric lack, or have too much."""
    counts = [
        each
        for each in list_office_counts(session, count.consulate_code or "", count.election or "")
        if each.metric == count.metric
    ]
    wanted = quantities({cell_of(each): int(each.value) for each in counts})
    recorded = _recorded(session, [each.id for each in counts])
    for each in counts:
        lacking = wanted[cell_of(each)] - recorded.get(each.id, 0)
        counted = Counted(
            f"{FACT_KIND}.{each.metric}", each.id, each.day or date.min, each.consulate_code
        )
        mode = each.mode or ALL_MODES
        record_fact(
            session,
            counted,
            each.status,
            now=now,
            quantity=lacking,
            vote_mode=mode,
            election=count.election or "",
        )


def quantities(cells: Cells) -> dict[Cell, int]:
    """What each cell of one metric adds to the sum over days and modes."""
    return {cell: _added_by(cell, cells) for cell in cells}


def _added_by(cell: Cell, cells: Cells) -> int:
    """A day's own number, or what came since the day before it."""
    if cell.metric in VOTES:
        return _apart(cell, cells, _of_day)
    days = [c.day for c in cells if c.mode == cell.mode and c.day < cell.day]
    before = Cell(cell.metric, cell.mode, max(days)) if days else None
    return _apart(cell, cells, _up_to) - (_apart(before, cells, _up_to) if before else 0)


def _apart(cell: Cell, cells: Cells, of_mode: Callable[[Cells, Metric, Mode, date], int]) -> int:
    """The cell's number; of a total what its modes leave."""
    if cell.mode:
        return cells[cell]
    modes = sum(of_mode(cells, cell.metric, mode, cell.day) for mode in Mode)
    return max(cells[cell] - modes, 0)


def _of_day(cells: Cells, metric: Metric, mode: Mode, day: date) -> int:
    return cells.get(Cell(metric, mode, day), 0)


def _up_to(cells: Cells, metric: Metric, mode: Mode, day: date) -> int:
    days = [c.day for c in cells if c.mode is mode and c.day <= day]
    return cells[Cell(metric, mode, max(days))] if days else 0


def _recorded(session: Session, counts: Sequence[UUID]) -> Mapping[UUID, int]:
    """What stands in the facts by count."""
    rows = session.execute(
        select(Fact.subject_id, func.sum(Fact.quantity))
        .where(Fact.subject_id.in_(counts), Fact.status == Status.APPROVED)
        .group_by(Fact.subject_id)
    )
    return {subject: int(quantity) for subject, quantity in rows}
