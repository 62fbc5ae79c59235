"""What README and docs name is there, and every slice is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

DOCS = sorted(
    [ROOT / "README.md", ROOT / "deploy" / "README.md", *(ROOT / "docs").rglob("*.md")],
    key=str,
)
FOLDERS = "benchmarks|consular|deploy|docs|integrations|migrations|services|tests|workers"
# A path of the repository in code; ``<…>`` stands for a name that a reader chooses.
PATH = re.compile(rf"`((?:{FOLDERS})/[\w./*-]*)`")
LINK = re.compile(r"\]\((?!\w+:)([^)#]+)")
# Its paths are those below ``tests/``: `test_trials` follows them.
BELOW_TESTS = "trials.md"


def test_every_slice_is_named_in_the_readme() -> None:
    slices = {file.parent.name for file in (ROOT / "services").glob("*/__init__.py")}
    named = set(re.findall(r"(\w+)/", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert slices - named == set()


@pytest.mark.parametrize("doc", DOCS, ids=lambda doc: str(doc.relative_to(ROOT)))
def test_what_is_named_is_there(doc: Path) -> None:
    text = doc.read_text(encoding="utf-8")
    paths = () if doc.name == BELOW_TESTS else PATH.findall(text)
    missing = [path for path in paths if not any(ROOT.glob(path.rstrip("/")))]
    assert missing + [link for link in LINK.findall(text) if not (doc.parent / link).exists()] == []
