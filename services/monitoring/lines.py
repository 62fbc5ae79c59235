"""The lines that a figure adds up, one by one and without anybody: for analysts' own sums.

A line says what was counted where, on which day, and when it was recorded; never of whom. The
lines of a question add up to its figure as of the same moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.facts.keys import OF_LINE, Key
from services.kernel.errors import NotFound
from services.monitoring.dimensions import SOURCES
from services.monitoring.figures import AskIndicator
from services.monitoring.indicators import INDICATORS

# Rows that are fetched at once: whatever their number, no more are held in memory.
BATCH = 2000


class Line(NamedTuple):
    """One line: ``value`` is what it adds to the figure, less than 0 where a subject left."""

    day: date
    consulate: str | None
    program: str | None
    election: str | None
    status: str
    value: int
    recorded_at: datetime


_LINES = """
SELECT {columns}
FROM (
    SELECT id, day, status, recorded_at, {keys}, {measure} AS value
    FROM facts
    WHERE kind = :kind AND recorded_at <= :as_of AND {measure} <> 0
      AND (CAST(:first AS date) IS NULL OR day >= :first)
      AND (CAST(:last AS date) IS NULL OR day <= :last)
) lines
{joins}
WHERE {conditions}
{order}
"""
_COLUMNS = ", ".join(f"lines.{name}" for name in Line._fields)


def count_lines(session: Session, ask: AskIndicator) -> int:
    """How many there are as of ``ask.as_of``, which must be settled. Raises NotFound."""
    count: int = session.execute(*_statement(ask, "count(*)")).scalar_one()
    return count


def read_lines(session: Session, ask: AskIndicator) -> Iterator[Line]:
    """Each of them, in the order in which they were recorded. Raises NotFound."""
    statement, values = _statement(ask, _COLUMNS, "ORDER BY lines.recorded_at, lines.id")
    options = {"stream_results": True, "yield_per": BATCH}
    with session.execute(statement, values, execution_options=options) as lines:
        for row in lines:
            yield Line(*row)


def _statement(ask: AskIndicator, columns: str, order: str = "") -> tuple[Any, dict[str, Any]]:
    """The lines that the question's figure adds up (`services.monitoring.figures`)."""
    indicator = INDICATORS.get(ask.code)
    if indicator is None:
        raise NotFound()
    conditions = [f"{SOURCES[dimension].value} = :only_{dimension}" for dimension in ask.only]
    statement = _LINES.format(
        columns=columns,
        keys=", ".join(f"{OF_LINE[key]} AS {key}" for key in sorted(_keys(ask))),
        measure=indicator.measure,
        joins="\n".join(sorted({SOURCES[dimension].join for dimension in ask.only})),
        conditions=" AND ".join(conditions) or "true",
        order=order,
    )
    values = {"kind": indicator.kind, "first": ask.first, "last": ask.last, "as_of": ask.as_of}
    only = {f"only_{dimension}": value for dimension, value in ask.only.items()}
    return text(statement), {**values, **only}


def _keys(ask: AskIndicator) -> set[Key]:
    """What a line shows, and what the question is narrowed by."""
    asked = {SOURCES[dimension].key for dimension in ask.only}
    return {Key.CONSULATE, Key.PROGRAM, Key.ELECTION, *filter(None, asked)}
