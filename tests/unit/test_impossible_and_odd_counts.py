"""What a count can't be beside what is in force at its office, and what is odd about it."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from services.voting.counting import quantities
from services.voting.deadlines import (
    counting_days,
    deadlines,
    election_days,
    next_election,
    polls_abroad,
)
from services.voting.rules import (
    Before,
    Cell,
    Impossible,
    Known,
    Metric,
    Mode,
    Odd,
    Whose,
    impossible_mode,
    impossible_value,
    oddities,
    standing,
)

DAY = date(2027, 6, 6)
EVE = date(2027, 6, 5)
ALL = None
VOTES, LISTED, ENVELOPES = Metric.VOTES, Metric.REGISTERED, Metric.VOTE_ENVELOPES
REQUESTED, ISSUED = Metric.CREDENTIALS_REQUESTED, Metric.CREDENTIALS_ISSUED
POST, NET, HERE = Mode.POSTAL, Mode.ELECTRONIC, Mode.IN_PERSON


def before(*numbers: int, whose: Whose = Whose.OFFICE) -> Before:
    return Before("2024", whose, "", frozenset(numbers))


def cell(metric: Metric, mode: Mode | None = None, day: date = DAY) -> Cell:
    return Cell(metric, mode, day)


@pytest.mark.parametrize(
    ("known", "what", "value", "code", "numbers"),
    [
        ({cell(LISTED): 100}, cell(VOTES), 101, "more_votes_than_registered", (101, 100)),
        ({cell(LISTED): 100}, cell(VOTES), 100, None, ()),
        # Days of votes add up; the list is the largest that is known.
        ({cell(LISTED): 100, cell(VOTES, POST, EVE): 60}, cell(VOTES, NET), 41,
         "more_votes_than_registered", (101, 100)),
        ({cell(LISTED): 100, cell(LISTED, ALL, EVE): 90}, cell(VOTES), 95, None, ()),
        ({cell(VOTES): 50}, cell(LISTED), 49, "more_votes_than_registered", (50, 49)),
        ({cell(LISTED, POST): 9}, cell(VOTES, POST), 10, "more_votes_than_registered", (10, 9)),
        # The list of one mode says nothing of the others.
        ({cell(LISTED, POST): 9}, cell(VOTES, NET), 10, None, ()),
        ({cell(ENVELOPES, POST): 9}, cell(VOTES, POST), 10, "more_votes_than_envelopes", (10, 9)),
        ({cell(ENVELOPES): 9}, cell(VOTES, POST), 10, "more_votes_than_envelopes", (10, 9)),
        ({cell(VOTES, POST): 9}, cell(ENVELOPES), 8, "more_votes_than_envelopes", (9, 8)),
        ({cell(ENVELOPES): 9}, cell(VOTES, NET), 10, None, ()),
        ({cell(REQUESTED): 9}, cell(ISSUED), 10, "more_issued_than_requested", (10, 9)),
        # More may have been requested since that day.
        ({cell(REQUESTED, ALL, EVE): 9}, cell(ISSUED), 10, None, ()),
        ({cell(ISSUED, ALL, EVE): 10}, cell(REQUESTED), 9, "more_issued_than_requested", (10, 9)),
        ({cell(ISSUED): 5}, cell(Metric.CREDENTIALS_DELIVERED), 6,
         "more_delivered_than_issued", (6, 5)),
        ({cell(Metric.CREDENTIALS_DELIVERED): 5}, cell(Metric.CREDENTIALS_ACTIVATED), 6,
         "more_activated_than_delivered", (6, 5)),
        ({cell(VOTES): 30, cell(VOTES, NET): 12, cell(VOTES, POST): 10}, cell(VOTES, HERE), 9,
         "modes_differ_from_total", (31, 30)),
        ({cell(VOTES): 30, cell(VOTES, NET): 12, cell(VOTES, POST): 10}, cell(VOTES, HERE), 8,
         None, ()),
        ({cell(VOTES, NET): 12}, cell(VOTES), 11, "modes_differ_from_total", (12, 11)),
        ({cell(VOTES, NET): 12}, cell(VOTES), 13, None, ()),
    ],
)  # fmt: skip
def test_numbers_that_do_not_agree_are_refused_with_both(
    known: dict[Cell, int], what: Cell, value: int, code: str | None, numbers: tuple[int, ...]
) -> None:
    wrong = impossible_value(what, value, Known(cells=known))
    assert (wrong.code if wrong else None) == code
    assert tuple(wrong.numbers.values() if wrong else ()) == numbers


def test_without_a_list_of_its_own_an_office_is_held_to_the_whole_one() -> None:
    wrong = impossible_value(cell(VOTES), 11, Known(listed=10))
    assert wrong is not None
    assert wrong.code is Impossible.MORE_THAN_REGISTERED


def test_a_correction_goes_cell_by_cell_and_never_above_the_total() -> None:
    agreed = {cell(VOTES): 30, cell(VOTES, NET): 12, cell(VOTES, POST): 10, cell(VOTES, HERE): 8}
    up, down = Known(cells=agreed), Known(cells={**agreed, cell(VOTES): 31})
    assert impossible_value(cell(VOTES, NET), 13, up) is not None
    for known, what, value in (
        (up, cell(VOTES), 31),
        (up, cell(VOTES, NET), 11),
        (down, cell(VOTES, NET), 12),
    ):
        assert impossible_value(what, value, known) is None
        assert Odd.CORRECTION_DIFFERS in oddities(what, value, known)
    assert oddities(cell(VOTES, NET), 13, down) == []


def test_modes_that_a_metric_or_an_office_does_not_have() -> None:
    nobody_here = Known(in_person=False)
    assert impossible_mode(VOTES, HERE, nobody_here) is Impossible.NO_IN_PERSON_VOTE
    assert impossible_mode(ISSUED, POST, Known()) is Impossible.WITHOUT_MODE
    assert impossible_mode(ENVELOPES, NET, Known()) is Impossible.ONLY_BY_POST
    for metric, mode in ((VOTES, HERE), (ISSUED, ALL), (ENVELOPES, POST), (ENVELOPES, ALL)):
        assert impossible_mode(metric, mode, Known()) is None


@pytest.mark.parametrize(
    ("value", "known", "odd"),
    [
        (0, Known(before=before(100)), [Odd.ZERO_AFTER_HUNDREDS]),
        (0, Known(before=before(99)), []),
        # Another office of the country may have had them all.
        (0, Known(before=before(933, whose=Whose.COUNTRY)), []),
        (0, Known(before=before(933, whose=Whose.COUNTRY), alone=True),
         [Odd.ZERO_AFTER_HUNDREDS]),
        (0, Known(before=before(99, whose=Whose.COUNTRY), alone=True), []),
        (0, Known(before=before(933, whose=Whose.ABROAD), alone=True), []),
        (50, Known(elsewhere=frozenset({50})), [Odd.SAME_AS_ANOTHER_OFFICE]),
        (49, Known(elsewhere=frozenset({49}), before=before(49)), []),
        (77, Known(before=before(77)), [Odd.SAME_AS_LAST_ELECTION]),
        (933, Known(before=before(933, whose=Whose.COUNTRY)), [Odd.SAME_AS_LAST_ELECTION]),
        # Rival publications of one thing.
        (226_661, Known(before=before(227_112, 226_661, whose=Whose.ABROAD)),
         [Odd.SAME_AS_LAST_ELECTION]),
        (226_662, Known(before=before(227_112, 226_661, whose=Whose.ABROAD)), []),
        (8, Known(cells={cell(LISTED, ALL, EVE): 9}), [Odd.LOWER_THAN_BEFORE]),
    ],
)  # fmt: skip
def test_what_is_odd(value: int, known: Known, odd: list[Odd]) -> None:
    assert oddities(cell(LISTED), value, known) == odd


def test_a_day_without_votes_is_nothing_odd_where_the_country_had_hundreds_in_all() -> None:
    of_all_days = Known(
        cells={cell(VOTES, POST, EVE): 5}, before=before(933, whose=Whose.COUNTRY), alone=True
    )
    assert oddities(cell(VOTES, POST), 0, of_all_days) == []
    assert oddities(cell(VOTES, NET), 0, of_all_days) == [Odd.ZERO_AFTER_HUNDREDS]


def test_what_an_office_counted_in_all() -> None:
    cells = {
        cell(VOTES): 30, cell(VOTES, NET): 12, cell(VOTES, POST, EVE): 5,
        cell(LISTED, ALL, EVE): 90, cell(LISTED): 95,
    }  # fmt: skip
    assert (standing(cells, VOTES), standing(cells, VOTES, NET)) == (35, 12)
    assert (standing(cells, LISTED), standing(cells, ENVELOPES)) == (95, None)


def test_facts_add_up_to_the_total_and_to_the_newest_list() -> None:
    votes = {cell(VOTES): 30, cell(VOTES, NET): 12, cell(VOTES, POST): 10, cell(VOTES, ALL, EVE): 4}
    assert quantities(votes) == {**votes, cell(VOTES): 8}
    listed = {cell(LISTED, ALL, EVE): 90, cell(LISTED): 95, cell(LISTED, POST): 20}
    assert sum(quantities(listed).values()) == 95
    assert quantities({cell(LISTED, ALL, EVE): 90, cell(LISTED): 80})[cell(LISTED)] == -10


def test_deadlines_are_those_of_the_law_by_the_clock_of_mexico() -> None:
    mexico = ZoneInfo("America/Mexico_City")
    assert {each.mode: (each.at, each.article) for each in deadlines("2027")} == {
        POST: (datetime(2027, 6, 5, 8, tzinfo=mexico), "LGIPE 345.1"),
        HERE: (datetime(2027, 6, 5, 8, tzinfo=mexico), "LGIPE 345.1"),
        NET: (datetime(2027, 6, 6, 18, tzinfo=mexico), "LGIPE 345.1"),
    }
    assert deadlines("2012") == deadlines("2026") == ()
    assert all(each.source for each in (*election_days().values(), *deadlines("2024")))
    polls = polls_abroad("2027")
    assert polls
    assert (polls.election, polls.consulates) == ("2024", 23)
    assert polls_abroad("2018") is None
    assert (next_election(DAY), next_election(date(2027, 6, 7))) == ("2027", "2030")


@pytest.mark.parametrize(
    ("metric", "mode", "zone", "first", "last"),
    [
        # The polls close at nine in the morning of the next day in Tokyo.
        (VOTES, NET, "Asia/Tokyo", None, date(2027, 6, 7)),
        (VOTES, NET, "America/Los_Angeles", None, DAY),
        (ENVELOPES, POST, "America/Los_Angeles", None, EVE),
        (Metric.LATE_VOTES, POST, "America/Los_Angeles", EVE, None),
        (Metric.LATE_VOTES, ALL, "America/Los_Angeles", EVE, None),
        (Metric.LATE_VOTES, NET, "Asia/Tokyo", date(2027, 6, 7), None),
        (LISTED, ALL, "Asia/Tokyo", None, None),
    ],
)
def test_on_which_days_something_can_have_been_counted(
    metric: Metric, mode: Mode | None, zone: str, first: date | None, last: date | None
) -> None:
    days = counting_days("2027", metric, mode, ZoneInfo(zone))
    assert (days.first, days.last) == (first, last)
