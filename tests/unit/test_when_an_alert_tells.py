"""Which days an alert looks at, with what it compares them, and when its condition holds."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from services.alerts.rules import (
    Condition,
    Level,
    Span,
    Watch,
    days_before,
    days_of_year_before,
    find_fault,
    holds,
    last_days,
    share_of_year,
)

MEXICO = ZoneInfo("America/Mexico_City")


@pytest.mark.parametrize(
    ("span", "at", "first", "last"),
    [
        # At five in the morning it is still yesterday in Hawaii.
        ("day", (2026, 9, 15, 5), (2026, 9, 13), (2026, 9, 13)),
        ("day", (2026, 9, 15, 6), (2026, 9, 14), (2026, 9, 14)),
        ("week", (2026, 9, 14, 5), (2026, 8, 31), (2026, 9, 6)),
        ("week", (2026, 9, 14, 6), (2026, 9, 7), (2026, 9, 13)),
        ("week", (2026, 9, 20, 23), (2026, 9, 7), (2026, 9, 13)),
        ("month", (2026, 3, 1, 5), (2026, 1, 1), (2026, 1, 31)),
        ("month", (2026, 3, 1, 6), (2026, 2, 1), (2026, 2, 28)),
        ("month", (2028, 3, 31, 12), (2028, 2, 1), (2028, 2, 29)),
        ("now", (2026, 9, 15, 0), (2026, 9, 15), (2026, 9, 15)),
    ],
)
def test_days_are_looked_at_once_they_are_over_everywhere(
    span: str, at: tuple[int, int, int, int], first: tuple[int, int, int],
    last: tuple[int, int, int],
) -> None:  # fmt: skip
    now = datetime(*at, tzinfo=MEXICO)
    assert last_days(Span(span), now) == (date(*first), date(*last))


@pytest.mark.parametrize(
    ("span", "first", "before", "year_before"),
    [
        ("day", "2026-03-01", ("2026-02-28", "2026-02-28"), ("2025-03-01", "2025-03-01")),
        ("day", "2028-02-29", ("2028-02-28", "2028-02-28"), ("2027-02-28", "2027-02-28")),
        # The same weekdays.
        ("week", "2026-09-07", ("2026-08-31", "2026-09-06"), ("2025-09-08", "2025-09-14")),
        ("month", "2026-03-01", ("2026-02-01", "2026-02-28"), ("2025-03-01", "2025-03-31")),
        ("month", "2025-02-01", ("2025-01-01", "2025-01-31"), ("2024-02-01", "2024-02-29")),
        ("month", "2026-01-01", ("2025-12-01", "2025-12-31"), ("2025-01-01", "2025-01-31")),
    ],
)
def test_a_period_is_compared_with_one_of_its_kind(
    span: str, first: str, before: tuple[str, str], year_before: tuple[str, str]
) -> None:
    begin = date.fromisoformat(first)
    last = {"day": begin, "week": date.fromordinal(begin.toordinal() + 6)}.get(span, begin)
    assert tuple(map(str, days_before(Span(span), begin))) == before
    assert tuple(map(str, days_of_year_before(Span(span), begin, last))) == year_before


@pytest.mark.parametrize(
    ("condition", "limit", "value", "against", "so"),
    [
        ("above", 5, 5, 5, False),
        ("above", 5, 6, 5, True),
        ("below", 5, 5, 5, False),
        ("below", 5, 4, 5, True),
        ("changed", 20, 120, 100, False),
        ("changed", 20, 121, 100, True),
        ("changed", 20, 79, 100, True),
        ("changed", 20, 80, 100, False),
        ("changed_from_year", 50, 1, 0, True),
        ("changed_from_year", 50, 0, 0, False),
        ("below_target", None, 99, "99.5", True),
        ("below_target", None, 100, "99.5", False),
    ],
)
def test_a_condition_holds_beyond_its_limit_and_not_at_it(
    condition: str, limit: int | None, value: int, against: int | str, so: bool
) -> None:
    amount = None if limit is None else Decimal(limit)
    assert holds(Condition(condition), amount, value, Decimal(against)) is so


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, None),
        ({"indicator": "nobody"}, "alert_unknown_indicator"),
        ({"status": "paid"}, "alert_unknown_status"),
        ({"limit": None}, "alert_needs_limit"),
        ({"condition": Condition.CHANGED, "span": Span.NOW}, "alert_needs_days"),
        ({"condition": Condition.BELOW_TARGET, "limit": None}, "alert_target_span"),
        ({"condition": Condition.BELOW_TARGET, "span": Span.MONTH, "limit": None}, None),
        (
            {"condition": Condition.BELOW_TARGET, "span": Span.MONTH, "country": "US"},
            "alert_target_whole",
        ),
        ({"condition": Condition.BELOW_TARGET, "span": Span.MONTH, "consulate": "chicago"}, None),
        (
            {
                "indicator": "remittances",
                "condition": Condition.BELOW_TARGET,
                "span": Span.MONTH,
                "consulate": "chicago",
            },
            "alert_target_offices",
        ),
        ({"indicator": Level.LATE}, "alert_only_now"),
        ({"indicator": Level.LATE, "span": Span.NOW}, None),
        (
            {"indicator": Level.LATE, "span": Span.NOW, "condition": Condition.BELOW_TARGET},
            "alert_only_numbers",
        ),
        ({"indicator": Level.LATE, "span": Span.NOW, "country": "US"}, "alert_not_split"),
        ({"indicator": Level.WAITING, "span": Span.NOW, "program": "rfc"}, "alert_not_split"),
    ],
)
def test_parts_of_a_rule_that_do_not_go_together_are_refused(
    changes: dict[str, object], code: str | None
) -> None:
    whole: dict[str, object] = {
        "indicator": "appointments",
        "span": Span.DAY,
        "condition": Condition.ABOVE,
        "limit": Decimal(5),
    }
    fault = find_fault(Watch(**{**whole, **changes}))  # type: ignore[arg-type]
    assert (fault.code if fault else None) == code


def test_of_a_years_target_today_has_its_share() -> None:
    assert share_of_year(Decimal(365), date(2026, 1, 31)) == 31
    assert share_of_year(Decimal(366), date(2028, 12, 31)) == 366
