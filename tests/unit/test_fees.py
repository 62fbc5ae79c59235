"""What a service costs: the price of the list and the cases of the law."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cashier.rules import CASES, Choice, Kind, Price, age_on, cases_for, charge, price
from services.cashier.words import CASES as WORDS
from services.kernel.errors import Invalid
from services.kernel.money import Money

DAY = date(2026, 12, 7)
OLD, YOUNG = date(1950, 1, 1), date(1990, 5, 12)
PAS10, PAS1 = Money(20900, "USD"), Money(4400, "USD")


def total(listed: Money, *choices: Choice, service: str = "PAS10", born: date = OLD) -> int:
    worked_out = price(listed, choices, service=service, day=DAY, born=born).total
    assert worked_out is not None
    return worked_out.minor


@pytest.mark.parametrize(
    ("listed", "service", "codes", "expected"),
    [
        (PAS10, "PAS10", (), 20900),
        (PAS10, "PAS10", ("elderly",), 10450),
        (PAS10, "PAS10", ("disability",), 10450),
        # Half of the list, and 30 % of the list on top.
        (PAS10, "PAS10", ("elderly", "emergency_passport"), 16720),
        (PAS10, "PAS10", ("emergency_passport",), 27170),
        (PAS1, "PAS1", ("farm_worker",), 2200),
        (Money(45100, "USD"), "TES", ("will_of_mexican",), 22550),
        (Money(2000, "USD"), "ACT", ("first_birth_copy",), 0),
        (Money(4100, "USD"), "MAT", ("indigent_repatriation",), 0),
        # Pesos to a multiple of five, a tie goes down.
        (Money(225000, "MXN"), "PAS6", ("elderly",), 112500),
        (Money(165500, "MXN"), "PAS3", ("elderly",), 83000),
    ],
)
def test_what_is_to_be_paid(
    listed: Money, service: str, codes: tuple[str, ...], expected: int
) -> None:
    choices = [Choice(code, "credencial") for code in codes]
    assert total(listed, *choices, service=service) == expected


@pytest.mark.parametrize(
    ("service", "born", "choices", "code"),
    [
        ("PAS10", YOUNG, (Choice("elderly"),), "case_too_young"),
        ("PAS10", YOUNG, (Choice("farm_worker", "contrato"),), "case_not_for_service"),
        ("MAT", OLD, (Choice("elderly"),), "case_not_for_service"),
        ("PAS10", OLD, (Choice("elderly"), Choice("disability", "x")), "cases_exclude"),
        ("PAS10", OLD, (Choice("elderly"), Choice("elderly")), "cases_exclude"),
        ("PAS10", OLD, (Choice("disability"),), "ground_required"),
        ("PAS10", OLD, (Choice("disability", "  "),), "ground_required"),
        ("PAS10", None, (Choice("elderly"),), "ground_required"),
        ("PAS10", OLD, (Choice("free_lunch", "x"),), "case_unknown"),
    ],
)
def test_what_the_law_does_not_give_is_refused(
    service: str, born: date | None, choices: tuple[Choice, ...], code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        price(PAS10, choices, service=service, day=DAY, born=born)
    assert refused.value.code == code


def test_the_age_is_that_of_the_day() -> None:
    sixty = date(1966, 12, 8)
    assert [age_on(sixty, day) for day in (DAY, date(2026, 12, 8))] == [59, 60]
    assert "elderly" not in {case.code for case in cases_for("PAS10", DAY, born=sixty)}
    assert "elderly" in {case.code for case in cases_for("PAS10", date(2026, 12, 8), born=sixty)}


def test_a_share_of_an_unknown_price_is_not_guessed() -> None:
    with pytest.raises(Invalid) as refused:
        price(None, [Choice("elderly")], service="PAS10", day=DAY, born=OLD)
    assert refused.value.code == "price_unknown"
    assert charge(price(None, [], service="LEG", day=DAY), Money(5600, "USD"), None) == ()


def test_another_sum_is_a_line_of_its_own_with_its_reason() -> None:
    price = Price(PAS10)
    assert charge(price, PAS10, None) == ()
    (line,) = charge(price, Money(10000, "USD"), "la tarifa de ayer")
    assert (line.kind, line.minor, line.ground) == (Kind.DIFFERENCE, -10900, "la tarifa de ayer")
    (untold,) = charge(price, None, None)
    assert (untold.minor, untold.ground) == (-20900, None)


@given(
    minor=st.integers(0, 10**7),
    code=st.sampled_from(CASES),
    charged=st.integers(0, 10**7),
)
def test_the_parts_are_always_the_sum(minor: int, code: object, charged: int) -> None:
    case = code
    service = min(case.services)  # type: ignore[attr-defined]
    choice = Choice(case.code, "documento")  # type: ignore[attr-defined]
    worked_out = price(Money(minor, "USD"), [choice], service=service, day=DAY, born=OLD)
    lines = charge(worked_out, Money(charged, "USD"), None)
    assert minor + sum(line.minor for line in lines) == charged
    assert worked_out.total is not None
    assert worked_out.total.minor >= 0


def test_every_case_has_words_and_an_article() -> None:
    assert {case.code for case in CASES} < set(WORDS)
    assert all(case.article.startswith("LFD ") for case in CASES)
    assert len({case.code for case in CASES}) == len(CASES)
