"""Figures from facts: exact, and the same when asked again as of the same moment.

A figure is a sum over lines of double-entry counting, so it is a state ("so many are active"),
whatever the order in which its lines were written. It counts the lines that were recorded up to a
moment before which nothing can be recorded any more (`services.facts.settling`), so that it is the
same whenever it is asked again, and wherever: nothing is written for it. Most of them are added up
already (`services.facts.rolling_up`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.facts.adding_up import Wanted, lines_sql
from services.facts.keys import Key
from services.facts.settling import is_settled, is_to_come, settle
from services.kernel.errors import Invalid, NotFound, Unavailable
from services.monitoring.dimensions import SOURCES, Dimension
from services.monitoring.indicators import INDICATORS, Indicator


@dataclass(frozen=True)
class AskIndicator:
    """Days are the subjects' own days at their offices, both included. ``only`` keeps what has
    these values. ``since`` keeps only what has changed since that moment: late and reversing lines
    of facts count on the days of what they are about."""

    code: str
    by: tuple[Dimension, ...] = ()
    first: date | None = None
    last: date | None = None
    as_of: datetime | None = None
    only: Mapping[Dimension, str] = field(default_factory=dict)
    compare: bool = False
    since: datetime | None = None


@dataclass(frozen=True)
class Figures:
    """``rows``: the dimensions that were asked for, ``status`` and ``value``; since a moment, also
    the value as of then (``before``) and the ``difference``. ``only``: what they are narrowed to,
    with the ``election`` that was taken where none was asked for."""

    indicator: Indicator
    as_of: datetime
    rows: Sequence[dict[str, Any]]
    only: Mapping[Dimension, str] = field(default_factory=dict)
    election: str | None = None


_FIGURES = """
SELECT {columns}, {value}
FROM ({lines}) lines
{joins}
WHERE {conditions}
GROUP BY {groups} HAVING {wanted}
ORDER BY {groups}
"""
_NEWEST_ELECTION = """
SELECT max(election) FROM (
    SELECT lines.election FROM ({lines}) lines
    GROUP BY lines.election, lines.earlier HAVING sum(lines.value) <> 0) there
"""
_SUM = "coalesce(sum(lines.value) FILTER (WHERE {which}), 0)::bigint"
_VALUE, _COMPARED = _SUM.format(which="NOT lines.earlier"), _SUM.format(which="lines.earlier")


def figures(session: Session, command: AskIndicator) -> Figures:
    """Count. Raises NotFound for an unknown indicator, Invalid ``dimension_not_held`` or
    ``in_the_future``, Unavailable for a moment that isn't settled here yet.

    Compared, each row has the value of as many days just before, and 0 where there is none. A stock
    that each election has anew is that of the newest one with any in these days, wherever, unless
    an election is asked for: so figures of offices add up to that of the network.
    """
    indicator = INDICATORS.get(command.code)
    if indicator is None:
        raise NotFound()
    refuse_others(indicator, {*command.by, *command.only})
    as_of = require_moment(session, command.as_of)
    election = newest_election(session, command, as_of)
    if election:
        command = replace(command, only={**command.only, Dimension.ELECTION: election})
    rows = _rows(session, command, indicator, as_of)
    if command.since is not None:
        since = require_moment(session, command.since, name="since")
        rows = _changed(_rows(session, command, indicator, since), rows)
    return Figures(indicator, as_of, rows, command.only, election)


def newest_election(session: Session, command: AskIndicator, as_of: datetime) -> str | None:
    """The election to which a question is narrowed that asks for none: of a stock that each of them
    has anew, the newest that has any in its days. None of anything else."""
    indicator = INDICATORS[command.code]
    asked = {*command.by, *command.only}
    if not indicator.is_of_one_election or Dimension.ELECTION in asked:
        return None
    wanted = _wanted(indicator, command, [Key.ELECTION], as_of)
    lines, values = lines_sql(session, wanted)
    newest: str | None = session.scalar(text(_NEWEST_ELECTION.format(lines=lines)), values)
    return newest


def _changed(then: list[dict[str, Any]], now: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows whose values differ; a row that isn't there has 0."""
    before = {_key(row): row["value"] for row in then}
    here = {_key(row) for row in now}
    gone = [{**row, "value": 0} for row in then if _key(row) not in here]
    rows = [{**row, "before": before.get(_key(row), 0)} for row in now + gone]
    return [
        {**row, "difference": row["value"] - row["before"]}
        for row in rows
        if row["value"] != row["before"]
    ]


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(value for name, value in row.items() if name != "value")


def refuse_others(indicator: Indicator, asked: Collection[Dimension], *, field: str = "by") -> None:
    """Raise Invalid ``dimension_not_held`` where an indicator hasn't all of these."""
    others = {*asked} - {*indicator.dimensions}
    if others:
        names = ", ".join(indicator.dimensions)
        raise Invalid(
            "dimension_not_held", field=field, others=", ".join(sorted(others)), held=names
        )


def _rows(
    session: Session, command: AskIndicator, indicator: Indicator, as_of: datetime
) -> list[dict[str, Any]]:
    split = [d for d in command.by if d is not Dimension.STATUS] + [Dimension.STATUS]
    sources = [SOURCES[dimension] for dimension in (*split, *command.only)]
    earlier = _earlier(command)
    keys = sorted({source.key for source in sources if source.key})
    wanted = _wanted(indicator, command, keys, as_of)
    lines, values = lines_sql(session, wanted)
    statement = _FIGURES.format(
        columns=", ".join(f"{SOURCES[dimension].value} AS {dimension}" for dimension in split),
        value=f"{_VALUE} AS value" + (f", {_COMPARED} AS compared" if earlier else ""),
        lines=lines,
        joins="\n".join(sorted({source.join for source in sources})),
        conditions=" AND ".join(["true", *map(_condition, command.only)]),
        groups=", ".join(SOURCES[dimension].value for dimension in split),
        wanted=f"{_VALUE} <> 0" + (f" OR {_COMPARED} <> 0" if earlier else ""),
    )
    only = {f"only_{dimension}": value for dimension, value in command.only.items()}
    counted = session.execute(text(statement), {**values, **only})
    names = tuple(counted.keys())
    return [dict(zip(names, row, strict=True)) for row in counted.all()]


def _wanted(
    indicator: Indicator, command: AskIndicator, keys: Sequence[Key], as_of: datetime
) -> Wanted:
    """The lines of a question as of a moment, told apart by the keys."""
    given = {SOURCES[dimension].is_key: value for dimension, value in command.only.items()}
    return Wanted(
        kind=indicator.kind,
        measure=indicator.measure,
        keys=keys,
        first=command.first,
        last=command.last,
        as_of=as_of,
        by_day=Dimension.DAY in command.by,
        earlier=_earlier(command),
        only={key: value for key in keys if (value := given.get(key))},
    )


def _earlier(command: AskIndicator) -> date | None:
    """Where the period before begins, if it is compared with."""
    if not (command.compare and command.first and command.last):
        return None
    return command.first - (command.last - command.first + timedelta(days=1))


def _condition(dimension: Dimension) -> str:
    return f"{SOURCES[dimension].value} = :only_{dimension}"


def require_moment(session: Session, as_of: datetime | None, name: str = "as_of") -> datetime:
    """The moment that was asked for, or the latest. Raises Invalid, Unavailable: see `figures`."""
    if as_of is None:
        return settle(session)
    if is_to_come(session, as_of):
        raise Invalid("in_the_future", field=name)
    if not is_settled(session, as_of):
        raise Unavailable(retry_after=2)
    return as_of
