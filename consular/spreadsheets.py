"""Tables as files: CSV, and XLSX with real types. Nothing in them is ever read as a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import xlsxwriter
from flask import Response

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A spreadsheet takes what begins like this for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FORMATS = {Decimal: "#,##0.00", datetime: "yyyy-mm-dd hh:mm", date: "yyyy-mm-dd"}

Row = Sequence[Any]


def as_csv(head: Row, rows: Iterable[Row], name: str) -> Response:
    """The table for spreadsheets and programs: UTF-8 with its mark, dates as ISO writes them."""
    written = StringIO()
    writer = csv.writer(written)
    writer.writerows([[_plain(cell) for cell in row] for row in (head, *rows)])
    return _file(written.getvalue().encode("utf-8-sig"), f"{CSV}; charset=utf-8", f"{name}.csv")


def as_xlsx(head: Row, rows: Sequence[Row], name: str) -> Response:
    """The table as a workbook: numbers are numbers, times are times of the office's wall clock."""
    file = BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    formats = {kind: book.add_format({"num_format": code}) for kind, code in _FORMATS.items()}
    for column, words in enumerate(head):
        sheet.write_string(0, column, str(words), bold)
    for number, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            _write(sheet, number, column, cell, formats)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(rows), 1), len(head) - 1)
    sheet.autofit()
    book.close()
    return _file(file.getvalue(), XLSX, f"{name}.xlsx")


def _write(sheet: Any, row: int, column: int, cell: Any, formats: dict[type, Any]) -> None:
    if cell is None:
        return
    if isinstance(cell, datetime):
        sheet.write_datetime(row, column, cell.replace(tzinfo=None), formats[datetime])
    elif isinstance(cell, date):
        sheet.write_datetime(row, column, cell, formats[date])
    elif isinstance(cell, (Decimal, int)):
        sheet.write_number(row, column, cell, formats.get(type(cell)))
    else:
        sheet.write_string(row, column, str(cell))


def _plain(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, (int, Decimal)):
        return str(cell)
    text = cell.isoformat() if isinstance(cell, date) else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _file(data: bytes, kind: str, name: str) -> Response:
    return Response(
        data,
        content_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )
