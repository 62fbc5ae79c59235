"""What the source of a published count is called, and where it can be read.

A count keeps its source as it was noted down; ``data/sources.csv`` has it in plain words. Where one
source gives several elections, a line with an election's year is about that one.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class NamedSource:
    """``address``: of the page, empty where it isn't known."""

    name_es: str
    name_en: str
    address: str = ""


def name_source(source: str, election: str | None) -> NamedSource:
    """The words of a source; itself where it has none."""
    named = _named()
    return (
        named.get((source, election or ""))
        or named.get((source, ""))
        or NamedSource(source, source)
    )


@cache
def _named() -> Mapping[tuple[str, str], NamedSource]:
    text = files("services.voting").joinpath("data", "sources.csv").read_text(encoding="utf-8")
    return {
        (row["source"], row["election"]): NamedSource(row["es"], row["en"], row["address"])
        for row in csv.DictReader(text.splitlines())
    }
