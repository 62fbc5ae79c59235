"""No six lines of code stand twice: what is the same is one thing, under one name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import PACKAGES, ROOT

LINES = 6
FOLDERS = (*PACKAGES, "benchmarks", "tests")
ENDINGS = (".py", ".html", ".sql")
# No comment, no import (but the names of one that is wrapped count), no lone punctuation.
SAYS_SOMETHING = re.compile(r"(?!#|--|from \S+ import|import ).*\w")
# Files that share such a run, and why each keeps its own.
APART = {
    ("integrations/contracts.py", "services/enrollments/progress.py"): "the cores never meet",
    ("integrations/infonavit/wire.py", "integrations/simulator/applicants.py"): (
        "the columns of a file, the fields of a call"
    ),
    ("services/appointments/booking.py", "services/appointments/holding.py"): "fields of commands",
    ("services/appointments/seating.py", "tests/factories/seating.py"): (
        "what proves the search by trying everything owes nothing to it"
    ),
    ("services/appointments/handing_over.py",): "arguments",
    ("services/remittances/recipients.py",): "arguments",
    ("services/remittances/functions.sql",): "columns as the version before has them, and now",
}


def _code(file: Path) -> list[str]:
    """Its lines that say something, without white space."""
    lines = (" ".join(line.split()) for line in file.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if SAYS_SOMETHING.match(line)]


def _places() -> Iterator[set[str]]:
    """The files of each run that stands twice; one file where it stands twice in it."""
    runs: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    found = (file for folder in FOLDERS for file in (ROOT / folder).rglob("*"))
    for file in (file for file in found if file.suffix in ENDINGS):
        lines = _code(file)
        for first in range(len(lines) - LINES + 1):
            runs[tuple(lines[first : first + LINES])].append(str(file.relative_to(ROOT)))
    return (set(files) for files in runs.values() if len(files) > 1)


def test_no_six_lines_stand_twice() -> None:
    found = {tuple(sorted(files)) for files in _places()}
    assert found - set(APART) == set()
    assert set(APART) - found == set()
