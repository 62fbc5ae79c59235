"""A report is due at its hour on the clocks of its zone, whatever happens to them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.alerts.agreements import days_ahead
from services.alerts.rules import Covers, Every, covered_days, due_at, last_due, reminder_of

TIJUANA = ZoneInfo("America/Tijuana")


@pytest.mark.parametrize(
    ("every", "at", "day"),
    [
        ("day", "2026-09-16T07:59", "2026-09-15"),
        ("day", "2026-09-16T08:00", "2026-09-16"),
        ("week", "2026-09-14T07:59", "2026-09-07"),
        ("week", "2026-09-14T08:00", "2026-09-14"),
        ("week", "2026-09-20T23:59", "2026-09-14"),
        ("month", "2026-01-01T07:59", "2025-12-01"),
        ("month", "2026-01-01T08:00", "2026-01-01"),
    ],
)
def test_it_is_due_from_its_hour_on(every: str, at: str, day: str) -> None:
    now = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("America/Mexico_City"))
    assert last_due(Every(every), 8, now.astimezone(UTC)) == date.fromisoformat(day)


@pytest.mark.parametrize("day", ["2026-03-08", "2026-11-01"])
@pytest.mark.parametrize("hour", [0, 1, 2, 3, 23])
def test_it_is_due_once_a_day_when_clocks_change(day: str, hour: int) -> None:
    """In Tijuana an hour of the first day isn't shown, and one of the other is shown twice."""
    begin = datetime.combine(date.fromisoformat(day), datetime.min.time(), TIJUANA)
    moments = [begin.astimezone(UTC) + timedelta(minutes=15 * n) for n in range(-8, 112)]
    days = [last_due(Every.DAY, hour, moment, TIJUANA) for moment in moments]
    assert days == sorted(days), "what was due stays so"
    assert date.fromisoformat(day) in days
    for moment, due in zip(moments, days, strict=True):
        assert due_at(due, hour, TIJUANA) <= moment < due_at(due + timedelta(1), hour, TIJUANA)


def test_a_year_so_far_ends_yesterday() -> None:
    at = datetime(2027, 1, 1, 8, tzinfo=ZoneInfo("America/Mexico_City"))
    assert covered_days(Covers.YEAR, at) == (date(2026, 1, 1), date(2026, 12, 31))
    assert covered_days(Covers.MONTH, at) == (date(2026, 12, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("due", "kind"),
    [(-1, "overdue"), (0, "soon"), (7, "soon"), (8, None)],
)
def test_an_agreement_is_near_for_a_week_and_then_past(due: int, kind: str | None) -> None:
    today = date(2026, 9, 15)
    assert days_ahead(today) == 7
    assert reminder_of(today + timedelta(due), today, 7) == kind
