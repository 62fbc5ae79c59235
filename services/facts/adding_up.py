"""Lines of facts added up, as of a moment: cells of a cube, and the lines on its other side.

A cube holds what was recorded up to its watermark. For a later moment the lines recorded since are
added; for an earlier one, those recorded in between are subtracted: those of whole weeks by the
cells of a cube that has them apart, so that no more than half a week is read line by line.
Watermark, cells and lines are read in one statement, so by one snapshot: whatever is rolled up
meanwhile, the sum is exact. A cube that isn't there any more when the statement begins counts
nothing, and all lines are added.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.facts.cubes import (
    COLUMNS,
    Level,
    Piece,
    find_cube,
    find_weeks,
    levels_of,
    name_of,
    nearest_week,
    split,
)
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
_TOTAL = "SELECT id, at FROM fact_cubes WHERE name = :cube AND at IS NOT NULL"
# What was recorded in whole weeks is taken away; both cubes have to have got equally far.
_TOTAL_UNTIL_WEEK = """
    SELECT total.id, weeks.id AS weeks, CAST(:until AS timestamptz) AS at, total.at AS reached
    FROM fact_cubes total JOIN fact_cubes weeks ON weeks.at = total.at
    WHERE total.name = :cube AND weeks.name = :weeks AND total.at > :until
"""
_CELLS = """
    SELECT {columns}cell.status, cell.period AS day, piece.earlier,
        cell.{measure} * piece.sign * {sign} AS value
    FROM unnest(CAST(:levels AS text[]), CAST(:firsts AS date[]), CAST(:lasts AS date[]),
        CAST(:signs AS integer[]), CAST(:earlier AS boolean[]))
        AS piece (level, first, last, sign, earlier)
    JOIN fact_cells cell ON cell.cube = (SELECT {which} FROM mark) AND cell.kind = :kind
        AND cell.level = piece.level AND cell.period BETWEEN piece.first AND piece.last {only}
"""
# Of weeks whose days aren't added up: lines of the days at a period's ends, day by day.
_DAYS_OF_WEEKS = """
    SELECT {keys}status, line.day, piece.earlier, line.{measure} * piece.sign
    FROM unnest(CAST(:days AS date[]), CAST(:after AS timestamptz[]),
        CAST(:up_to AS timestamptz[]), CAST(:day_signs AS integer[]),
        CAST(:day_earlier AS boolean[])) AS piece (day, after, up_to, sign, earlier)
    JOIN facts line ON line.kind = :kind AND line.day = piece.day
        AND line.recorded_at > piece.after AND line.recorded_at <= piece.up_to
        AND line.recorded_at <= (SELECT reached FROM mark) {only}
"""
_BEYOND = f"""
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
    lines = {
        "keys": "".join(f"{OF_LINE[key]} AS {key}, " for key in wanted.keys),
        "days": _DAYS.format(only=_only(wanted, OF_LINE)),
        "measure": wanted.measure,
    }
    base = _find_base(session, wanted)
    if base is None:
        return _LINES.format(**lines), values
    parts = [_cells_sql(wanted, base.cube)]
    if base.by_week:
        parts.append(_cells_sql(wanted, base.by_week))
        if not base.has_days:
            parts.append(_DAYS_OF_WEEKS.format(only=_only(wanted, OF_LINE), **lines))
    query = " UNION ALL ".join([*parts, _BEYOND.format(**lines)])
    mark = _TOTAL_UNTIL_WEEK if base.by_week else _TOTAL
    return f"WITH mark AS ({mark}) {query}", {**values, **base.values, **_pieces(wanted, base)}


@dataclass(frozen=True)
class _Base:
    """Sums of what was recorded up to a moment (``at``): those of a cube up to its watermark; less
    those of the weeks (``by_week``) after that moment, if there are any."""

    at: datetime
    cube: Sequence[Key]
    by_week: Sequence[Key] = ()

    @property
    def values(self) -> dict[str, Any]:
        if not self.by_week:
            return {"cube": name_of(self.cube)}
        week = (self.at + _INSTANT).date().isoformat()
        weekly = {"weeks": name_of(self.by_week), "week": week, "until": self.at}
        return {"cube": name_of(self.cube), **weekly}

    @property
    def has_days(self) -> bool:
        """Whether days are in its cells as they were at that moment."""
        return not self.by_week or Level.DAY in levels_of(self.by_week)


# A line that is recorded as a week begins belongs to that week.
_INSTANT = timedelta(microseconds=1)


def _find_base(session: Session, wanted: Wanted) -> _Base | None:
    """The sums from which the fewest lines are to be added or subtracted, taken that lines came
    evenly; None where counting all of them takes fewer."""
    cube, weekly = find_cube(wanted.keys), find_weeks(wanted.keys)
    marks = list_watermarks(session)
    at = marks[name_of(cube)].at if cube is not None else None
    if cube is None or at is None or at <= wanted.as_of:
        return _Base(at, cube) if cube is not None and at else None
    bases = [_Base(at, cube)]
    until = nearest_week(wanted.as_of) - _INSTANT
    if wanted.by_day and weekly and Level.DAY not in levels_of(weekly):
        weekly = None
    if weekly and marks[name_of(weekly)].at == at and until < at:
        bases.append(_Base(until, cube, weekly))
    best = min(bases, key=lambda base: abs(base.at - wanted.as_of))
    first: datetime | None = session.scalar(_FIRST)
    return best if first and abs(best.at - wanted.as_of) <= wanted.as_of - first else None


def _cells_sql(wanted: Wanted, cube: Sequence[Key]) -> str:
    """Cells of a cube; those of weeks are subtracted."""
    of_cell = {key: f"cell.{c}" for key, c in zip(cube, COLUMNS, strict=False)}
    by_week = Key.WEEK in of_cell
    only = _only(wanted, of_cell)
    return _CELLS.format(
        columns="".join(f"nullif({of_cell[key]}, '') AS {key}, " for key in wanted.keys),
        measure=wanted.measure,
        sign=-1 if by_week else 1,
        which="weeks" if by_week else "id",
        only=f"{only} AND {of_cell[Key.WEEK]} >= :week" if by_week else only,
    )


def _only(wanted: Wanted, columns: Mapping[Key, str]) -> str:
    return " ".join(f"AND {columns[key]} = :key_{key}" for key in wanted.only)


def _pieces(wanted: Wanted, base: _Base) -> dict[str, list[Any]]:
    """Which cells make up the days, and where days aren't in them, which lines, as arrays."""
    pieces = [(piece, False) for piece in split(wanted.first, wanted.last, by_day=wanted.by_day)]
    if wanted.earlier and wanted.first:
        until = wanted.first - timedelta(days=1)
        before = split(wanted.earlier, until, by_day=wanted.by_day)
        pieces += [(piece, True) for piece in before]
    by_line = [] if base.has_days else list(_lines_of_days(pieces, base.at))
    if not base.has_days:
        turn = base.at.date()
        pieces = [(_until(piece, turn), earlier) for piece, earlier in pieces]
    return {
        "levels": [piece.level.value for piece, _ in pieces],
        "firsts": [piece.first for piece, _ in pieces],
        "lasts": [piece.last for piece, _ in pieces],
        "signs": [piece.sign for piece, _ in pieces],
        "earlier": [earlier for _, earlier in pieces],
        **{name: [line[name] for line in by_line] for name in _LINE_OF_DAY},
    }


_LINE_OF_DAY = ("days", "after", "up_to", "day_signs", "day_earlier")


def _lines_of_days(pieces: Sequence[tuple[Piece, bool]], at: datetime) -> Iterator[dict[str, Any]]:
    """What is read of each day for how it was at a moment: of one that had come, what was recorded
    since is taken from its cells; of one ahead, the little that was recorded until then is all."""
    for piece, earlier in pieces:
        count = (piece.last - piece.first).days + 1 if piece.level is Level.DAY else 0
        for day in (piece.first + timedelta(days=number) for number in range(count)):
            ahead, moment = day > at.date(), at.isoformat()
            after, up_to = ("-infinity", moment) if ahead else (moment, "infinity")
            sign = piece.sign if ahead else -piece.sign
            yield dict(zip(_LINE_OF_DAY, (day, after, up_to, sign, earlier), strict=True))


def _until(piece: Piece, turn: date) -> Piece:
    """Of days those that had come; none where the first is after the last."""
    return replace(piece, last=min(piece.last, turn)) if piece.level is Level.DAY else piece
