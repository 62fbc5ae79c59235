"""Compare the sums that are kept of facts with a recount of all lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.facts.cubes import COLUMNS, name_of
from services.facts.keys import Key
from services.facts.rolling_up import AT_LENGTH, list_watermarks, sums_sql

MOST = 20

# One statement, so that watermark, cells and lines are of one snapshot.
_KEYS = ", ".join(("kind", "level", "period", "status", *COLUMNS))
_COUNTS = ("quantity", "people", "services")
_PAIRS = ", ".join(f"coalesce({table}.{name}, 0)" for name in _COUNTS for table in ("cell", "line"))
_DIFFER = " OR ".join(f"cell.{name} IS DISTINCT FROM line.{name}" for name in _COUNTS)
_RECOUNT = f"""
    WITH mark AS (SELECT id, at FROM fact_cubes WHERE name = :name AND at IS NOT NULL)
    SELECT count(*) OVER () AS differences, {_KEYS}, ARRAY[{_PAIRS}] AS counts
    FROM (SELECT * FROM fact_cells WHERE cube = (SELECT id FROM mark)) cell
    FULL JOIN ({{sums}}) line USING ({_KEYS})
    WHERE {_DIFFER}
    ORDER BY {_KEYS} LIMIT :most
"""  # noqa: S608 - constants of this file


@dataclass(frozen=True)
class Cell:
    """A cell that isn't what a recount gives; ``kept`` and ``counted`` are quantity, people and
    services."""

    place: str
    kept: tuple[int, ...]
    counted: tuple[int, ...]


@dataclass(frozen=True)
class Recount:
    """``at``: as of when, None for sums that aren't in use. ``differences``: how many cells
    differ, of which ``cells`` are the first."""

    name: str
    at: datetime | None
    differences: int = 0
    cells: Sequence[Cell] = ()


def recount(session: Session, cube: Sequence[Key]) -> Recount:
    """Count all lines that a cube has, and compare. Whatever is recorded meanwhile is in
    neither."""
    name = name_of(cube)
    session.execute(AT_LENGTH)
    statement = _RECOUNT.format(sums=sums_sql(cube, "recorded_at <= (SELECT at FROM mark)"))
    at = list_watermarks(session)[name].at
    rows = session.execute(text(statement), {"name": name, "most": MOST}).all()
    return Recount(name, at, rows[0].differences if rows else 0, [_cell(row) for row in rows])


def _cell(row: Any) -> Cell:
    values = [getattr(row, column) for column in COLUMNS]
    place = " ".join([row.kind, f"{row.level} {row.period}", row.status, *filter(None, values)])
    return Cell(place, tuple(row.counts[0::2]), tuple(row.counts[1::2]))
