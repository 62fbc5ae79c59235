"""Enrollments end once, as their agency says, while everything around them breaks."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks import enrollment_storm
from benchmarks.enrollment_storm import Outcome, Struck
from tests.servers import ROOT


@pytest.mark.slow
def test_requests_end_once_whatever_breaks() -> None:
    measured = subprocess.run(
        [sys.executable, "-m", enrollment_storm.__name__, "--ci"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert measured.returncode == 0, measured.stdout + measured.stderr


def test_the_measurement_fails_on_a_problem_and_when_nothing_was_struck() -> None:
    def outcome(lost: int, struck: Struck) -> Outcome:
        return Outcome(1, {("rfc", "active"): 1}, {"lost": lost}, struck, 0, 1.0)

    assert outcome(0, Struck(workers=5, stops=1)).good
    assert not outcome(1, Struck(workers=5, stops=1)).good
    assert not outcome(0, Struck(workers=5)).good
