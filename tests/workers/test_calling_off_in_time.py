"""A day of several offices that is called off is told to everybody in time."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from benchmarks import calling_off
from benchmarks.calling_off import MOST_SECONDS, Outcome, Size
from tests.servers import ROOT

GOOD = Outcome(Size(2), cancelled=10, messages=10, told=10, seconds=1)


@pytest.mark.slow
def test_everybody_is_told_once_and_soon() -> None:
    command = [sys.executable, "-m", calling_off.__name__]
    said = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, timeout=300).stdout
    assert b"50 canceled, 50 told by 50 messages" in said


def test_the_measurement_fails_on_whoever_was_left_or_told_twice_or_late() -> None:
    assert GOOD.good
    for bad in (
        replace(GOOD, cancelled=9),
        replace(GOOD, told=9),
        replace(GOOD, messages=11),
        replace(GOOD, seconds=MOST_SECONDS),
    ):
        assert not bad.good, bad
