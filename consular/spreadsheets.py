"""Tables as files: CSV, XLSX with real types, and JSON. Nothing in them is ever read as a formula.

A table is written whole to a file on disk before the first byte is sent, so that it is complete or
refused, however long it is: its rows may come from a cursor, one after the other.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from io import TextIOWrapper
from tempfile import TemporaryFile
from typing import IO, Any

import xlsxwriter
from flask import Response, request
from flask_babel import gettext as _
from werkzeug.wsgi import wrap_file

from services.kernel.errors import Invalid, NotFound, Unavailable

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
JSON = "application/json"
# Of a worksheet, with the head; no workbook holds more in one.
SHEET_ROWS = 1_048_576
# A spreadsheet takes what begins like this for a formula (OWASP, CSV injection): at the beginning,
# and after whatever it may take for the end of the cell before.
_FORMULA = re.compile(r"(^|[,;|\t\r\n\"])(?=[=+\-@\t\r＝＋－＠])")
# Text that is a number and stays one: a spreadsheet keeps fifteen digits.
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
DIGITS = 15
_FORMATS = {Decimal: "#,##0.00", int: "0", datetime: "yyyy-mm-dd hh:mm:ss", date: "yyyy-mm-dd"}
_WIDEST = 60
_PIECE = 64 * 1024

Row = Sequence[Any]


@dataclass(frozen=True)
class Column:
    """``code`` names it to programs, ``words`` to people."""

    code: str
    words: str


@dataclass(frozen=True)
class Table:
    """``count``: how many ``rows`` there are, where they can't be counted by themselves. ``about``:
    what the table is of, which JSON and the workbook carry with it."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Row]
    count: int | None = None
    about: Sequence[tuple[Column, Any]] = field(default=())

    @property
    def stated(self) -> int:
        """The number of rows."""
        return len(self.rows) if isinstance(self.rows, Sequence) else self.count or 0

    def counted(self) -> Iterator[Row]:
        """The rows. Raises Unavailable when there weren't as many as stated: it isn't sent."""
        number = 0
        for number, row in enumerate(self.rows, 1):  # noqa: B007
            yield row
        if number != self.stated:
            raise Unavailable(retry_after=5)


def plain_columns(head: Sequence[Any]) -> list[Column]:
    """Columns that are called the same by programs and people."""
    return [Column(str(words), str(words)) for words in head]


def as_file(table: Table, form: str) -> Response:
    """The table as ``csv``, ``xlsx`` or ``json``. Raises NotFound for another form, Invalid
    ``too_many_rows`` for one that the form has no room for."""
    if form not in _FORMS:
        raise NotFound()
    kind, write = _FORMS[form]
    with ExitStack() as stack:
        file = stack.enter_context(TemporaryFile())
        write(table, file)
        length = file.tell()
        file.seek(0)
        stack.pop_all()  # from here on whoever sends it closes it
    return Response(
        wrap_file(request.environ, file, _PIECE),
        content_type=kind if form == "xlsx" else f"{kind}; charset=utf-8",
        direct_passthrough=True,
        headers={
            "Content-Disposition": f'attachment; filename="{table.name}.{form}"',
            "Content-Length": str(length),
            "X-Row-Count": str(table.stated),
        },
    )


def write_csv(table: Table, file: IO[bytes]) -> None:
    """For spreadsheets: UTF-8 with its mark, commas, CRLF. Days are written as ISO writes them,
    which spreadsheets of every language read; so are times, on the clock of the row's own zone:
    LibreOffice reads them (of other forms only when told to), Excel takes them for text."""
    with _as_text(file, "utf-8-sig") as text:
        writer = csv.writer(text)
        writer.writerow([_csv_cell(column.words) for column in table.columns])
        writer.writerows([_csv_cell(cell) for cell in row] for row in table.counted())


def write_json(table: Table, file: IO[bytes]) -> None:
    """For programs: what it is about, and a row an object."""
    codes = [column.code for column in table.columns]
    about = {column.code: _json_cell(value) for column, value in table.about}
    with _as_text(file, "utf-8") as text:
        head = json.dumps({**about, "row_count": table.stated}, ensure_ascii=False)
        text.write(f'{head[:-1]}, "rows": [')
        for number, row in enumerate(table.counted()):
            cells = dict(zip(codes, map(_json_cell, row), strict=True))
            text.write(("," if number else "") + "\n" + json.dumps(cells, ensure_ascii=False))
        text.write("\n]}\n")


def write_xlsx(table: Table, file: IO[bytes]) -> None:
    """For people: numbers are numbers, days are days, times are those of the row's own zone, long
    numbers are text. A second sheet says what it is about."""
    if table.stated >= SHEET_ROWS:
        raise Invalid("too_many_rows", rows=table.stated, most=SHEET_ROWS - 1)
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        formats = {kind: book.add_format({"num_format": code}) for kind, code in _FORMATS.items()}
        bold = book.add_format({"bold": True})
        _write_rows(book, table, bold, formats)
        _write_about(book, table, bold, formats)


def _write_rows(book: Any, table: Table, bold: Any, formats: Mapping[type, Any]) -> None:
    sheet = book.add_worksheet(str(_("Datos")))
    for number, column in enumerate(table.columns):
        sheet.set_column(number, number, min(max(len(column.words) + 3, 12), _WIDEST))
        sheet.write_string(0, number, column.words, bold)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(table.stated, 1), len(table.columns) - 1)
    for line, row in enumerate(table.counted(), 1):
        for number, cell in enumerate(row):
            _write(sheet, line, number, cell, formats)


def _write_about(book: Any, table: Table, bold: Any, formats: Mapping[type, Any]) -> None:
    if not table.about:
        return
    sheet = book.add_worksheet(str(_("Fuentes")))
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, _WIDEST)
    rows = Column("row_count", str(_("Renglones"))), table.stated
    for line, (column, value) in enumerate([*table.about, rows]):
        sheet.write_string(line, 0, column.words, bold)
        _write(sheet, line, 1, value, formats)


_FORMS: dict[str, tuple[str, Callable[[Table, IO[bytes]], None]]] = {
    "csv": (CSV, write_csv),
    "xlsx": (XLSX, write_xlsx),
    "json": (JSON, write_json),
}


def _write(sheet: Any, row: int, column: int, cell: Any, formats: Mapping[type, Any]) -> None:
    if cell is None:
        return
    if isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, datetime):
        sheet.write_datetime(row, column, cell.replace(tzinfo=None), formats[datetime])
    elif isinstance(cell, date):
        sheet.write_datetime(row, column, cell, formats[date])
    elif isinstance(cell, (Decimal, int)) and not _is_long(cell):
        sheet.write_number(row, column, cell, formats[type(cell)])
    else:
        sheet.write_string(row, column, str(cell))


def _csv_cell(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=None).isoformat("T", "seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, bool):
        return str(cell).lower()
    text = str(cell)
    if isinstance(cell, (int, Decimal)) or _NUMBER.fullmatch(text):
        return f"'{text}" if _is_long(text) else text
    return f"'{text}" if _is_long(text) else _FORMULA.sub(r"\1'", text)


def _json_cell(cell: Any) -> Any:
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell) if isinstance(cell, Decimal) else cell


def _is_long(cell: Any) -> bool:
    """Whether a spreadsheet would round it: a number of more digits than it keeps."""
    text = str(cell).lstrip("-").replace(".", "", 1)
    return len(text) > DIGITS and text.isascii() and text.isdecimal()


@contextmanager
def _as_text(file: IO[bytes], encoding: str) -> Iterator[TextIOWrapper]:
    """The file for text; it stays open when the text ends."""
    text = TextIOWrapper(file, encoding=encoding, newline="")
    try:
        yield text
    finally:
        text.flush()
        text.detach()
