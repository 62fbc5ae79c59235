"""Import appointments from a CSV file: every problem by row and column, then all rows or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from flask_babel import gettext as _

from consular.auth import now, vault
from consular.csv_rows import Problem, in_order, read_rows, refused
from consular.db import transaction
from consular.input.imports import COLUMNS, ImportRowSchema
from consular.input.loading import load_fields
from services.appointments.importing import Imported, ImportRow, import_appointments
from services.consulates.queries import get_consulate
from services.kernel.audit import Actor
from services.kernel.db import Scope

REQUIRED = (*COLUMNS[:6], "birth_date")
# Which column a refusal of the booking is about.
_COLUMN_OF = {
    "slot_taken": "time",
    "slot_not_offered": "time",
    "service_not_offered": "service",
    "already_booked": "given_names",
    "person_repeated": "given_names",
}


# Of so many lines: what to call after each.
Counted = Callable[[int], AbstractContextManager[Callable[[], object]]]


def quiet(_lines: int) -> AbstractContextManager[Callable[[], object]]:
    """Tell nobody how far it is."""
    return nullcontext(lambda: None)


@dataclass(frozen=True)
class Report:
    """``folios``: the other system's key -> folio of what would be, or was, imported; ``known``:
    how many lines were imported before."""

    problems: Sequence[Problem]
    folios: dict[str, str]
    known: int
    written: bool


def import_file(
    text: str, consulate: str, *, actor: Actor, scope: Scope, write: bool, counted: Counted = quiet
) -> Report:
    """Try every line; keep them only to ``write`` and when nothing is wrong with any."""
    with transaction(scope) as session:
        zone = get_consulate(session, consulate).time_zone
        rows, problems = _read(text, consulate, zone)
        with counted(len(rows)) as step:
            done = import_appointments(
                session, consulate, rows, now=now(), actor=actor, vault=vault(),
                keep=write and not problems, step=step,
            )  # fmt: skip
        report = _report(problems, done)
        written = write and not report.problems
        if not written:
            session.rollback()
    return Report(report.problems, report.folios, report.known, written)


def _read(text: str, consulate: str, zone: str) -> tuple[list[ImportRow], list[Problem]]:
    """The lines that can be read, each key once, and what is wrong with the others."""
    read, problems = read_rows(
        text,
        COLUMNS,
        REQUIRED,
        lambda line, values: load_fields(ImportRowSchema(line, consulate, zone), values),
    )
    rows: dict[str, ImportRow] = {}
    for line, row in read:
        if row.key in rows:
            said = _("La misma clave está en el renglón %(line)s.", line=rows[row.key].line)
            problems.append(Problem(line, "key", said))
        else:
            rows[row.key] = row
    return list(rows.values()), problems


def _report(problems: list[Problem], done: Imported) -> Report:
    problems += [
        refused(line, error, _COLUMN_OF.get(error.code, "")) for line, error in done.refused.items()
    ]
    return Report(in_order(problems, COLUMNS), dict(done.folios), len(done.known), written=False)
