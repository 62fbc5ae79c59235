"""What one more desk would change, by the rule by which bookings are taken."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from services.appointments.figures import Served, middle_and_most, tally
from services.appointments.rules import capacity_constraints
from services.appointments.seating import Constraint, DeskOffer, Hold, Opening, Time
from services.appointments.what_if import Effect, SessionPlan, earliest, work_out

ZONE = ZoneInfo("America/Los_Angeles")
# A Monday, nine in the morning in Los Angeles.
MONDAY = datetime(2026, 12, 7, 17, tzinfo=UTC)
A, B = frozenset({"A"}), frozenset({"B"})


SLOT = timedelta(minutes=15)


def plan_at(start: datetime, taken: dict[str, int], *desks: frozenset[str]) -> SessionPlan:
    """A session of one time, with so many places taken."""
    offers = tuple(DeskOffer(str(number), each) for number, each in enumerate(desks))
    rows = tuple(
        Constraint(
            frozenset(row.services), row.capacity - sum(taken.get(each, 0) for each in row.services)
        )
        for row in capacity_constraints(desks) or []
    )
    time = Time("t", start, start + SLOT, True, rows)
    return SessionPlan(Opening(str(start), offers, (time,)), {"t": taken})


def day(days: int, taken: dict[str, int], *desks: frozenset[str]) -> SessionPlan:
    return plan_at(MONDAY + timedelta(days=days), taken, *(desks or (A,)))


def effect(plans: list[SessionPlan], weekday: int, *services: str) -> dict[str, Effect]:
    effects = work_out(plans, weekday=weekday, zone=ZONE, services=frozenset(services), now=MONDAY)
    return {each.service: each for each in effects}


def test_a_desk_on_tuesdays_brings_the_earliest_time_forward() -> None:
    plans = [day(0, {"A": 1}), day(1, {"A": 1}), day(2, {"A": 1}), day(9, {})]
    effect_of_one = effect(plans, 1)["A"]
    assert (effect_of_one.before, effect_of_one.after) == (plans[3].start, plans[1].start)
    assert effect(plans, 4)["A"].after == plans[3].start


def test_the_weekday_is_the_offices() -> None:
    """Seven in the evening in Los Angeles is the next day in UTC."""
    evening = plan_at(datetime(2026, 12, 8, 3, tzinfo=UTC), {"A": 1}, A)
    assert effect([evening], 0)["A"].after == evening.start
    assert effect([evening], 1)["A"].after is None


def test_a_desk_for_one_service_may_help_another() -> None:
    """The new one takes over what the others did, as bookings are seated."""
    both = frozenset({"A", "B"})
    plan = day(1, {"A": 1}, both)
    assert earliest([plan], "B", MONDAY) is None
    effects = effect([plan], 1, "A")
    assert effects["B"] == Effect("B", None, plan.start)
    assert effect([day(1, {"B": 1}, both)], 1, "A")["B"].after is None


def test_a_day_without_desks_gets_none() -> None:
    none = plan_at(MONDAY, {})
    assert work_out([none], weekday=0, zone=ZONE, services=A, now=MONDAY) == []


def test_who_has_a_named_desk_keeps_it_and_may_sit_at_the_new_one() -> None:
    """Two times, one desk: B needs both, and somebody has the second; a desk more seats it."""
    times = tuple(
        Time(str(n), MONDAY + SLOT * n, MONDAY + SLOT * (n + 1), True, (Constraint(A | B, 1),))
        for n in range(2)
    )
    hold = Hold("h", 1, 1, "A", frozenset(), "", "0")
    lengths = {"B": 2}
    opening = Opening("o", (DeskOffer("0", A | B),), times, (hold,), "", lengths)
    plan = SessionPlan(opening)
    effects = effect([plan], 0)
    assert effects["A"] == Effect("A", MONDAY, MONDAY)
    assert effects["B"] == Effect("B", None, MONDAY)
    assert effect([plan], 1)["B"].after is None
    # The new desk gives A alone: who has the only one that gives B moves over to it.
    assert effect([plan], 0, "A")["B"] == Effect("B", None, MONDAY)


def test_a_maximum_of_the_day_holds_with_a_desk_more() -> None:
    full = day(1, {"A": 1})
    limited = replace(full, opening=replace(full.opening, left_of_day={"A": 0}))
    assert effect([limited], 1)["A"].after is None


def test_everybody_is_in_one_line_of_each_table() -> None:
    served = [
        Served("A", 9, "1", "completed", 3),
        Served("A", 10, None, "no_show", 1),
        Served("B", 9, "1", "cancelled", 2),
    ]
    by_service = tally(served, lambda each: each.service)
    assert [(each.key, each.expected) for each in by_service] == [("A", 4), ("B", 0)]
    assert by_service[0].by_status == Counter(completed=3, no_show=1)


def test_the_middle_and_nine_of_ten() -> None:
    assert middle_and_most([]) is None
    assert middle_and_most([5.0]) == (5, 5)
    assert middle_and_most([float(n) for n in range(1, 11)]) == (6, 9)
