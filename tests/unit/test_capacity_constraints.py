"""Capacity constraints decide exactly what an exhaustive search for desks would decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations_with_replacement

from hypothesis import given
from hypothesis import strategies as st

from services.appointments.rules import MAX_ROWS, CapacityConstraint, capacity_constraints

Desks = Sequence[frozenset[str]]

desk_plans = st.lists(
    st.frozensets(st.sampled_from("abcde"), min_size=1, max_size=4), min_size=1, max_size=4
)


def _seated(desks: Desks, wanted: Sequence[str]) -> bool:
    """Augmenting paths: whether everybody gets a desk of their own that serves what they want."""
    holder: dict[int, int] = {}

    def seat(person: int, tried: set[int]) -> bool:
        for desk, services in enumerate(desks):
            if wanted[person] in services and desk not in tried:
                tried.add(desk)
                if desk not in holder or seat(holder[desk], tried):
                    holder[desk] = person
                    return True
        return False

    return all(seat(person, set()) for person in range(len(wanted)))


def _within(rows: Sequence[CapacityConstraint], wanted: Sequence[str]) -> bool:
    counts = Counter(wanted)
    return all(sum(counts[s] for s in row.services) <= row.capacity for row in rows)


def _rows(desks: Desks) -> list[CapacityConstraint]:
    rows = capacity_constraints(desks)
    assert rows is not None
    return rows


def _compare(desks: Desks) -> None:
    rows, offered = _rows(desks), sorted({service for desk in desks for service in desk})
    for people in range(1, len(desks) + 2):
        for wanted in combinations_with_replacement(offered, people):
            assert _within(rows, wanted) == _seated(desks, wanted), (desks, wanted, rows)


@given(desk_plans)
def test_no_row_is_exceeded_exactly_when_everybody_gets_a_desk(desks: Desks) -> None:
    _compare(desks)


def test_three_desks_that_overlap_in_a_ring() -> None:
    ring = [frozenset("gb"), frozenset("go"), frozenset("ob")]
    _compare(ring)
    rows = _rows(ring)
    assert _within(rows, "gob")
    assert _within(rows, "ggb")
    assert not _within(rows, "ggg")
    assert not _within(rows, "gobb")


def test_equal_desks_need_one_row() -> None:
    assert _rows([frozenset("ab")] * 5) == [CapacityConstraint(("a", "b"), 5)]


def test_desks_without_a_service_in_common_dont_limit_each_other() -> None:
    assert _rows([frozenset("a"), frozenset("b")]) == [
        CapacityConstraint(("a",), 1),
        CapacityConstraint(("b",), 1),
    ]


@given(desk_plans)
def test_every_service_is_in_a_row_and_no_row_is_superfluous(desks: Desks) -> None:
    rows = _rows(desks)
    assert {s for row in rows for s in row.services} == {s for desk in desks for s in desk}
    assert len({row.services for row in rows}) == len(rows) <= MAX_ROWS


@given(desk_plans)
def test_the_order_of_desks_doesnt_matter(desks: Desks) -> None:
    turned = list(reversed(desks))
    assert sorted(_rows(turned), key=repr) == sorted(_rows(desks), key=repr)


def test_too_many_patterns_are_refused_soon_rather_than_counted_wrongly() -> None:
    pairs = [frozenset({a, b}) for a in "abcdefghij" for b in "abcdefghij" if a < b]
    assert capacity_constraints(pairs) is None
