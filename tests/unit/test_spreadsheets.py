"""What somebody typed is never a formula in a file, and what is a number or a day stays one."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from openpyxl import load_workbook

from consular import spreadsheets
from consular.i18n import init_i18n
from consular.spreadsheets import Column, Table, plain_columns, write_csv, write_json, write_xlsx
from services.kernel.errors import Invalid, Unavailable

TYPED = ("=cmd|' /C calc'!A0", "+1-1", "@SUM(A1)", "\t=1", "\r=1", "-1+1", "＝1", "=HYPERLINK(1)")
LATER = ("a;=1+1", 'say "=1+1', "two\n=1+1", "a,+1-1", "a\t@x")
PHONE, LONG = "+5215512345678", 123456789012345678
SUMMER = datetime(2026, 7, 7, 9, 30, tzinfo=ZoneInfo("America/Los_Angeles"))
ROWS = [
    ["text", -12, Decimal("-123.45"), date(2026, 12, 7), SUMMER, PHONE, LONG, "-7.5", None],
    ["O'Bryan & Ñandú <b>", 3, Decimal("0.10"), date(2024, 2, 29), SUMMER, "x", "0042", "1", None],
]
HEAD = ["words", "whole", "decimal", "day", "moment", "phone", "long", "number", "nothing"]


@pytest.fixture(autouse=True)
def _in_an_application() -> Any:
    app = Flask(__name__)
    init_i18n(app)
    with app.test_request_context():
        yield


def midnight(*day: int) -> datetime:
    """A day as a workbook has it."""
    return datetime.combine(date(*day), time())


def written(write: Callable[[Table, IO[bytes]], None], rows: Any, head: Any = HEAD) -> bytes:
    file = BytesIO()
    about = [(Column("unit", "Unidad"), "=evil"), (Column("total", "Suma"), -9)]
    write(Table("x", plain_columns(head), rows, about=about), file)
    return file.getvalue()


def cells(data: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("text", [*TYPED, *LATER])
def test_no_reader_of_the_csv_meets_a_formula(text: str) -> None:
    data = written(write_csv, [[text]], ["a"])
    assert data.startswith(b"\xef\xbb\xbf"), "the mark by which spreadsheets know UTF-8"
    for separator in (",", ";", "\t", "|"):
        for row in csv.reader(StringIO(data.decode("utf-8-sig"), newline=""), delimiter=separator):
            assert not [cell for cell in row if cell.lstrip('"').startswith(tuple("=+-@\t\r＝"))]


def test_numbers_stay_numbers_and_long_ones_and_telephones_stay_text() -> None:
    _head, first, second = cells(written(write_csv, ROWS))
    assert first == [
        "text", "-12", "-123.45", "2026-12-07", "2026-07-07T09:30:00", f"'{PHONE}", f"'{LONG}",
        "-7.5", "",
    ]  # fmt: skip
    assert second[0] == "O'Bryan & Ñandú <b>"
    assert second[6] == "0042"


def test_a_workbook_read_by_another_library_has_the_same_types_and_values() -> None:
    book = load_workbook(BytesIO(written(write_xlsx, ROWS)))
    sheet, sources = book.worksheets
    assert sheet.freeze_panes == "A2"
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == tuple(HEAD)
    moment = SUMMER.replace(tzinfo=None)
    assert rows[1] == (
        "text", -12, -123.45, midnight(2026, 12, 7), moment, PHONE, str(LONG), "-7.5", None,
    )  # fmt: skip
    assert [cell.data_type for cell in sheet[2]] == ["s", "n", "n", "d", "d", "s", "s", "s", "n"]
    assert list(sources.iter_rows(values_only=True)) == [
        ("Unidad", "=evil"),
        ("Suma", -9),
        ("Renglones", 2),
    ]
    assert sources["B1"].data_type == "s"


@pytest.mark.parametrize("text", [*TYPED, *LATER, "https://example.com"])
def test_a_workbook_has_text_as_it_was_typed_and_no_formula_or_link(text: str) -> None:
    book = load_workbook(BytesIO(written(write_xlsx, [[text]], ["a"])))
    cell = book.worksheets[0]["A2"]
    assert cell.data_type == "s"
    assert cell.hyperlink is None
    assert cell.value.replace("_x000D_", "\r") == text


def test_json_has_numbers_and_states_its_rows() -> None:
    document = json.loads(written(write_json, ROWS))
    assert document["row_count"] == len(document["rows"]) == 2
    assert document["total"] == -9
    assert document["rows"][0]["long"] == LONG
    assert document["rows"][0]["moment"] == SUMMER.isoformat()
    assert document["rows"][0]["decimal"] == "-123.45"
    assert json.loads(written(write_json, []))["rows"] == []


def test_a_table_that_lost_rows_is_no_file() -> None:
    for write in (write_csv, write_json, write_xlsx):
        with pytest.raises(Unavailable):
            write(Table("x", plain_columns(["a"]), iter([[1]]), count=2), BytesIO())


@pytest.mark.parametrize("rows", [3, 4, 5])
def test_what_has_no_room_in_a_sheet_is_refused_before_a_row_is_read(
    rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheets, "SHEET_ROWS", 5)
    table = Table("x", plain_columns(["a"]), ([number] for number in range(rows)), rows)
    if rows <= 4:
        write_xlsx(table, BytesIO())
        return
    with pytest.raises(Invalid) as refused:
        write_xlsx(table, BytesIO())
    assert refused.value.code == "too_many_rows"
    assert next(iter(table.rows)) == [0]


NO_OFFICE = (
    "There is no LibreOffice on this machine (Debian, Ubuntu: apt-get install"
    " libreoffice-calc-nogui)."
)


@pytest.mark.parametrize("locale", ["es-MX", "en-US"])
def test_libreoffice_opens_both_with_types_digits_and_days_intact(
    locale: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """``--full``: 100,001 rows. Skipped where there is no LibreOffice, unless
    CONSULAR_REQUIRE_LIBREOFFICE=1."""
    office = shutil.which("soffice")
    if office is None:
        if os.environ.get("CONSULAR_REQUIRE_LIBREOFFICE") == "1":
            pytest.fail(NO_OFFICE, pytrace=False)
        pytest.skip(NO_OFFICE)
    many = 100_001 if pytestconfig.getoption("--full") else 201
    rows = [[f"n {n}", n - 7, *ROWS[n % 2][2:-1]] for n in range(many)]
    files = {tmp_path / "a.csv": write_csv, tmp_path / "b.xlsx": write_xlsx}
    for file, write in files.items():
        file.write_bytes(written(write, rows, HEAD[:-1]))
    reopen(office, locale, *files)
    for file in files:
        sheet = load_workbook(tmp_path / "opened" / f"{file.stem}.xlsx").worksheets[0]
        opened = list(sheet.iter_rows(min_row=2, values_only=True))
        assert len(opened) == many
        assert sum(row[1] for row in opened) == sum(row[1] for row in rows)
        guard = "'" if file.suffix == ".csv" else ""
        assert opened[0][:5] == (
            "n 0", -7, -123.45, midnight(2026, 12, 7), SUMMER.replace(tzinfo=None),
        )  # fmt: skip
        assert opened[0][5:7] == (f"{guard}{PHONE}", f"{guard}{LONG}")
        assert opened[1][3] == midnight(2024, 2, 29)
        assert opened[-1][0] == f"n {many - 1}"


def reopen(office: str, locale: str, *files: Path) -> None:
    """Let LibreOffice read the files in a language and save them as workbooks, in ``opened``."""
    home = files[0].parent / "profile"
    home.joinpath("user").mkdir(parents=True)
    home.joinpath("user", "registrymodifications.xcu").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><oor:items'
        ' xmlns:oor="http://openoffice.org/2001/registry"><item'
        ' oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale"'
        f' oor:op="fuse"><value>{locale}</value></prop></item></oor:items>',
        encoding="utf-8",
    )
    subprocess.run(
        [
            office, f"-env:UserInstallation=file://{home}", "--headless", "--convert-to", "xlsx",
            "--outdir", str(files[0].parent / "opened"), *map(str, files),
        ],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
