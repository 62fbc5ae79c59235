"""Keep sums of facts, so that a figure adds up thousands of cells in place of millions of lines.

Each cube (`services.facts.cubes`) holds exactly the lines that were recorded up to its watermark,
``at``; what was recorded after it is added by whoever counts (`services.facts.adding_up`). The
schedule moves the watermark on, in the transaction that adds the lines in between. It stays some
seconds behind what is settled, so that a clock that is set back by less puts no line before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.facts.cubes import COLUMNS, CUBES, levels_of, lines_of, name_of
from services.facts.keys import OF_LINE, Key

LAG = timedelta(seconds=10)
# More lines than are added in passing.
MANY = 20_000


@dataclass(frozen=True)
class Watermark:
    """How far a cube has got. ``at`` is None while it isn't to be used: not built yet, or found
    wrong (``damaged_at``)."""

    name: str
    at: datetime | None
    damaged_at: datetime | None


_WATERMARKS = text("SELECT name, at, damaged_at FROM fact_cubes")
_NEW = text(
    """
    INSERT INTO fact_cubes (id, name)
    SELECT (SELECT coalesce(max(id), 0) FROM fact_cubes) + n, name
    FROM unnest(CAST(:names AS text[])) WITH ORDINALITY AS new (name, n)
    ON CONFLICT DO NOTHING
    """
)
_TARGET = text("SELECT least(at, clock_timestamp()) - CAST(:lag AS interval) FROM facts_settled")
# The clock was set back further than a watermark lies behind it: lines may have been recorded
# before the watermark that aren't in the cells.
_SET_BACK = text(
    "UPDATE fact_cubes SET at = NULL WHERE at > clock_timestamp() - CAST(:lag AS interval) / 2"
)
_WAITING = text(
    """
    SELECT count(*) FROM (
        SELECT FROM facts WHERE recorded_at > :after AND recorded_at <= :until LIMIT :most) line
    """
)
_LOCK = text("SELECT id, at, damaged_at FROM fact_cubes WHERE name = :name FOR UPDATE SKIP LOCKED")
_EMPTY = text("DELETE FROM fact_cells WHERE cube = :cube")
_MOVE = text("UPDATE fact_cubes SET at = :until, damaged_at = NULL WHERE id = :cube")
_DAMAGED = text(
    "UPDATE fact_cubes SET at = NULL, damaged_at = clock_timestamp() WHERE name = :name"
)
# Nobody has moved them on for a day. Should a version come back that has them, it builds them anew.
_LEFT_OVER = text(
    """
    WITH left_over AS (
        UPDATE fact_cubes SET at = NULL
        WHERE name <> ALL (:names) AND at < clock_timestamp() - interval '1 day' RETURNING id
    ), gone AS (
        DELETE FROM fact_cells cell USING left_over WHERE cell.cube = left_over.id RETURNING 1
    )
    SELECT count(*) FROM gone
    """
)
# All lines are read, sorted and hashed: minutes, where some seconds are what a statement may take.
AT_LENGTH = text(
    "SELECT set_config('work_mem', '128MB', true), set_config('statement_timeout', '0', true)"
)

_VALUES = ", ".join(COLUMNS)
_SUMS = f"""
    SELECT kind, level, date_trunc(level, day::timestamp)::date AS period, status, {_VALUES},
        sum(quantity)::bigint AS quantity, sum(people)::bigint AS people,
        sum(services)::bigint AS services
    FROM (
        SELECT kind, day, status, {{keys}}, sum(quantity) AS quantity, sum(people) AS people,
            sum(services) AS services
        FROM facts WHERE {{which}} GROUP BY kind, day, status, {_VALUES}
    ) daily CROSS JOIN (VALUES {{levels}}) levels (level)
    GROUP BY kind, level, 3, status, {_VALUES}
    HAVING sum(quantity) <> 0 OR sum(people) <> 0 OR sum(services) <> 0
"""  # noqa: S608 - constants of this file
_SAME = " AND ".join(f"cell.{column} = sums.{column}" for column in COLUMNS)
_CELL = f"kind, level, period, status, {_VALUES}, quantity, people, services"
# In the order in which they are read, so that those of a period lie side by side.
_FILL = f"""
    INSERT INTO fact_cells (cube, {_CELL})
    SELECT :cube, {_CELL} FROM ({{sums}}) sums ORDER BY kind, level, period, {_VALUES}
"""  # noqa: S608 - constants of this file
_ADD = f"""
    MERGE INTO fact_cells AS cell USING ({{sums}}) AS sums
    ON cell.cube = :cube AND cell.kind = sums.kind AND cell.level = sums.level
        AND cell.period = sums.period AND cell.status = sums.status AND {_SAME}
    WHEN MATCHED AND cell.quantity + sums.quantity = 0 AND cell.people + sums.people = 0
        AND cell.services + sums.services = 0 THEN DELETE
    WHEN MATCHED THEN UPDATE SET quantity = cell.quantity + sums.quantity,
        people = cell.people + sums.people, services = cell.services + sums.services
    WHEN NOT MATCHED THEN
        INSERT (cube, {_CELL})
        VALUES (:cube, sums.kind, sums.level, sums.period, sums.status,
            {", ".join(f"sums.{column}" for column in COLUMNS)},
            sums.quantity, sums.people, sums.services)
"""  # noqa: S608 - constants of this file


def list_watermarks(session: Session) -> dict[str, Watermark]:
    """How far each of our cubes has got."""
    known = {row.name: Watermark(*row) for row in session.execute(_WATERMARKS)}
    names = [name_of(cube) for cube in CUBES]
    return {name: known.get(name, Watermark(name, None, None)) for name in names}


def roll_up(session: Session, *, lag: timedelta = LAG) -> bool:
    """Add to each cube what was recorded since, if it isn't much.

    Returns whether there is work for `build`: a cube that isn't built yet, or many lines.
    """
    session.execute(_SET_BACK, {"lag": lag})
    until: datetime = session.execute(_TARGET, {"lag": lag}).scalar_one()
    watermarks = list_watermarks(session)
    waiting: dict[datetime, int] = {}
    # Those that were built one after another; what spans two cubes wants both equally far.
    apart = len({mark.at for mark in watermarks.values() if mark.at}) > 1
    for cube in CUBES:
        mark = watermarks[name_of(cube)]
        if mark.at is not None and mark.at not in waiting:
            values = {"after": mark.at, "until": until, "most": MANY + 1}
            waiting[mark.at] = session.execute(_WAITING, values).scalar_one()
        if mark.at is not None and (apart or waiting[mark.at]) and waiting[mark.at] <= MANY:
            _add(session, cube, until)
    unbuilt = any(mark.at is None and not mark.damaged_at for mark in watermarks.values())
    return unbuilt or any(count > MANY for count in waiting.values())


def build(
    session: Session, cube: Sequence[Key], *, lag: timedelta = LAG, anew: bool = False
) -> bool:
    """Add whatever a cube lacks, all of it when it isn't built; ``anew`` also when it is, or was
    found wrong. False when somebody else is at it."""
    session.execute(_NEW, {"names": [name_of(cube) for cube in CUBES]})
    session.execute(AT_LENGTH)
    until: datetime = session.execute(_TARGET, {"lag": lag}).scalar_one()
    return _add(session, cube, until, anew=anew)


def set_aside(session: Session, name: str) -> None:
    """Use a cube no more: it was found wrong. `build` makes it ``anew``."""
    session.execute(_DAMAGED, {"name": name})


def drop_left_over(session: Session) -> int:
    """Give up the cells of cubes that no version in use has any more; returns how many."""
    session.execute(AT_LENGTH)
    names = [name_of(cube) for cube in CUBES]
    count: int = session.execute(_LEFT_OVER, {"names": names}).scalar_one()
    return count


def sums_sql(cube: Sequence[Key], which: str) -> str:
    """The cells that these lines come to."""
    keys = [f"coalesce({OF_LINE[key]}, '') AS {c}" for c, key in zip(COLUMNS, cube, strict=False)]
    rest = [f"''::text AS {column}" for column in COLUMNS[len(cube) :]]
    return _SUMS.format(
        keys=", ".join(keys + rest),
        which=f"{which} AND {lines_of(cube)}",
        levels=", ".join(f"('{level}')" for level in levels_of(cube)),
    )


def _add(session: Session, cube: Sequence[Key], until: datetime, *, anew: bool = False) -> bool:
    row = session.execute(_LOCK, {"name": name_of(cube)}).first()
    if row is None or (row.damaged_at and not anew):
        return False
    after = None if anew else row.at
    values = {"cube": row.id, "after": after, "until": until}
    if after is None:
        session.execute(_EMPTY, values)
        session.execute(text(_FILL.format(sums=sums_sql(cube, "recorded_at <= :until"))), values)
        session.execute(_MOVE, values)
    elif after < until:
        sums = sums_sql(cube, "recorded_at > :after AND recorded_at <= :until")
        session.execute(text(_ADD.format(sums=sums)), values)
        session.execute(_MOVE, values)
    return True
