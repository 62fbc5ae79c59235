"""Our batches in the housing fund's file, and its results in our words.

Both files are CSV (UTF-8, CRLF or LF), a line of column names, a line a row, and a last line that
begins with `TOTAL`: the batch's key, how many rows stand before it, and the SHA-256 of every byte
before that line. A file whose last line is missing or doesn't agree was cut off or damaged, and
nothing of it counts.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from integrations.answers import OptionalFields
from integrations.contracts import (
    BatchResults,
    BatchStatus,
    EnrollmentApplication,
    EnrollmentBatch,
    EnrollmentState,
    EnrollmentStatus,
)
from integrations.infonavit.codes import BATCH_STATUSES, REASONS, REQUESTED, STATUSES
from integrations.registers import applicant, reason_of, request_key, status_of

TOTAL = "TOTAL"
MOST_FOLIO = 29
REQUEST_COLUMNS = (
    "folio",
    "curp",
    "nombres",
    "primerApellido",
    "segundoApellido",
    "fechaNacimiento",
    "correo",
    "nss",
    "datos",
)
RESULT_COLUMNS = (
    "folio",
    "estado",
    "causa",
    "nss",
    "cuenta",
    "ahorroDesde",
    "porCorregir",
    "limiteCorreccion",
    "actualizada",
)


def batch_file(batch: EnrollmentBatch) -> bytes:
    """The file of a batch: always the same bytes for the same batch."""
    rows = [_row(application) for application in batch.applications]
    return write_file(batch.key, REQUEST_COLUMNS, rows)


def batch_status(key: str, body: Mapping[str, Any]) -> BatchStatus:
    """The state of a batch. ValueError or KeyError when unreadable or about another batch."""
    if body["clave"] != key:
        raise ValueError("an answer about another batch")
    return BATCH_STATUSES[body["estado"]]


def batch_results(key: str, answered: bool, text: str) -> BatchResults:
    """The rows of a file of results. ValueError or KeyError when it is damaged or another's."""
    states: list[EnrollmentState] = []
    unreadable: list[str] = []
    for row in read_file(key, RESULT_COLUMNS, text):
        try:
            states.append(_state(row))
        except (ValueError, KeyError):
            # One odd row must not hold up the others: its folio is asked about by itself.
            unreadable.append(row["folio"][:MOST_FOLIO])
    return BatchResults(key, answered, tuple(states), tuple(unreadable))


def enrollment_state(folio: str, body: Mapping[str, Any]) -> EnrollmentState:
    """The state of one row. ValueError or KeyError when unreadable or about another folio.

    Folio, state and the account of an accepted one decide; the rest is optional.
    """
    status = status_of(folio, body, STATUSES)
    optional = OptionalFields(body)
    return EnrollmentState(
        folio=folio,
        status=status,
        result=_result(optional) if status is EnrollmentStatus.ACTIVE else {},
        reason_code=reason_of(status, optional.text("causa"), REASONS),
        requested=optional.known("porCorregir", REQUESTED),
        answer_by=optional.day("limiteCorreccion"),
        changed_at=optional.moment("actualizada"),
        dropped=tuple(optional.dropped),
    )


def _result(optional: OptionalFields) -> dict[str, str]:
    account = optional.text("cuenta")
    if account is None:
        raise ValueError("accepted without an account")
    saving_from = optional.day("ahorroDesde")
    values = {
        "savings_account": account,
        "nss": optional.text("nss"),
        "saving_from": saving_from and saving_from.isoformat(),
    }
    return {name: value for name, value in values.items() if value}


def write_file(key: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A file of the agreed form."""
    lines = [_line(columns), *(_line(row) for row in rows)]
    head = "".join(lines).encode()
    return head + _line((TOTAL, key, str(len(lines) - 1), _digest(head))).encode()


def read_file(key: str, columns: Sequence[str], text: str) -> list[dict[str, str]]:
    """The rows of a file by column. ValueError when it isn't whole, or another batch's."""
    head, total = _taken_apart(text)
    if total[:2] != [TOTAL, key] or total[3:] != [_digest(head.encode())]:
        raise ValueError("the file was cut off, damaged, or is another batch's")
    try:
        names, *rows = csv.reader(io.StringIO(head, newline=""), strict=True)
    except csv.Error as error:
        raise ValueError("not CSV") from error
    if tuple(names) != tuple(columns) or total[2] != str(len(rows)):
        raise ValueError("not the columns or the number of rows that were agreed")
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _taken_apart(text: str) -> tuple[str, list[str]]:
    """All lines but the last as they stand, and the fields of the last."""
    start = text.rstrip("\r\n").rfind("\n") + 1
    return text[:start], text[start:].rstrip("\r\n").split(",")


def _row(application: EnrollmentApplication) -> list[str]:
    data = {name: value for name, value in application.data.items() if name != "nss"}
    person = applicant(application)
    return [
        *(person[name] or "" for name in REQUEST_COLUMNS[:7]),
        str(application.data.get("nss") or ""),
        json.dumps(data, ensure_ascii=False, sort_keys=True),
    ]


def _state(row: Mapping[str, str]) -> EnrollmentState:
    """A row of results; an empty cell says nothing."""
    body: dict[str, Any] = {name: value or None for name, value in row.items()}
    if row["porCorregir"]:
        body["porCorregir"] = row["porCorregir"].split(" ")
    return enrollment_state(request_key(row["folio"]), body)


def _line(fields: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(fields)
    return line.getvalue()


def _digest(head: bytes) -> str:
    return hashlib.sha256(head).hexdigest()
