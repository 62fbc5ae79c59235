"""Nobody finds a small count in what is published: not by subtraction over rows, columns, countries
or versions. The attack here knows nothing of how the cells to leave out were chosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import product
from random import Random
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.open_data.preparing import revise, rows_of
from services.open_data.suppression import Cell, Table, list_unsafe, suppress

LEAST = 5
COUNTRIES = {"la": "US", "ny": "US", "sf": "US", "mad": "ES", "bcn": "ES", "tok": "JP"}
CATEGORIES = ("PAS", "MAT", "RFC", "ACT")
Base = tuple[str, str]

counts = st.one_of(st.just(0), st.integers(0, 7), st.integers(0, 60))
tables = st.dictionaries(
    st.tuples(st.sampled_from(sorted(COUNTRIES)), st.sampled_from(CATEGORIES)),
    counts.filter(bool),
    min_size=1,
    max_size=20,
).map(lambda cells: Table(cells, COUNTRIES))


def published(table: Table, least: int = LEAST) -> dict[Cell, int]:
    left_out = suppress(table, least)
    return {cell: value for cell, value in table.cells.items() if cell not in left_out}


def equations(told: Mapping[Cell, int]) -> list[tuple[frozenset[Base], int]]:
    return [(frozenset(product(*cell)), value) for cell, value in told.items()]


def bounds(table: Table, told: Mapping[Cell, int]) -> dict[Base, tuple[int, float]]:
    """What each base cell lies between, as far as sums of what isn't below 0 tell."""
    low = dict.fromkeys(product(table.offices, table.categories), 0)
    high: dict[Base, float] = dict.fromkeys(low, float("inf"))
    known, changed = equations(told), True
    while changed:
        changed = False
        for inside, value in known:
            all_low = sum(low[base] for base in inside)
            all_high = sum(high[base] for base in inside)
            for base in inside:
                most = value - (all_low - low[base])
                rest = all_high - high[base] if high[base] < float("inf") else sum(
                    high[other] for other in inside if other != base
                )  # fmt: skip
                least = value - rest
                if most < high[base]:
                    all_high = all_high - high[base] + most if all_high < float("inf") else sum(
                        most if other == base else high[other] for other in inside
                    )  # fmt: skip
                    high[base], changed = most, True
                if least > low[base]:
                    all_low += int(least) - low[base]
                    low[base], changed = int(least), True
    return {base: (low[base], high[base]) for base in low}


def follows(target: frozenset[Base], told: Mapping[Cell, int]) -> bool:
    """Whether a sum follows from the published ones by adding and subtracting them."""
    bases = sorted({base for inside, _value in equations(told) for base in inside} | set(target))
    basis: list[tuple[int, list[Fraction]]] = []
    for inside, _value in equations(told):
        vector = reduced([Fraction(base in inside) for base in bases], basis)
        lead = next((n for n, x in enumerate(vector) if x), None)
        if lead is not None:
            basis.append((lead, [x / vector[lead] for x in vector]))
    return not any(reduced([Fraction(base in target) for base in bases], basis))


def reduced(vector: list[Fraction], basis: list[tuple[int, list[Fraction]]]) -> list[Fraction]:
    for lead, row in basis:
        if vector[lead]:
            factor = vector[lead]
            vector = [x - factor * y for x, y in zip(vector, row, strict=True)]
    return vector


def attack(table: Table, told: Mapping[Cell, int], least: int = LEAST) -> None:
    """Raise AssertionError for a small count that is told, follows, or lies between narrow ends."""
    between = bounds(table, told)
    for cell in table.small(least):
        assert cell not in told
        inside = frozenset(product(*cell))
        assert not follows(inside, told), cell
        low, high = (sum(between[base][end] for base in inside) for end in (0, 1))
        assert high - low >= least, (cell, low, high)


@settings(max_examples=80, deadline=None)
@given(tables)
def test_no_small_count_is_found_by_subtraction_over_rows_columns_and_countries(
    table: Table,
) -> None:
    told = published(table)
    attack(table, told)
    assert list_unsafe(table, set(table.cells) - set(told), LEAST) == []


def test_it_is_quick_at_the_size_of_the_network() -> None:
    """A month of 154 offices and 30 services, most counts small: what an analyst waits for."""
    chance = Random(1)
    offices = {f"o{n}": f"c{n % 60}" for n in range(154)}
    cells: dict[Base, int] = {}
    for _ in range(5500):
        base = f"o{int(154 * chance.random() ** 1.6)}", f"s{int(30 * chance.random() ** 1.5)}"
        cells[base] = cells.get(base, 0) + 1
    table = Table(cells, offices)
    began = process_time()
    left_out = suppress(table, LEAST)
    assert list_unsafe(table, left_out, LEAST) == []
    assert len(table.small(LEAST)) > 2000
    # A look at every swap of every cell takes thirty times as long.
    assert process_time() - began < 8


def worlds(table: Table, told: Mapping[Cell, int], most: int) -> Iterator[dict[Base, int]]:
    """Every table that is equal in what is told, with no count above ``most``."""
    bases = sorted(product(table.offices, table.categories))
    known = equations(told)

    def fill(number: int, world: dict[Base, int]) -> Iterator[dict[Base, int]]:
        for inside, value in known:
            sums = [world[base] for base in inside if base in world]
            if sum(sums) > value or (len(sums) == len(inside) and sum(sums) != value):
                return
        if number == len(bases):
            yield dict(world)
            return
        for count in range(most + 1):
            yield from fill(number + 1, {**world, bases[number]: count})

    return fill(0, {})


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["la", "ny", "mad"]), st.sampled_from(["PAS", "MAT"])),
        st.integers(1, 4),
        min_size=1,
        max_size=6,
    )
)
def test_among_all_tables_that_it_may_be_a_small_count_has_many_values(
    cells: dict[Base, int],
) -> None:
    """Every possible table, one by one: no cleverer attack finds more."""
    table = Table(cells, COUNTRIES)
    least = 3
    told = published(table, least)
    seen: dict[Cell, set[int]] = {cell: set() for cell in table.small(least)}
    for world in worlds(table, told, most=7):
        for cell, values in seen.items():
            values.add(sum(world[base] for base in product(*cell)))
    for cell, values in seen.items():
        assert max(values) - min(values) >= least, cell


def test_the_auditor_refuses_what_leaves_out_too_little() -> None:
    cells = {("la", "PAS"): 3, ("la", "MAT"): 40, ("ny", "PAS"): 50, ("ny", "MAT"): 60}
    table = Table(cells, COUNTRIES)
    small = table.small(LEAST)
    assert list_unsafe(table, [], LEAST) == small, "it is told"
    assert list_unsafe(table, small, LEAST) == small, "the row less its other cell"
    row = [(frozenset({"la"}), frozenset({category})) for category in ("PAS", "MAT")]
    assert list_unsafe(table, row, LEAST) == small, "the column less its other cell"
    square = [(frozenset({o}), frozenset({c})) for o in ("la", "ny") for c in ("PAS", "MAT")]
    assert list_unsafe(table, square, LEAST) == []
    with pytest.raises(AssertionError):
        attack(table, {cell: value for cell, value in table.cells.items() if cell not in row})


def test_a_zero_protects_nobody() -> None:
    """Beside a 0, a small count would be its row's total: something else is left out too."""
    cells = {("la", "PAS"): 3, ("la", "MAT"): 30, ("ny", "PAS"): 9, ("mad", "MAT"): 8}
    table = Table(cells, COUNTRIES)
    attack(table, published(table))


def told_of(rows: list[Any]) -> dict[tuple[Any, ...], int]:
    return {
        (row["level"], row["consulate"] or row["country"], row["category"]): row["value"]
        for row in rows
        if not row["suppressed"]
    }


@settings(max_examples=80, deadline=None)
@given(tables, st.lists(st.tuples(st.sampled_from(CATEGORIES), st.integers(-3, 30)), max_size=3))
def test_no_small_count_is_found_by_subtraction_over_versions(
    table: Table, late: list[tuple[str, int]]
) -> None:
    before = rows_of("2026-07", table, suppress(table, LEAST))
    cells = dict(table.counts)
    for category, change in late:
        cells["la", category] = max(cells.get(("la", category), 0) + change, 0)
    later = Table({base: count for base, count in cells.items() if count}, COUNTRIES)
    after = revise("2026-07", later, before, LEAST)
    if after is None or after == before:
        return  # nothing new is told
    old, new = told_of(before), told_of(after)
    for name in old.keys() | new.keys():
        change = abs(new.get(name, 0) - old.get(name, 0))
        assert change == 0 or change >= LEAST, name
    hidden = [row for row in after if row["suppressed"]]
    assert len(hidden) == len([row for row in before if row["suppressed"]])
    names = {(r["level"], r["consulate"] or r["country"], r["category"]) for r in hidden}
    told = {
        cell: value
        for cell, value in later.cells.items()
        if not {
            (row["level"], row["consulate"] or row["country"], row["category"])
            for row in rows_of("2026-07", later, {cell})
            if row["suppressed"]
        }
        & names
    }
    attack(later, told)


def test_a_change_of_less_than_the_threshold_is_held_back() -> None:
    cells = {("la", "PAS"): 30, ("la", "MAT"): 40, ("ny", "PAS"): 50, ("ny", "MAT"): 60}
    before = rows_of("2026-07", Table(cells, COUNTRIES), ())
    for change, outcome in ((0, "same"), (1, "held"), (4, "held"), (5, "told"), (-4, "held")):
        later = Table({**cells, ("la", "PAS"): 30 + change}, COUNTRIES)
        after = revise("2026-07", later, before, LEAST)
        assert ("held" if after is None else "same" if after == before else "told") == outcome
