"""A file of the working groups' figures: tried, or kept whole, by pages and API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from consular.auth import actor, now
from consular.csv_rows import Problem, in_order, read_rows, refused
from consular.db import transaction
from consular.input.loading import load_fields
from consular.input.reported import EntryRowSchema, numbers_of
from services.monitoring.entering import import_figures

COLUMNS = ("session", "period", "indicator", "value", "unit", "cut_off", "source", "note",
           "reason")  # fmt: skip
REQUIRED = ("indicator", "value", "source")


@dataclass(frozen=True)
class Report:
    """What a file of figures would do, or did."""

    problems: Sequence[Problem]
    new: int
    corrected: int
    known: int


def import_file(session: Session, text: str) -> Report:
    """Keep the figures of a file: all of its lines, or none where anything is wrong."""
    rows, problems = read_rows(text, COLUMNS, REQUIRED, _load)
    with session.begin_nested() as kept:
        done = import_figures(session, [row for _line, row in rows], now=now(), actor=actor())
        problems += [refused(n, error, error.field or "") for n, error in done.refused.items()]
        if problems:
            kept.rollback()
    counts = (len(done.new), len(done.corrected), len(done.known))
    return Report(in_order(problems, COLUMNS), *counts)


def try_or_import(text: str, *, write: bool) -> Report:
    """What a file would do, or did."""
    with transaction() as session:
        report = import_file(session, text)
        if not write:
            session.rollback()
    return report


def _load(line: int, values: dict[str, Any]) -> tuple[int, Any, str | None]:
    row = load_fields(EntryRowSchema(), numbers_of(values))
    return line, row["command"], row["reason"]
