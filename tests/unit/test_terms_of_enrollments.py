"""Until when an applicant answers and an agency decides, by the law on administrative procedure."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.enrollments.programs.registry import PROGRAMS
from services.enrollments.programs.schema import Term, Unit
from services.enrollments.terms import answer_until, asked_in_time, home_day, resolve_until, resumed

ASKED = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("agency", "last"),
    [
        (None, date(2026, 12, 1)),
        (date(2026, 11, 26), date(2026, 12, 1)),
        (date(2026, 12, 20), date(2026, 12, 20)),
    ],
    ids=["no-day", "too-soon", "later"],
)
def test_there_are_five_working_days_to_answer_at_least(agency: date | None, last: date) -> None:
    assert answer_until(ASKED, agency) == last


def test_an_agency_has_three_months_unless_its_program_says_otherwise() -> None:
    assert resolve_until(ASKED, PROGRAMS["rfc"].term) == date(2027, 2, 25)
    assert resolve_until(ASKED, Term(40, Unit.WORKING_DAYS, "a rule")) == date(2027, 1, 21)
    assert all(program.term.source for program in PROGRAMS.values())


def test_the_agencys_clock_stands_still_while_it_waits_for_an_answer() -> None:
    # Asked on a Tuesday, answered on the Friday: from Wednesday to Monday, five days.
    last = resumed(date(2027, 2, 25), stopped_on=ASKED, resumed_on=date(2026, 11, 27))
    assert last == date(2027, 3, 2)
    same_day = resumed(date(2027, 2, 25), stopped_on=ASKED, resumed_on=ASKED)
    assert same_day == date(2027, 2, 25)


def test_what_is_asked_after_the_first_third_comes_too_late_to_throw_the_request_out() -> None:
    term = {"sent_on": date(2026, 11, 24), "resolve_by": date(2027, 2, 25)}
    assert asked_in_time(date(2026, 12, 24), **term)
    assert not asked_in_time(date(2026, 12, 26), **term)


def test_days_are_those_of_mexico_city() -> None:
    assert home_day(datetime(2026, 11, 25, 5, 59, tzinfo=UTC)) == date(2026, 11, 24)
    assert home_day(datetime(2026, 11, 25, 6, 0, tzinfo=UTC)) == date(2026, 11, 25)
