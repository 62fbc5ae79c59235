"""What programs cost: exact by dated tables, in whole centavos; the sum is that of the parts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrollments.errors import TariffUnknown
from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Estimate
from services.enrollments.tariffs import family_health, housing, independent_workers, tables
from services.enrollments.tariffs.tables import in_force
from services.kernel.money import Money

TODAY = date(2026, 11, 26)
DAYS = st.dates(date(2026, 2, 1), date(2035, 12, 31))
PERIODS = st.sampled_from(sorted(independent_workers.PERIODS))
CENTAVOS = st.integers(1, 50_000_000)


def _pesos(minor: int) -> dict[str, str]:
    return Money(minor, "MXN").as_dict()


def _work(on: date = TODAY, **changes: Any) -> Estimate:
    answers = {"income": _pesos(1_200_000), "zone": "general", "risk": "low", "period": "monthly"}
    return independent_workers.work_out({**answers, **changes}, on)


@pytest.mark.parametrize(
    ("ages", "total"),
    [
        ((0,), "8900.00"), ((19,), "8900.00"), ((20,), "11100.00"), ((29,), "11100.00"),
        ((30,), "11850.00"), ((39,), "11850.00"), ((40,), "13800.00"), ((50,), "14250.00"),
        ((60,), "19800.00"), ((79,), "20650.00"), ((80,), "21300.00"), ((120,), "21300.00"),
        ((34, 33, 5), "32600.00"),
    ],
)  # fmt: skip
def test_a_family_pays_the_published_fees(ages: tuple[int, ...], total: str) -> None:
    members = {"members": [{"age": age} for age in ages]}
    assert family_health.work_out(members, TODAY).total.amount == total


@given(st.integers(0, 130), DAYS)
def test_every_age_has_one_fee_and_older_people_never_pay_less(age: int, on: date) -> None:
    rows = [row for row in in_force(family_health.TABLE, on)
            if int(row["age_from"]) <= age <= int(row["age_to"] or age)]  # fmt: skip
    assert len(rows) == 1
    assert family_health.yearly_fee(age, on) <= family_health.yearly_fee(age + 1, on)


def test_a_table_holds_from_its_day_on() -> None:
    assert family_health.yearly_fee(0, date(2025, 3, 1)).amount == "8900.00"
    with pytest.raises(TariffUnknown):
        family_health.yearly_fee(0, date(2025, 2, 28))
    before, after = _work(date(2026, 1, 31)), _work(date(2026, 2, 1))
    assert (before.valid_from, after.valid_from) == (date(2026, 1, 1), date(2026, 2, 1))
    assert before.total != after.total
    assert _work(date(2027, 6, 1)) == after


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        ("2000-02-29", "2026-02-28", 25),
        ("2000-02-29", "2026-03-01", 26),
        ("2000-06-15", "2026-06-14", 25),
        ("2000-06-15", "2026-06-15", 26),
        ("2026-11-26", "2026-11-26", 0),
    ],
)
def test_an_age_changes_on_the_birthday(born: str, on: str, age: int) -> None:
    assert family_health.age_on(date.fromisoformat(born), date.fromisoformat(on)) == age
    data = {"members": [{"born": born}]}
    assert family_health.ages_of_request(data, date.fromisoformat(on)) == {
        "members": [{"age": age}]
    }


@given(CENTAVOS, st.sampled_from(["general", "border"]), st.sampled_from(["low", "high"]), PERIODS)
def test_the_parts_of_an_independent_worker_add_up(
    income: int, zone: str, risk: str, period: str
) -> None:
    estimate = _work(income=_pesos(income), zone=zone, risk=risk, period=period)
    assert [part.code for part in estimate.parts] == list(independent_workers.INSURANCES)
    assert sum(part.amount.minor for part in estimate.parts) == estimate.total.minor
    assert all(part.amount.minor > 0 and part.legal for part in estimate.parts)


@given(CENTAVOS, PERIODS)
def test_who_earns_more_pays_no_less_and_a_year_is_its_periods(income: int, period: str) -> None:
    def total(minor: int, every: str) -> int:
        return _work(income=_pesos(minor), period=every).total.minor

    assert total(income, period) <= total(income + 1, period)
    times = independent_workers.PERIODS[period]
    # Each of five parts is rounded once a period.
    assert abs(times * total(income, period) - total(income, "yearly")) <= 5 * (times + 1) / 2


def test_the_income_counts_within_the_limits_of_the_law() -> None:
    wage = 31504 * 30
    least, more = _work(income=_pesos(1)), _work(income=_pesos(wage + 3000))
    assert least.total == _work(income=_pesos(wage)).total
    assert (len(least.notes), len(_work(income=_pesos(wage)).notes), len(more.notes)) == (1, 0, 0)
    most = 25 * 11731 * 30
    assert _work(income=_pesos(most)).total == _work(income=_pesos(most * 2)).total
    assert len(_work(income=_pesos(most * 2)).notes) == 1


def test_a_worked_example() -> None:
    """By hand: 400 pesos a day, of 365 days; UMA 117.31; old age 6.361 % (3.01 to 3.50 UMA)."""
    percent = {"risk": "0.54355", "disability": "2.375", "old_age": "9.486", "day_care": "1.00"}
    estimate = _work(period="yearly")
    parts = {part.code: part.amount.minor for part in estimate.parts}
    for code, rate in percent.items():
        assert parts[code] == round(Decimal(40000 * 365) * Decimal(rate) / 100)
    sickness = (
        Decimal(11731) * Decimal("20.4")
        + (Decimal(40000) - 3 * 11731) * Decimal("1.5")
        + Decimal(40000) * Decimal("2.375")
    )
    assert parts["sickness"] == round(sickness * 365 / 100)


@given(CENTAVOS, PERIODS)
def test_housing_savings_are_a_share_of_the_income(income: int, period: str) -> None:
    estimate = housing.work_out({"income": _pesos(income), "period": period}, TODAY)
    months = 12 // independent_workers.PERIODS[period]
    assert abs(estimate.total.minor - Decimal(income * months) / 20) <= Decimal("0.5")


def test_every_table_names_its_source_and_a_tariff_says_what_it_is() -> None:
    for name in ("imss_daily_values", "imss_rates", "imss_risk_rates", "imss_old_age_rates",
                 "imss_family_health_fees", "infonavit_rates"):  # fmt: skip
        assert all(row["source"] for row in in_force(name, TODAY))
    table = {code: program.tariff.table for code, program in PROGRAMS.items() if program.tariff}
    assert table == {"imss": None, "imss_family_health": family_health.TABLE, "infonavit": None}
    for program in PROGRAMS.values():
        if program.tariff and not program.tariff.table:
            assert "estimado" in program.tariff.why.es


def test_a_published_table_is_exact_to_its_last_day_and_then_the_last_known_one() -> None:
    tariff = PROGRAMS["imss_family_health"].tariff
    assert tariff is not None
    last = date(2026, 2, 28)
    assert (tariff.is_exact(last), tariff.ended(last)) == (True, None)
    for later in (date(2026, 3, 1), TODAY, date(2030, 1, 1)):
        assert (tariff.is_exact(later), tariff.ended(later)) == (False, last)
    estimated = PROGRAMS["imss"].tariff
    assert estimated is not None
    assert (estimated.is_exact(last), estimated.ended(TODAY)) == (False, None)
    with pytest.raises(TariffUnknown):
        tariff.is_exact(date(2025, 2, 28))


def test_a_table_that_begins_where_the_last_one_ends_is_exact_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = tables.in_force(family_health.TABLE, TODAY)
    newer = [
        tables.Row({**row.cells, "valid_from": "2026-03-01", "valid_to": "2027-02-28"})
        for row in known
    ]
    monkeypatch.setattr(tables, "_read", lambda _name: (*known, *newer))
    assert tables.ended(family_health.TABLE, date(2026, 2, 28)) is None
    assert tables.ended(family_health.TABLE, TODAY) is None
    assert tables.ended(family_health.TABLE, date(2027, 3, 1)) == date(2027, 2, 28)
