"""What the measurement of a surge takes for good, and what not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.surge import Answer, Outcome, Size, results

BOOKED, REFUSED = Answer(201, "", 0.1), Answer(409, "slot_taken", 0.1)
SIZE = Size(people=90, seconds=1, desks=1)
GOOD = Outcome(SIZE, [BOOKED] * 30 + [REFUSED] * 60, seats=30)


def test_each_place_given_once_and_everybody_else_told_is_good() -> None:
    assert GOOD.good


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([BOOKED] * 31 + [REFUSED] * 59, id="one too many"),
        pytest.param([BOOKED] * 29 + [REFUSED] * 61, id="a place is left"),
        pytest.param([BOOKED] * 30 + [REFUSED] * 59 + [Answer(503, "unavailable", 0.1)], id="5xx"),
        pytest.param([BOOKED] * 30 + [REFUSED] * 59 + [Answer(0, "TimeoutError", 9)], id="none"),
        pytest.param([BOOKED] * 30 + [replace(REFUSED, seconds=2)] * 60, id="slow"),
    ],
)
def test_anything_else_is_not(answers: list[Answer]) -> None:
    assert not replace(GOOD, answers=answers).good


def test_its_figure_is_the_median_wait_and_there_is_none_of_a_failure() -> None:
    [figure] = results(GOOD)
    assert (figure.name, figure.value, figure.unit) == ("surge_wait_p50", 100, "ms")
    with pytest.raises(RuntimeError, match="31 seats"):
        results(replace(GOOD, seats=31))


def test_seats_are_counted_in_the_database() -> None:
    assert not replace(GOOD, seats=31).good
