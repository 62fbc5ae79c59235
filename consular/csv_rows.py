"""Read a CSV file of a table: its rows, and every problem by line and column."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from flask_babel import gettext as _

from consular.errors import FieldsInvalid, problem_of
from services.kernel.errors import DomainError

MOST_ROWS = 5000
Row = TypeVar("Row")


@dataclass(frozen=True)
class Problem:
    """What is wrong in a line of the file (the head is line 1), and in which of its columns."""

    line: int
    column: str
    message: str


def read_rows(
    text: str,
    columns: Sequence[str],
    required: Sequence[str],
    load: Callable[[int, dict[str, Any]], Row],
) -> tuple[list[tuple[int, Row]], list[Problem]]:
    """The lines that ``load`` can read, by number, and what is wrong with the others."""
    rows: list[tuple[int, Row]] = []
    problems: list[Problem] = []
    try:
        for line, values in _lines(text, columns, required):
            try:
                rows.append((line, load(line, values)))
            except FieldsInvalid as invalid:
                problems += [
                    Problem(line, column, " ".join(map(str, messages)))
                    for column, messages in invalid.errors.items()
                ]
    except _Unreadable as wrong:
        problems.append(Problem(wrong.line, wrong.column, wrong.message))
    return rows, problems


def refused(line: int, error: DomainError, column: str) -> Problem:
    """Why a line that can be read can't be done."""
    problem = problem_of(error)
    return Problem(line, column, f"{problem.title}. {problem.detail}")


def in_order(problems: Sequence[Problem], columns: Sequence[str]) -> list[Problem]:
    """By line, and in a line by column."""
    place = {column: number for number, column in enumerate(columns)}
    return sorted(problems, key=lambda wrong: (wrong.line, place.get(wrong.column, -1)))


class _Unreadable(Exception):
    """The file as a whole can't be read from this line on."""

    def __init__(self, line: int, column: str, message: str) -> None:
        super().__init__(message)
        self.line, self.column, self.message = line, column, message


def _lines(
    text: str, columns: Sequence[str], required: Sequence[str]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, column -> value) of what isn't empty. Spreadsheets write commas or semicolons."""
    head, _rest = text.lstrip("\ufeff").partition("\n")[::2]
    separator = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), delimiter=separator, strict=True)
    try:
        names = [name.strip() for name in reader.fieldnames or []]
    except csv.Error:
        raise _Unreadable(1, "", _("Este renglón no se puede leer.")) from None
    reader.fieldnames = names
    unknown = [name for name in names if name not in columns]
    missing = [name for name in required if name not in names]
    if unknown or missing or len(set(names)) < len(names):
        expected = _("Los nombres de las columnas son: %(names)s.", names=", ".join(columns))
        raise _Unreadable(1, (unknown or missing or names)[0], expected)
    try:
        for count, record in enumerate(reader):
            if count >= MOST_ROWS:
                said = _("Parte el archivo: caben %(most)s renglones.", most=MOST_ROWS)
                raise _Unreadable(reader.line_num, "", said)
            if None in record:
                raise _Unreadable(reader.line_num, "", _("Sobran columnas en este renglón."))
            yield reader.line_num, {k: v.strip() for k, v in record.items() if v and v.strip()}
    except csv.Error:
        raise _Unreadable(reader.line_num, "", _("Este renglón no se puede leer.")) from None
