"""What somebody typed is never a formula in a file."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO

import pytest

from consular.spreadsheets import as_csv, as_xlsx

ROW = ["=1+1", Decimal("209.00"), datetime(2026, 12, 7, 9, 30, tzinfo=UTC), 3, None]


def test_csv_marks_what_would_be_a_formula() -> None:
    data = as_csv(["a", "b", "c", "d", "e"], [ROW], "x").data.decode("utf-8-sig")
    assert data.splitlines()[1] == "'=1+1,209.00,2026-12-07T09:30:00+00:00,3,"


@pytest.mark.parametrize("typed", ["=1+1", "+1", "-1", "@x", "https://example.com"])
def test_a_workbook_keeps_types_and_writes_text_as_text(typed: str) -> None:
    book = zipfile.ZipFile(BytesIO(as_xlsx(["a"], [[typed, *ROW[1:]]], "x").data))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert "<v>209.00</v>" in sheet
    assert typed in book.read("xl/sharedStrings.xml").decode()
