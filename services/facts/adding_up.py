"""Lines of facts added up, as of a moment: cells of a cube, and the lines on its other side.

A cube holds what was recorded up to its watermark. For a later moment the lines recorded since are
added; for an earlier one, those recorded in between are subtracted. Watermark, cells and lines are
read in one statement, so by one snapshot: whatever is rolled up meanwhile, the sum is exact. A cube
that isn't there any more when the statement begins counts nothing, and all lines are added.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from services.facts.cubes import COLUMNS, find_cube, name_of, split
from services.facts.keys import OF_LINE, Key
from services.facts.rolling_up import list_watermarks


@dataclass(frozen=True)
class Wanted:
    """Facts of a kind, of days from ``first`` to ``last``, as of a moment, told apart by ``keys``
    and status; ``by_day`` by day as well. ``measure`` is the column that is added up."""

    kind: str
    measure: str
    keys: Collection[Key]
    first: date | None
    last: date | None
    as_of: datetime
    by_day: bool = False


_LINES = """
    SELECT {keys}status, day, {measure} AS value
    FROM facts
    WHERE kind = :kind AND recorded_at <= :as_of
      AND (CAST(:first AS date) IS NULL OR day >= :first)
      AND (CAST(:last AS date) IS NULL OR day <= :last)
"""
_MARK = "coalesce((SELECT at FROM mark), '-infinity')"
_CELLS = f"""
    WITH mark AS (SELECT id, at FROM fact_cubes WHERE name = :cube AND at IS NOT NULL)
    SELECT {{columns}}cell.status, cell.period AS day, cell.{{measure}} * piece.sign AS value
    FROM unnest(CAST(:levels AS text[]), CAST(:firsts AS date[]), CAST(:lasts AS date[]),
        CAST(:signs AS integer[])) AS piece (level, first, last, sign)
    JOIN fact_cells cell ON cell.cube = (SELECT id FROM mark) AND cell.kind = :kind
        AND cell.level = piece.level AND cell.period BETWEEN piece.first AND piece.last
    UNION ALL
    SELECT {{keys}}status, day,
        CASE WHEN {_MARK} > :as_of THEN -line.{{measure}} ELSE line.{{measure}} END
    FROM (
        SELECT * FROM facts
        WHERE recorded_at > least({_MARK}, :as_of) AND recorded_at <= greatest({_MARK}, :as_of)
    ) line
    WHERE kind = :kind
      AND (CAST(:first AS date) IS NULL OR day >= :first)
      AND (CAST(:last AS date) IS NULL OR day <= :last)
"""  # noqa: S608 - constants of this file


def lines_sql(session: Session, wanted: Wanted) -> tuple[str, dict[str, Any]]:
    """A query of (keys, status, day, value), and its values: from the smallest cube that has the
    keys, if it can be used now, else from the lines themselves."""
    values = {
        "kind": wanted.kind,
        "first": wanted.first,
        "last": wanted.last,
        "as_of": wanted.as_of,
    }
    keys = "".join(f"{OF_LINE[key]} AS {key}, " for key in wanted.keys)
    cube = find_cube(wanted.keys)
    if cube is None or list_watermarks(session)[name_of(cube)].at is None:
        return _LINES.format(keys=keys, measure=wanted.measure), values
    column = dict(zip(cube, COLUMNS, strict=False))
    columns = "".join(f"nullif(cell.{column[key]}, '') AS {key}, " for key in wanted.keys)
    pieces = split(wanted.first, wanted.last, by_day=wanted.by_day)
    query = _CELLS.format(columns=columns, keys=keys, measure=wanted.measure)
    return query, {
        **values,
        "cube": name_of(cube),
        "levels": [piece.level.value for piece in pieces],
        "firsts": [piece.first for piece in pieces],
        "lasts": [piece.last for piece in pieces],
        "signs": [piece.sign for piece in pieces],
    }
