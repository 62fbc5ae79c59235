"""The page of trials names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "security" / "trials.md"
NAMED = re.compile(r"`(?P<file>[a-z0-9]+/test_\w+\.py)(?:::(?P<test>test_\w+))?`")


def test_every_test_that_the_page_of_trials_names_exists() -> None:
    named = list(NAMED.finditer(PAGE.read_text(encoding="utf-8")))
    assert named
    assert [each[0] for each in named if not _exists(each["file"], each["test"])] == []


def _exists(file: str, test: str | None) -> bool:
    path = TESTS / file
    return path.is_file() and (test is None or f"def {test}(" in path.read_text(encoding="utf-8"))
