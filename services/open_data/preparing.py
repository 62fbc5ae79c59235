"""Prepare a version: count the whole months, leave out what may not be told, and compare with what
was published before.

A month that was published keeps what is told of it. Its numbers change in a later version only when
each that changes does so by the threshold or more, and what was left out still suffices; else the
month stays as it was, and the version says so: the difference of two versions is no small count.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from services.consulates.queries import list_consulates
from services.kernel.errors import NotFound
from services.monitoring.dimensions import Dimension
from services.monitoring.figures import AskIndicator, figures
from services.open_data.datasets import DATASETS, Dataset
from services.open_data.leaving_out import find_left_out, work_out
from services.open_data.models import DatasetVersion
from services.open_data.queries import find_latest, read_rows
from services.open_data.rules import ALL, NONE, Level, threshold_on, whole_months
from services.open_data.suppression import Cell, Table, list_unsafe

_ZONE = ZoneInfo("America/Mexico_City")
Row = Mapping[str, Any]
# Small numbers whose months are worked out at once, at a millisecond each; the others wait for a
# job (`services.open_data.leaving_out`).
AT_ONCE = 500


@dataclass(frozen=True)
class Prepared:
    """A version before it is published. ``held``: months that stay as they were published, for
    what came later is too little to be told; ``revised``: months whose numbers change; ``waiting``:
    new ones, as they were counted, of which it is still to be worked out what is left out."""

    dataset: Dataset
    number: int
    as_of: datetime
    threshold: int
    rows: Sequence[Row]
    added: Sequence[str]
    revised: Sequence[str]
    held: Sequence[str]
    unsafe: int
    waiting: Sequence[Table] = ()

    @property
    def suppressed(self) -> int:
        """How many numbers aren't told."""
        return sum(row["suppressed"] for row in self.rows)


def prepare(session: Session, code: str, as_of: datetime | None = None) -> Prepared:
    """Raises NotFound; what `figures` raises for a moment that can't be asked."""
    if code not in DATASETS:
        raise NotFound()
    dataset = DATASETS[code]
    moment = figures(session, AskIndicator(dataset.indicator, as_of=as_of)).as_of
    today = moment.astimezone(_ZONE).date()
    before = find_latest(session, code)
    published = _published(session, dataset, before) if before else {}
    months = _Months(session, dataset, moment, threshold_on(today), published)
    for first, last in whole_months(dataset.since, today):
        months.add(first, last)
    return Prepared(
        dataset,
        before.number + 1 if before else 1,
        moment,
        months.threshold,
        months.rows,
        months.added,
        months.revised,
        months.held,
        months.unsafe,
        months.waiting,
    )


def _published(session: Session, dataset: Dataset, version: DatasetVersion) -> dict[str, list[Row]]:
    """The rows of each month of a version; none where nothing was counted."""
    day = version.as_of.astimezone(_ZONE).date()
    periods: dict[str, list[Row]] = {
        f"{first:%Y-%m}": [] for first, _last in whole_months(dataset.since, day)
    }
    for row in read_rows(session, version.id):
        periods[row["period"]].append(row)
    return periods


class _Months:
    """The months of a version, one after the other."""

    def __init__(
        self,
        session: Session,
        dataset: Dataset,
        as_of: datetime,
        threshold: int,
        published: Mapping[str, list[Row]],
    ) -> None:
        self.session, self.dataset, self.as_of = session, dataset, as_of
        self.threshold, self.published = threshold, published
        self.countries = {o.code: o.country for o in list_consulates(session)} | {NONE: NONE}
        self.rows: list[Row] = []
        self.added: list[str] = []
        self.revised: list[str] = []
        self.held: list[str] = []
        self.unsafe = 0
        self.waiting: list[Table] = []
        self.at_once = AT_ONCE

    def add(self, first: date, last: date) -> None:
        """Count a month, and decide what is told of it."""
        period, table = f"{first:%Y-%m}", self._count(first, last)
        before = self.published.get(period)
        if before is None:
            rows = self._add_new(period, table)
        else:
            again = revise(period, table, before, self.threshold)
            rows = before if again is None else again
            if again is None:
                self.held.append(period)
            elif again != before:
                self.revised.append(period)
        self.rows += rows

    def _add_new(self, period: str, table: Table) -> list[Row]:
        left_out = find_left_out(self.session, table, self.threshold)
        if left_out is None:
            small = len(table.small(self.threshold))
            if small > self.at_once:
                self.waiting.append(table)
                return []
            self.at_once -= small
            left_out = work_out(table, self.threshold)
        self.added.append(period)
        self.unsafe += left_out.unsafe
        return rows_of(period, table, left_out.cells)

    def _count(self, first: date, last: date) -> Table:
        by = (Dimension.CONSULATE, Dimension.PROGRAM)
        ask = AskIndicator(self.dataset.indicator, by=by, first=first, last=last, as_of=self.as_of)
        counts: dict[tuple[str, str], int] = {}
        for row in figures(self.session, ask).rows:
            if row["status"] in self.dataset.statuses:
                key = (row["consulate"] or NONE, row["program"])
                counts[key] = counts.get(key, 0) + row["value"]
        return Table({key: n for key, n in counts.items() if n > 0}, self.countries)


def revise(period: str, table: Table, before: list[Row], threshold: int) -> list[Row] | None:
    """A month that was published: the same rows, its new ones where they may be told beside those,
    or None where they may not."""
    hidden = {_name(row) for row in before if row["suppressed"]}
    left_out = {cell for cell in table.cells if _names(table, cell) & hidden}
    rows = rows_of(period, table, left_out)
    old, new = _told(before), _told(rows)
    changes = [new.get(name, 0) - old.get(name, 0) for name in old.keys() | new.keys()]
    same_left_out = hidden == {_name(row) for row in rows if row["suppressed"]}
    if same_left_out and not any(changes):
        return before
    enough = all(abs(change) >= threshold for change in changes if change)
    safe = same_left_out and enough and not list_unsafe(table, left_out, threshold)
    return rows if safe else None


def rows_of(period: str, table: Table, left_out: Collection[Cell]) -> list[Row]:
    """The rows of a month: what isn't 0, or isn't told."""
    rows = []
    for cell, value in table.cells.items():
        if not value and cell not in left_out:
            continue
        for level, place, category in _names(table, cell):
            country = place if level == Level.COUNTRY else table.countries.get(place)
            rows.append(
                {
                    "period": period,
                    "level": level,
                    "country": None if level == Level.WORLD else country,
                    "consulate": place if level == Level.OFFICE else None,
                    "category": category,
                    "value": None if cell in left_out else value,
                    "suppressed": cell in left_out,
                }
            )
    return sorted(rows, key=lambda row: [str(value) for value in _name(row)])


Name = tuple[str, str, str]


def _names(table: Table, cell: Cell) -> frozenset[Name]:
    """What the rows of a cell are called: a country with one office has its numbers."""
    offices, categories = cell
    countries = {table.countries[office] for office in offices}
    places: list[tuple[str, str]] = []
    if len(offices) == 1:
        places.append((Level.OFFICE.value, next(iter(offices))))
    if len(countries) == 1 and offices == {
        o for o in table.offices if table.countries[o] in countries
    }:
        places.append((Level.COUNTRY.value, next(iter(countries))))
    if offices == table.offices:
        places.append((Level.WORLD.value, ""))
    kinds = [next(iter(categories))] if len(categories) == 1 else []
    kinds += [ALL] if categories == table.categories else []
    return frozenset((level, place, kind) for level, place in places for kind in kinds)


def _name(row: Row) -> Name:
    return row["level"], row["consulate"] or row["country"] or "", row["category"]


def _told(rows: Sequence[Row]) -> dict[Name, int]:
    return {_name(row): row["value"] for row in rows if not row["suppressed"]}
