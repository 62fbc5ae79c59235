"""What the benchmark says of each question about figures: both sizes and the naive way."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from benchmarks.facts import ONE_BY_ONE, Timed, results
from benchmarks.report import alone, show

# Milliseconds: at a million facts, at ten million, and of one GROUP BY over these.
TIMED = {
    name: Timed([place, place + 1.0, place + 2.0], [2.0 * place + 3.0] * 3, [1000.0 + place] * 3)
    for place, name in enumerate(sorted(ONE_BY_ONE), 1)
}


def test_each_question_says_its_time_at_both_sizes_and_that_of_the_naive_way() -> None:
    said = {each.name: asdict(each) for each in results(TIMED)}
    for name, timed in TIMED.items():
        row = said[f"indicator_10m_{name}"]
        assert row["at_a_tenth"] == timed.few[1]
        assert row["value"] == timed.many[0]
        assert row["floor"] == timed.naive[0]
        assert "GROUP BY" in row["floor_what"]


def test_the_printed_table_has_them_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    show([*results(TIMED), alone("home_page_bytes", "bytes", [2657])])
    head, *printed = capsys.readouterr().out.splitlines()
    assert len({len(line) for line in [head, *printed]}) == 1
    rows = {line.split()[0]: line.split()[1:] for line in printed}
    for name, timed in TIMED.items():
        few, many, unit, slow, *_rest = rows[f"indicator_10m_{name}"]
        assert (float(few), float(many), unit) == (timed.few[1], timed.many[0], "ms")
        assert float(slow) == timed.naive[0]
    # What has no smaller size says nothing there.
    assert rows["home_page_bytes"] == ["2657.00", "bytes", "0.00"]
