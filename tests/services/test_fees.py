"""A fee is that of the year; an older one is shown only with a mark that says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy.orm import Session

from services.consulates.queries import Fee, fees_on
from services.consulates.rules import round_pesos
from services.kernel.money import Money
from tests.factories.consulates import reference_session
from tests.servers import DatabaseUrls


@pytest.fixture
def session(shared_database: DatabaseUrls) -> Iterator[Session]:
    with reference_session(shared_database.app_url) as session:
        yield session


@pytest.mark.parametrize(
    ("law", "paid"),
    [
        ("1654.61", "1655.00"),
        ("2247.54", "2250.00"),
        ("3942.50", "3940.00"),
        ("1562.50", "1560.00"),
        ("848.60", "850.00"),
        ("2.50", "0.00"),
        ("2.51", "5.00"),
        ("0.00", "0.00"),
    ],
)
def test_pesos_round_to_the_nearest_five_and_ties_go_down(law: str, paid: str) -> None:
    assert round_pesos(Money.parse(law, "MXN")).amount == paid


def test_dollars_are_not_rounded() -> None:
    assert round_pesos(Money(20_901, "USD")) == Money(20_901, "USD")


def test_the_fee_of_the_years_own_table_is_in_force(session: Session) -> None:
    fees = fees_on(session, date(2026, 12, 31))
    passports = [fees[code].money.minor // 100 for code in ("PAS1", "PAS3", "PAS6", "PAS10")]
    assert passports == [44, 101, 137, 209]
    assert fees["PAS10"] == Fee(Money(20_900, "USD"), 2026, is_latest_known=False)
    assert fees["MAT"].money == Money(4_100, "USD")


def test_an_earlier_day_has_its_own_years_fee(session: Session) -> None:
    assert fees_on(session, date(2024, 7, 1))["PAS10"] == Fee(
        Money(19_800, "USD"), 2024, is_latest_known=False
    )


def test_a_year_without_table_shows_the_latest_known_fee_and_marks_it(session: Session) -> None:
    fees = fees_on(session, date(2027, 1, 1))
    assert fees["PAS10"] == Fee(Money(20_900, "USD"), 2026, is_latest_known=True)
    assert all(fee.is_latest_known for fee in fees.values())
    # Within one year some services have a new amount and others don't.
    assert fees_on(session, date(2026, 1, 1))["PPT"].is_latest_known


def test_a_fee_is_never_taken_from_a_later_year(session: Session) -> None:
    assert "MAT" not in fees_on(session, date(2023, 6, 1))
    assert fees_on(session, date(2022, 12, 31)) == {}


def test_pesos_come_rounded_by_law(session: Session) -> None:
    fees = fees_on(session, date(2024, 6, 1), "MXN")
    assert fees["PAS3"].money == Money(165_500, "MXN")
    assert all(fee.money.minor % 500 == 0 for fee in fees.values())
