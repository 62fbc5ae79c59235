"""What one more desk would change, by the rule by which bookings are taken."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from services.appointments.figures import Served, middle_and_most, tally
from services.appointments.what_if import Effect, SlotPlan, has_place, work_out

ZONE = ZoneInfo("America/Los_Angeles")
# A Monday, nine in the morning in Los Angeles.
MONDAY = datetime(2026, 12, 7, 17, tzinfo=UTC)
A, B = frozenset({"A"}), frozenset({"B"})


def day(days: int, taken: dict[str, int], *desks: frozenset[str]) -> SlotPlan:
    return SlotPlan(MONDAY + timedelta(days=days), desks or (A,), taken)


def effect(plans: list[SlotPlan], weekday: int, *services: str) -> dict[str, Effect]:
    found = work_out(plans, weekday=weekday, zone=ZONE, services=frozenset(services))
    return {each.service: each for each in found}


def test_a_desk_on_tuesdays_brings_the_earliest_time_forward() -> None:
    plans = [day(0, {"A": 1}), day(1, {"A": 1}), day(2, {"A": 1}), day(9, {})]
    found = effect(plans, 1)["A"]
    assert (found.before, found.after) == (plans[3].start, plans[1].start)
    assert effect(plans, 4)["A"].after == plans[3].start


def test_the_weekday_is_the_offices() -> None:
    """Seven in the evening in Los Angeles is the next day in UTC."""
    evening = SlotPlan(datetime(2026, 12, 8, 3, tzinfo=UTC), (A,), {"A": 1})
    assert effect([evening], 0)["A"].after == evening.start
    assert effect([evening], 1)["A"].after is None


def test_a_desk_for_one_service_may_help_another() -> None:
    """The new one takes over what the others did, as bookings are seated."""
    both = frozenset({"A", "B"})
    plan = day(1, {"A": 1}, both)
    assert not has_place(plan, "B")
    found = effect([plan], 1, "A")
    assert found["B"] == Effect("B", None, plan.start)
    assert effect([day(1, {"B": 1}, both)], 1, "A")["B"].after is None


def test_a_day_without_desks_gets_none() -> None:
    assert work_out([SlotPlan(MONDAY, (), {})], weekday=0, zone=ZONE, services=A) == []


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
