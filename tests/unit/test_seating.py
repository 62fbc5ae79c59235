"""A party is seated exactly when trying every time and every desk would seat it.

``--full``: 10,000 random sessions.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from services.appointments.seating import (
    Constraint,
    DeskOffer,
    Hold,
    Opening,
    Party,
    Steps,
    Time,
    seat,
)
from tests.factories.seating import (
    BEGINS,
    SLOT,
    Booked,
    World,
    could_be_seated,
    is_sound,
    random_party,
    random_world,
)

FEW, MANY = 200, 10_000


def _compare(number: int) -> Counter[str]:
    """Book random parties at random small sessions; what happened."""
    chance, seen = Random(number), Counter[str]()
    world = random_world(chance)
    for _ in range(9):
        party, steps = random_party(chance), Steps()
        plan = seat(world.state(), party, steps)
        assert not steps.exhausted
        assert (plan is not None) == could_be_seated(world, party), (number, party, world)
        seen["seated" if plan else "refused"] += 1
        if plan and len(world.booked) < 9:
            world.seat(party, plan)
            assert is_sound(world), (number, party, plan)
            seen["moved"] += len(plan.moved)
            seen["named"] += sum(each.desk is not None for each in plan.seats)
    return seen


def test_every_answer_is_that_of_trying_everything(request: pytest.FixtureRequest) -> None:
    full = request.config.getoption("--full")
    seen = sum((_compare(number) for number in range(MANY if full else FEW)), Counter[str]())
    assert min(seen[each] for each in ("seated", "refused", "moved", "named")) > 10, seen


def _world(*desks: str, times: int = 2, **lengths: int) -> World:
    offers = tuple(DeskOffer(name, frozenset(name.rstrip("123"))) for name in desks)
    slots = tuple(
        Time(f"t{n}", BEGINS + SLOT * n, BEGINS + SLOT * (n + 1), True, ()) for n in range(times)
    )
    return World([Opening("o", offers, slots, (), "", lengths)])


def _book(world: World, service: str, *, at: int = 0, **party: object) -> bool:
    wanted = Party(BEGINS + SLOT * at, tuple(service), **party)  # type: ignore[arg-type]
    plan = seat(world.state(), wanted)
    if plan:
        world.seat(wanted, plan)
    return plan is not None


def test_three_desks_that_overlap_in_a_ring() -> None:
    """Greedy assignment refuses the third."""
    world = _world("gb", "go", "ob")
    assert [_book(world, service) for service in "bobg"] == [True, True, True, False]


def test_the_same_ring_with_services_of_two_slots() -> None:
    world = _world("gb", "go", "ob", g=2, b=2, o=2)
    assert [_book(world, service) for service in "bobg"] == [True, True, True, False]


def test_nobody_changes_desks_between_two_slots() -> None:
    """Each slot alone would pass: no desk can keep the one who needs both."""
    world = _world("ab", "ac", a=2)
    assert [_book(world, "b"), _book(world, "c", at=1), _book(world, "a")] == [True, True, False]


def test_a_short_one_makes_a_long_one_sit_elsewhere() -> None:
    world = _world("xy", "x", x=2)
    world.booked.append(Booked(0, 0, 2, "x", desk="xy"))
    assert _book(world, "y")
    assert [each.desk for each in world.booked] == ["x", None]
    assert not _book(world, "y")


def test_a_household_sits_at_adjacent_times_or_nowhere() -> None:
    world = _world("a", "a1", times=3, a=2)
    assert not _book(world, "a", people=3)
    assert _book(world, "a", people=2)
    assert {(each.first, each.desk) for each in world.booked} == {(0, "a"), (0, "a1")}


def test_one_service_after_another_for_each_of_a_household() -> None:
    world = _world("a", "b", times=3)
    assert _book(world, "ab", people=2)
    assert sorted((each.service, each.first) for each in world.booked) == [
        ("a", 0), ("a", 1), ("b", 1), ("b", 2),
    ]  # fmt: skip


def test_a_place_that_is_kept_is_for_whom_it_is_kept() -> None:
    world = _world("a", "a1", times=1)
    world.kept = {"elderly": 1}
    assert [_book(world, "a"), _book(world, "a")] == [True, False]
    assert _book(world, "a", share="elderly")
    assert not _book(world, "a", share="elderly")


def test_a_search_that_takes_too_long_refuses_and_says_so() -> None:
    """More desks of different kinds, each wanted by many: a hard case is refused, never wrong."""
    names = [f"{a}{b}" for a in "abcdef" for b in "ghijkl"]
    desks = tuple(DeskOffer(name, frozenset(name)) for name in names)
    rows = (Constraint(frozenset("abcdefghijkl"), len(names)),)
    times = tuple(
        Time(str(n), BEGINS + SLOT * n, BEGINS + SLOT * (n + 1), True, rows) for n in range(12)
    )
    chance = Random(1)
    holds = tuple(
        Hold(str(n), chance.randrange(10), 3, chance.choice("abcdefghijkl"), desk="ag")
        for n in range(120)
    )
    steps = Steps(200)
    opening = Opening("o", desks, times, holds, "", {"a": 3})
    assert seat([opening], Party(BEGINS, ("a",)), steps) is None
    assert steps.exhausted


def test_times_on_both_sides_of_a_gap_are_not_adjacent() -> None:
    world = _world("a", times=2)
    opening = world.openings[0]
    late = replace(
        opening.times[1],
        starts_at=opening.times[1].starts_at + timedelta(minutes=5),
        ends_at=opening.times[1].ends_at + timedelta(minutes=5),
    )
    world.openings[0] = replace(opening, times=(opening.times[0], late))
    assert not _book(world, "a", people=2)
    assert _book(world, "a")
