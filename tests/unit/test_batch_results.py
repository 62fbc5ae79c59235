"""Whatever a file of results holds, each request gets one word, a question, or waits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.enrollments.batch_rules import read_results

FOLIOS = [f"E{number}" for number in range(8)]
STRANGERS = ["S1", "S2"]
ROWS = st.lists(
    st.tuples(st.sampled_from(FOLIOS + STRANGERS), st.sampled_from(["active", "rejected"])),
    max_size=20,
)


@given(
    rows=ROWS,
    ended=st.sets(st.sampled_from(FOLIOS)),
    unreadable=st.sets(st.sampled_from(FOLIOS + STRANGERS)),
    answered=st.booleans(),
)
def test_each_request_has_one_outcome(
    rows: list[tuple[str, str]], ended: set[str], unreadable: set[str], answered: bool
) -> None:
    waiting = [folio for folio in FOLIOS if folio not in ended]
    reading = read_results(waiting, FOLIOS, rows, unreadable=unreadable, answered=answered)
    said = {folio: {word for other, word in rows if other == folio} for folio in waiting}
    for folio in waiting:
        if len(said[folio]) == 1 and folio not in unreadable:
            assert {reading.words[folio]} == said[folio]
        else:
            assert folio not in reading.words
        doubtful = len(said[folio]) > 1 or folio in unreadable
        assert (folio in reading.to_ask) is (doubtful or (answered and not said[folio]))
    assert {*reading.words, *reading.to_ask} <= set(waiting)
    assert set(reading.strangers) == ({folio for folio, _ in rows} | unreadable) - set(FOLIOS)


def test_the_same_word_twice_is_one_word() -> None:
    reading = read_results(["E1"], ["E1"], [("E1", "a"), ("E1", "a")], unreadable=(), answered=True)
    assert (reading.words, reading.contradicted) == ({"E1": "a"}, ())


def test_two_words_are_none() -> None:
    rows = [("E1", "a"), ("E1", "b"), ("E1", "a")]
    reading = read_results(["E1"], ["E1"], rows, unreadable=(), answered=False)
    assert (reading.words, reading.to_ask, reading.contradicted) == ({}, ("E1",), ("E1",))


def test_what_is_missing_waits_until_no_row_is_to_come() -> None:
    assert read_results(["E1"], ["E1"], [], unreadable=(), answered=False).to_ask == ()
    assert read_results(["E1"], ["E1"], [], unreadable=(), answered=True).to_ask == ("E1",)
