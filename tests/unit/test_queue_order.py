"""The order in which people are called, as printed on the page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.appointments.rules import Waiting, queue_place

NINE = datetime(2026, 12, 7, 17, tzinfo=UTC)


def at(due: int, arrived: int, folio: str = "C", *, priority: bool = False) -> Waiting:
    """Minutes after nine of their time and of their arrival."""
    minutes = (NINE + timedelta(minutes=each) for each in (due, arrived))
    return Waiting(*minutes, folio, priority)


def test_who_is_early_does_not_overtake_and_who_is_late_keeps_the_place() -> None:
    early, on_time, late = at(30, -20), at(15, 10), at(0, 40)
    assert sorted([early, on_time, late], key=queue_place) == [late, on_time, early]


def test_at_one_time_the_first_to_arrive_goes_first_and_priority_before_all() -> None:
    first, second, urgent = at(0, -10, "C2"), at(0, -5, "C1"), at(45, 0, priority=True)
    assert sorted([second, first, urgent], key=queue_place) == [urgent, first, second]
