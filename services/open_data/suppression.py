"""Small counts of a table with totals, and what else must be left out so that nobody finds them.

A table counts something by office and category, with totals by country, over all, and over all
categories. A small cell is safe when there is another table of whole numbers from 0 on, equal in
every published cell, in which the cell differs by at least the threshold: whoever has only what is
published can't tell the two apart. Such tables differ from the true one by a *swap*: what is added
to some cells of offices and categories is taken from others, so that most totals stay as they are.
What a swap changes is suppressed (docs/decisions/0047-open-data.md).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import product
from math import inf

# Offices and categories that a cell adds up: two cells with the same are one.
Inside = frozenset[str]
Cell = tuple[Inside, Inside]
# Counts of an office by category.
Line = Mapping[str, float]
# The office (or category) that a swap adds to and the one that it takes from, or nobody; and the
# sets whose sum it changes.
Swapped = tuple[tuple[str, str], frozenset[Inside]]
NOBODY = ""


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
    small = table.small(threshold)
    swaps = _Swaps(table, threshold, {cell: count + 1 for cell, count in table.cells.items()})
    swaps.free(small)
    for cell in small:
        swaps.free(swaps.cheapest(cell))
    return swaps.freed


def list_unsafe(table: Table, left_out: Collection[Cell], threshold: int) -> list[Cell]:
    """The small cells that are published, or that somebody could find."""
    hidden = frozenset(left_out)
    swaps = _Swaps(table, threshold, dict.fromkeys(table.cells, 1))
    swaps.free(hidden)
    return [
        cell
        for cell in table.small(threshold)
        if cell not in hidden or not swaps.cheapest(cell, below=1)
    ]


class _Swaps:
    """Finds for a cell the swap that costs the least. ``prices``: what it costs to leave a cell
    out, nothing once it was freed.

    At a million facts a month has some thousand small cells, each with some thousand swaps: which
    rows a swap changes is kept, and those that cost too much by one column need no further look.
    """

    def __init__(self, table: Table, threshold: int, prices: Mapping[Cell, int]) -> None:
        self.threshold = threshold
        self.prices = {
            row: {column: prices[row, column] for column in table.columns} for row in table.rows
        }
        self.counts: dict[str, Line] = {
            office: {c: table.counts.get((office, c), 0) for c in table.categories} | {NOBODY: inf}
            for office in table.offices
        }
        self.counts[NOBODY] = dict.fromkeys((*table.categories, NOBODY), inf)
        self.across = cache(partial(_swapped, _sets_of(table.columns)))
        self.down = cache(partial(_swapped, _sets_of(table.rows)))

    def free(self, cells: Collection[Cell]) -> None:
        """They are left out anyhow."""
        for row, column in cells:
            self.prices[row][column] = 0

    @property
    def freed(self) -> frozenset[Cell]:
        """All that were."""
        return frozenset(
            (row, column)
            for row, line in self.prices.items()
            for column, price in line.items()
            if not price
        )

    def cheapest(self, cell: Cell, below: float = inf) -> Collection[Cell]:
        """What the swap changes that changes ``cell``, may do so by the threshold altogether, and
        costs the least, the first of equals; nothing where none costs less than ``below``."""
        best: Collection[Cell] = ()
        least = (below, 0)
        for at_least, place, (offices, rows) in self._ranked(*cell):
            if (at_least, place) >= least:
                break
            lines = [self.prices[row] for row in rows]
            own, other = (self.counts[office] for office in offices)
            for (category, second), columns in self.across(cell[1]):
                if own[category] + own[second] < self.threshold:
                    continue  # no swap changes more than both together
                cost = sum([line[column] for line in lines for column in columns]), place
                if cost < least and _width(own, other, category, second) >= self.threshold:
                    best, least = list(product(rows, columns)), cost
        return best

    def _ranked(self, row: Inside, column: Inside) -> list[tuple[int, int, Swapped]]:
        """The offices of swaps, those first that cost the least at least: a swap changes the column
        of one of the cell's categories."""
        least = {
            each: min([line[frozenset({one})] for one in column])
            for each, line in self.prices.items()
        }
        return sorted(
            (sum([least[each] for each in swapped[1]]), place, swapped)
            for place, swapped in enumerate(self.down(row))
            if self._most(swapped[0], column) >= self.threshold
        )

    def _most(self, offices: tuple[str, str], column: Inside) -> float:
        """No swap of these offices changes a cell of the column by more."""
        own, other = (self.counts[office] for office in offices)
        return max([own[one] + other[one] for one in column])


def _swapped(sets_of: Mapping[str, frozenset[Inside]], inside: Inside) -> list[Swapped]:
    """One of inside and one of outside, so that their sum stays; or one of inside alone. With each,
    the sets whose sum isn't the same afterwards."""
    outside = sorted(sets_of.keys() - inside)
    return [
        swapped
        for one in sorted(inside)
        for swapped in [
            *(((one, other), sets_of[one] ^ sets_of[other]) for other in outside),
            ((one, NOBODY), sets_of[one]),
        ]
    ]


def _sets_of(sets: Collection[Inside]) -> Mapping[str, frozenset[Inside]]:
    """The sets in which each is."""
    names = {name for each in sets for name in each}
    return {name: frozenset(each for each in sets if name in each) for name in names}


def _width(own: Line, other: Line, category: str, second: str) -> float:
    """By how much a swap may change a cell, up and down together, with no count below 0.

    ``own``, ``other``: counts of its offices by category, ``other`` and ``second`` `NOBODY` where
    it has one office, or one category.
    """
    return min(own[category], other[second]) + min(other[category], own[second])
