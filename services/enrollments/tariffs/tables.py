"""Dated tables of what programs cost: CSV files of ``services/enrollments/data``, each row with the
day from which it holds and its source."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from services.consulates.loading import read_rows
from services.enrollments.errors import TariffUnknown

_PACKAGE = "services.enrollments"


@dataclass(frozen=True)
class Row:
    """A row: its cells by column, None where empty."""

    cells: dict[str, str | None]

    def __getitem__(self, column: str) -> str:
        return self.cells[column] or ""

    @property
    def valid_from(self) -> date:
        """The first day on which it holds."""
        return date.fromisoformat(self["valid_from"])

    def number(self, column: str) -> Decimal:
        """An exact number."""
        return Decimal(self[column])


@cache
def _read(name: str) -> tuple[Row, ...]:
    def parse(cells: Any) -> dict[str, Any]:
        date.fromisoformat(cells["valid_from"])
        return dict(cells)

    return tuple(map(Row, read_rows(_PACKAGE, f"{name}.csv", parse)))


def in_force(name: str, on: date, *, key: Callable[[Row], object] = lambda _row: None) -> list[Row]:
    """The table's rows that hold on that day: of each ``key``, those of the newest date before it.

    Raises TariffUnknown when the table begins later.
    """
    begun = [row for row in _read(name) if row.valid_from <= on]
    newest: dict[object, date] = {}
    for row in begun:
        newest[key(row)] = max(row.valid_from, newest.get(key(row), row.valid_from))
    if not begun:
        raise TariffUnknown(field="on")
    return [row for row in begun if row.valid_from == newest[key(row)]]


def ended(name: str, on: date) -> date | None:
    """The last day of the newest table, where it is past on that day and none is known since.

    Raises TariffUnknown.
    """
    last = in_force(name, on)[0]["valid_to"]
    return date.fromisoformat(last) if last and date.fromisoformat(last) < on else None


def since(rows: Iterable[Row]) -> date:
    """The newest of their dates."""
    return max(row.valid_from for row in rows)


def sources(rows: Iterable[Row]) -> tuple[str, ...]:
    """The sources of the tables, each once."""
    return tuple(dict.fromkeys(row["source"] for row in rows))
