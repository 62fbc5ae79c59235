"""The tests that docs/faults-of-others.md names are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "faults-of-others.md"


def test_each_fault_has_a_test_that_is_there() -> None:
    rows = [row for row in PAGE.read_text().splitlines() if "`tests/" in row]
    assert len(rows) > 30
    for path, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", "\n".join(rows)):
        assert f"def {name}(" in (ROOT / path).read_text(), (path, name)
