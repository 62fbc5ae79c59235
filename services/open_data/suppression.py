"""Small counts of a table with totals, and what else must be left out so that nobody finds them.

A table counts something by office and category, with totals by country, over all, and over all
categories. A small cell is safe when there is another table of whole numbers from 0 on, equal in
every published cell, in which the cell differs by at least the threshold: whoever has only what is
published can't tell the two apart. Such tables differ from the true one by a *swap*: what is added
to some cells of offices and categories is taken from others, so that most totals stay as they are.
What a swap changes is suppressed (docs/decisions/0047-open-data.md).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import inf

# Offices and categories that a cell adds up: two cells with the same are one.
Cell = tuple[frozenset[str], frozenset[str]]
# What a swap adds to (+1) and takes from (-1), of offices or of categories.
Part = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Table:
    """``counts``: (office, category) -> count, 0 where it is missing; ``countries``: of offices."""

    counts: Mapping[tuple[str, str], int]
    countries: Mapping[str, str]

    @cached_property
    def offices(self) -> frozenset[str]:
        """All that count something."""
        return frozenset(office for office, _category in self.counts)

    @cached_property
    def categories(self) -> frozenset[str]:
        """All of which something is counted."""
        return frozenset(category for _office, category in self.counts)

    @cached_property
    def rows(self) -> frozenset[frozenset[str]]:
        """The sets of offices of a row: each alone, by country, and all."""
        by_country: dict[str, set[str]] = {}
        for office in self.offices:
            by_country.setdefault(self.countries[office], set()).add(office)
        countries = {frozenset(offices) for offices in by_country.values()}
        return frozenset({*({frozenset({o}) for o in self.offices}), *countries, self.offices})

    @cached_property
    def columns(self) -> frozenset[frozenset[str]]:
        """The sets of categories of a column: each alone, and all."""
        return frozenset({*(frozenset({c}) for c in self.categories), self.categories})

    @cached_property
    def cells(self) -> Mapping[Cell, int]:
        """Every cell and its value."""
        return {
            (row, column): sum(self.counts.get(base, 0) for base in product(row, column))
            for row, column in product(self.rows, self.columns)
        }

    def small(self, threshold: int) -> list[Cell]:
        """Cells whose value may not be told, the innermost first."""
        cells = [cell for cell, value in self.cells.items() if 0 < value < threshold]
        return sorted(cells, key=lambda cell: (len(cell[0]), len(cell[1]), *map(sorted, cell)))


def suppress(table: Table, threshold: int) -> frozenset[Cell]:
    """The cells to leave out: small ones, and the fewest people's worth of others that each of
    them needs to be safe. What is left out for one never makes another less safe."""
    left_out = set(table.small(threshold))
    for cell in table.small(threshold):
        left_out |= _cheapest(table, cell, left_out, threshold)
    return frozenset(left_out)


def _cheapest(table: Table, cell: Cell, left_out: set[Cell], threshold: int) -> frozenset[Cell]:
    """What the swap changes for which the least has to be left out besides; the first of equals."""
    best: frozenset[Cell] = frozenset()
    least = inf
    for changed in _swaps_of(table, cell, threshold):
        cost = sum(table.cells[each] + 1 for each in changed - left_out)
        if cost < least:
            best, least = changed, cost
        if not cost:
            break
    return best


def list_unsafe(table: Table, left_out: Collection[Cell], threshold: int) -> list[Cell]:
    """The small cells that are published, or that somebody could find."""
    hidden = frozenset(left_out)
    return [
        cell
        for cell in table.small(threshold)
        if cell not in hidden
        or not any(changed <= hidden for changed in _swaps_of(table, cell, threshold))
    ]


def _swaps_of(table: Table, cell: Cell, threshold: int) -> Iterator[frozenset[Cell]]:
    """What each swap changes that changes ``cell``, and may do so by ``threshold`` altogether."""
    row, column = cell
    for offices in _parts(row, table.offices):
        changed_rows = _changed(offices, table.rows)
        for categories in _parts(column, table.categories):
            if _width(table, offices, categories) >= threshold:
                changed_columns = _changed(categories, table.columns)
                yield frozenset(product(changed_rows, changed_columns))


def _parts(inside: frozenset[str], everything: frozenset[str]) -> Iterator[Part]:
    """One of inside and one of outside, so that their sum stays; or one of inside alone."""
    for one in sorted(inside):
        for other in sorted(everything - inside):
            yield (one, 1), (other, -1)
        yield ((one, 1),)


def _changed(part: Part, sets: Collection[frozenset[str]]) -> list[frozenset[str]]:
    """The sets whose sum isn't the same afterwards."""
    return [each for each in sets if sum(sign for name, sign in part if name in each)]


def _width(table: Table, offices: Part, categories: Part) -> float:
    """By how much the swap may change a cell, up and down together, with no count below 0."""
    down, up = inf, inf
    for (office, one), (category, other) in product(offices, categories):
        count = table.counts.get((office, category), 0)
        if one * other > 0:
            down = min(down, count)
        else:
            up = min(up, count)
    return down + up
