"""Lines of facts added up, as of a moment: cells of a cube, and the lines on its other side.

A cube holds what was recorded up to its watermark. For a later moment the lines recorded since are
added; for an earlier one, those recorded in between are subtracted. Watermark, cells and lines are
read in one statement, so by one snapshot: whatever is rolled up meanwhile, the sum is exact. A cube
that isn't there any more when the statement begins counts nothing, and all lines are added.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.facts.cubes import COLUMNS, Piece, find_cube, name_of, split
from services.facts.keys import OF_LINE, Key
from services.facts.rolling_up import list_watermarks


@dataclass(frozen=True)
class Wanted:
    """Facts of a kind, of days from ``first`` to ``last``, as of a moment, told apart by ``keys``
    and status; ``by_day`` by day as well. ``measure`` is the column that is added up; ``only``
    keeps what has these values of some of the keys.

    ``earlier`` is where the days begin with which these are compared, up to the first of them.
    """

    kind: str
    measure: str
    keys: Collection[Key]
    first: date | None
    last: date | None
    as_of: datetime
    by_day: bool = False
    earlier: date | None = None
    only: Mapping[Key, str] = field(default_factory=dict)


_FIRST = text("SELECT min(recorded_at) FROM facts")
_DAYS = """
    WHERE kind = :kind
      AND (CAST(:since AS date) IS NULL OR day >= :since)
      AND (CAST(:last AS date) IS NULL OR day <= :last) {only}
"""
_EARLIER = "coalesce(day < :first, false) AS earlier"
_LINES = f"""
    SELECT {{keys}}status, day, {_EARLIER}, {{measure}} AS value
    FROM facts {{days}} AND recorded_at <= :as_of
"""  # noqa: S608 - constants of this file
_MARK = "coalesce((SELECT at FROM mark), '-infinity')"
_CELLS = f"""
    WITH mark AS (SELECT id, at FROM fact_cubes WHERE name = :cube AND at IS NOT NULL)
    SELECT {{columns}}cell.status, cell.period AS day, piece.earlier,
        cell.{{measure}} * piece.sign AS value
    FROM unnest(CAST(:levels AS text[]), CAST(:firsts AS date[]), CAST(:lasts AS date[]),
        CAST(:signs AS integer[]), CAST(:earlier AS boolean[]))
        AS piece (level, first, last, sign, earlier)
    JOIN fact_cells cell ON cell.cube = (SELECT id FROM mark) AND cell.kind = :kind
        AND cell.level = piece.level AND cell.period BETWEEN piece.first AND piece.last {{only}}
    UNION ALL
    SELECT {{keys}}status, day, {_EARLIER},
        CASE WHEN {_MARK} > :as_of THEN -line.{{measure}} ELSE line.{{measure}} END
    FROM (
        SELECT * FROM facts
        WHERE recorded_at > least({_MARK}, :as_of) AND recorded_at <= greatest({_MARK}, :as_of)
    ) line {{days}}
"""  # noqa: S608 - constants of this file


def lines_sql(session: Session, wanted: Wanted) -> tuple[str, dict[str, Any]]:
    """A query of (keys, status, day, earlier, value), and its values: from the smallest cube that
    has the keys, if it can be used now, else from the lines themselves."""
    values = {
        "kind": wanted.kind,
        "first": wanted.first,
        "since": wanted.earlier or wanted.first,
        "last": wanted.last,
        "as_of": wanted.as_of,
        **{f"key_{key}": value for key, value in wanted.only.items()},
    }
    keys = "".join(f"{OF_LINE[key]} AS {key}, " for key in wanted.keys)
    days = _DAYS.format(only=_only(wanted, OF_LINE))
    cube = find_cube(wanted.keys)
    if cube is None or not _is_of_use(session, cube, wanted.as_of):
        return _LINES.format(keys=keys, days=days, measure=wanted.measure), values
    of_cell = {key: f"cell.{c}" for key, c in zip(cube, COLUMNS, strict=False)}
    query = _CELLS.format(
        columns="".join(f"nullif({of_cell[key]}, '') AS {key}, " for key in wanted.keys),
        only=_only(wanted, of_cell),
        keys=keys,
        days=days,
        measure=wanted.measure,
    )
    return query, {**values, "cube": name_of(cube), **_pieces(wanted)}


def _is_of_use(session: Session, cube: Sequence[Key], as_of: datetime) -> bool:
    """Whether fewer lines are to be subtracted than counted, taken that they came evenly."""
    at = list_watermarks(session)[name_of(cube)].at
    if at is None or at <= as_of:
        return at is not None
    first: datetime | None = session.scalar(_FIRST)
    return first is not None and at - as_of <= as_of - first


def _only(wanted: Wanted, columns: Mapping[Key, str]) -> str:
    return " ".join(f"AND {columns[key]} = :key_{key}" for key in wanted.only)


def _pieces(wanted: Wanted) -> dict[str, list[Any]]:
    """Which cells make up the days, as arrays."""
    pieces: list[tuple[Piece, bool]] = [
        (piece, False) for piece in split(wanted.first, wanted.last, by_day=wanted.by_day)
    ]
    if wanted.earlier and wanted.first:
        until = wanted.first - timedelta(days=1)
        pieces += [(piece, True) for piece in split(wanted.earlier, until, by_day=wanted.by_day)]
    return {
        "levels": [piece.level.value for piece, _ in pieces],
        "firsts": [piece.first for piece, _ in pieces],
        "lasts": [piece.last for piece, _ in pieces],
        "signs": [piece.sign for piece, _ in pieces],
        "earlier": [earlier for _, earlier in pieces],
    }
