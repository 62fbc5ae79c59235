"""Import appointments from a CSV file: every problem by row and column, then all rows or none."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from consular.auth import now, vault
from consular.db import transaction
from consular.errors import FieldsInvalid, problem_of
from consular.input.imports import COLUMNS, ImportRowSchema
from consular.input.loading import load_fields
from services.appointments.importing import ImportRow, import_appointments
from services.consulates.queries import get_consulate
from services.kernel.audit import Actor
from services.kernel.db import Scope

MOST_ROWS = 5000
_PLACE_OF = {column: place for place, column in enumerate(COLUMNS)}
# Which column a refusal of the booking is about.
_COLUMN_OF = {
    "slot_taken": "time",
    "slot_not_offered": "time",
    "service_not_offered": "service",
    "already_booked": "given_names",
    "person_repeated": "given_names",
}


@dataclass(frozen=True)
class Problem:
    """What is wrong in a line of the file (the head is line 1), and in which of its columns."""

    line: int
    column: str
    message: str


@dataclass(frozen=True)
class Report:
    """``folios``: the other system's key -> folio of what would be, or was, imported; ``known``:
    how many lines were imported before."""

    problems: Sequence[Problem]
    folios: dict[str, str]
    known: int
    written: bool


def import_file(text: str, consulate: str, *, actor: Actor, scope: Scope, write: bool) -> Report:
    """Try every line; keep them only to ``write`` and when nothing is wrong with any."""
    with transaction(scope) as session:
        zone = get_consulate(session, consulate).time_zone
        rows, problems = read_rows(text, consulate, zone)
        report = _import(session, rows, problems, consulate, actor)
        written = write and not report.problems
        if not written:
            session.rollback()
    return Report(report.problems, report.folios, report.known, written)


def read_rows(text: str, consulate: str, zone: str) -> tuple[list[ImportRow], list[Problem]]:
    """The lines that can be read, and what is wrong with the others."""
    rows: list[ImportRow] = []
    problems: list[Problem] = []
    seen: dict[str, int] = {}
    try:
        for line, values in _lines(text):
            try:
                row = load_fields(ImportRowSchema(line, consulate, zone), values)
            except FieldsInvalid as invalid:
                problems += [
                    Problem(line, column, " ".join(map(str, messages)))
                    for column, messages in invalid.errors.items()
                ]
                continue
            if row.key in seen:
                said = _("La misma clave está en el renglón %(line)s.", line=seen[row.key])
                problems.append(Problem(line, "key", said))
                continue
            seen[row.key] = line
            rows.append(row)
    except _Unreadable as wrong:
        problems.append(Problem(wrong.line, wrong.column, wrong.message))
    return rows, problems


class _Unreadable(Exception):
    """The file as a whole can't be read from this line on."""

    def __init__(self, line: int, column: str, message: str) -> None:
        super().__init__(message)
        self.line, self.column, self.message = line, column, message


def _lines(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, column -> value) of what isn't empty. Spreadsheets write commas or semicolons."""
    head, _rest = text.lstrip("\ufeff").partition("\n")[::2]
    separator = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), delimiter=separator, strict=True)
    names = [name.strip() for name in reader.fieldnames or []]
    reader.fieldnames = names
    unknown = [name for name in names if name not in COLUMNS]
    missing = [name for name in (*COLUMNS[:6], "birth_date") if name not in names]
    if unknown or missing or len(set(names)) < len(names):
        expected = _("Los nombres de las columnas son: %(names)s.", names=", ".join(COLUMNS))
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


def _import(
    session: Session,
    rows: Sequence[ImportRow],
    problems: list[Problem],
    consulate: str,
    actor: Actor,
) -> Report:
    done = import_appointments(session, consulate, rows, now=now(), actor=actor, vault=vault())
    for line, refused in done.refused.items():
        problem = problem_of(refused)
        said = f"{problem.title}. {problem.detail}"
        problems.append(Problem(line, _COLUMN_OF.get(refused.code, ""), said))
    ordered = sorted(problems, key=lambda wrong: (wrong.line, _PLACE_OF.get(wrong.column, -1)))
    return Report(ordered, dict(done.folios), len(done.known), written=False)
