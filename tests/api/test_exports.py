"""An export has every row that its question has, says how many, and adds up to the figure.

``--full``: 100,001 lines as every form, and 1,048,577 as CSV, which a sheet has no room for.
"""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime
from io import BytesIO, StringIO
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from openpyxl import load_workbook
from werkzeug.test import TestResponse

from consular import spreadsheets
from services.monitoring.dimensions import Dimension
from services.monitoring.indicators import INDICATORS
from tests.factories.staff import staff_browser
from tests.factories.web import Web

# Hong Kong, Los Angeles and no office at all; quantities of both signs.
FILL = """
INSERT INTO facts (kind, subject_id, consulate_code, service_code, program, status, day,
    quantity, occurred_at, recorded_at)
SELECT 'appointment', gen_random_uuid(),
    (ARRAY['hongkong', 'losangeles', NULL])[1 + n %% 3], 'PAS10', 'PAS10',
    (ARRAY['booked', 'completed'])[1 + n %% 2], date '2026-03-01' + n %% 28,
    CASE n %% 5 WHEN 0 THEN -1 ELSE 2 END, at, coalesce(%(recorded)s, at)
FROM generate_series(1, %(rows)s) n,
    LATERAL (SELECT timestamptz '2026-03-08 09:59:59Z' + n * interval '1 millisecond') t (at)
"""


def fill(web: Web, rows: int, recorded: datetime | None = None) -> None:
    """Facts as an analyst's question finds them."""
    with psycopg.connect(web.settings.worker_database_url) as connection:
        # A million rows take longer than what a login may ask for.
        connection.execute("SET statement_timeout = 0")
        connection.execute(FILL, {"rows": rows, "recorded": recorded})


def ask(web: Web, path: str, **headers: str) -> TestResponse:
    answer = web.call("GET", f"/monitoring/{path}", token=web.token("analyst"), headers=headers)
    assert answer.status_code == 200, answer.text
    return answer


def rows_of(answer: TestResponse, form: str) -> list[dict[str, Any]]:
    """The rows of a file, by the words of its head; of JSON, by codes."""
    if form == "json":
        document = json.loads(answer.data)
        assert document["row_count"] == len(document["rows"])
        return list(document["rows"])
    if form == "csv":
        return list(csv.DictReader(StringIO(answer.data.decode("utf-8-sig"), newline="")))
    head, *rows = load_workbook(BytesIO(answer.data), read_only=True).worksheets[0].values
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


def test_files_say_of_transfers_how_they_are_received_as_pages_do(web: Web) -> None:
    with psycopg.connect(web.settings.worker_database_url) as connection:
        connection.execute(
            FILL.replace("'PAS10', 'PAS10'", "NULL, 'account'").replace(
                "'appointment'", "'remittance'"
            ),
            {"rows": 1, "recorded": None},
        )
    rows = rows_of(ask(web, "export.csv?indicator=remittances&by=program"), "csv")
    said = {(row["Programa o trámite (clave)"], row["Programa o trámite"]) for row in rows}
    assert said == {("account", "Envío: depósito en cuenta")}


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_every_line_is_there_and_they_add_up_to_the_indicator(
    web: Web, form: str, pytestconfig: pytest.Config
) -> None:
    many = 100_001 if pytestconfig.getoption("--full") else 4_001
    fill(web, many)
    figure = ask(web, "indicators/appointments").get_json()
    total = sum(row["value"] for row in figure["rows"])
    query = f"indicator=appointments&as_of={figure['as_of'].replace('+', '%2B')}"
    fill(web, 3, recorded=datetime.now(UTC))
    answer = ask(web, f"lines.{form}?{query}", **{"Accept-Language": "en"})
    rows = rows_of(answer, form)
    assert len(rows) == many == int(answer.headers["X-Row-Count"])
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert f"-{many}-rows.{form}" in answer.headers["Content-Disposition"]
    value = "value" if form == "json" else "Value"
    assert sum(int(row[value]) for row in rows) == total
    assert min(int(row[value]) for row in rows) == -1
    with psycopg.connect(web.settings.worker_database_url) as connection:
        subjects = connection.execute("SELECT subject_id FROM facts LIMIT 50").fetchall()
    assert not [id for (id,) in subjects if str(id).encode() in answer.data]


def test_times_are_those_of_the_office_with_its_zone(web: Web) -> None:
    """The clocks of Los Angeles went on by an hour at 10:00 UTC that day."""
    fill(web, 6)
    text = rows_of(ask(web, "lines.csv?indicator=appointments"), "csv")
    typed = rows_of(ask(web, "lines.xlsx?indicator=appointments"), "xlsx")
    exact = ask(web, "lines.json?indicator=appointments").get_json()["rows"]
    second = datetime(2026, 3, 8, 9, 59, 59, tzinfo=UTC)
    for line, cells, row in zip(text, typed, exact, strict=True):
        zone = {"hongkong": "Asia/Hong_Kong", "losangeles": "America/Los_Angeles"}.get(
            line["Oficina (clave)"], "America/Mexico_City"
        )
        here = second.astimezone(ZoneInfo(zone))
        assert line["Zona horaria"] == zone
        assert line["Registrado (reloj de la oficina)"] == here.replace(tzinfo=None).isoformat()
        assert line["Día en que se registró"] == here.date().isoformat()
        assert line["Diferencia con UTC"] == f"UTC{here.isoformat()[-6:]}"
        assert cells["Registrado (reloj de la oficina)"] == here.replace(tzinfo=None)
        assert row["recorded_at"] == here.isoformat()
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", line["Día"])


@pytest.mark.parametrize("form", ["csv", "json", "xlsx"])
def test_figures_are_those_of_the_api_and_differences_are_numbers(web: Web, form: str) -> None:
    fill(web, 40)
    query = "by=consulate,day&consulate=hongkong"
    figure = ask(web, f"indicators/appointments?{query}").get_json()
    answer = ask(web, f"export.{form}?indicator=appointments&{query}")
    value, status, day = ("value", "status", "day") if form == "json" else (
        "Valor", "Estado (clave)", "Día",
    )  # fmt: skip
    got = sorted((r[status], str(r[day])[:10], int(r[value])) for r in rows_of(answer, form))
    assert got == sorted((r["status"], r["day"], r["value"]) for r in figure["rows"])
    period = "from=2026-03-02&to=2026-03-02&compare=previous"
    [row, *_] = rows_of(ask(web, f"export.{form}?indicator=appointments&{period}"), form)
    names = ("value", "compared", "difference")
    now, before, difference = (
        int(row[name]) for name in (names if form == "json" else ("Valor", "Periodo anterior",
        "Diferencia"))
    )  # fmt: skip
    assert difference == now - before


def test_a_workbook_says_where_its_numbers_come_from(web: Web) -> None:
    fill(web, 5)
    answer = ask(web, "export.xlsx?indicator=appointments&by=program&from=2026-03-01&to=2026-03-30")
    book = load_workbook(BytesIO(answer.data))
    assert book.sheetnames == ["Datos", "Fuentes"]
    said = {row[0]: row[1] for row in book["Fuentes"].values}
    figure = ask(web, "indicators/appointments?from=2026-03-01&to=2026-03-30").get_json()
    assert said["Suma de los valores"] == sum(row["value"] for row in figure["rows"])
    assert said["Qué cuenta"] == figure["counts"]
    assert said["Desglose"] == "program"
    assert said["Desde (día de la oficina, incluido)"] == datetime(2026, 3, 1, tzinfo=UTC).replace(
        tzinfo=None
    )
    assert said["Zona horaria del corte"] == "America/Mexico_City"
    assert said["Renglones"] == book["Datos"].max_row - 1
    exact = said["Corte exacto, para preguntar lo mismo (as_of)"].replace("+", "%2B")
    again = ask(web, f"export.json?indicator=appointments&by=program&as_of={exact}").get_json()
    assert again["total"] == said["Suma de los valores"]


def test_what_has_no_room_in_a_sheet_is_refused_with_what_to_do(
    web: Web, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    many = 1_048_577 if pytestconfig.getoption("--full") else 7
    if many == 7:
        monkeypatch.setattr(spreadsheets, "SHEET_ROWS", 7)
    fill(web, many)
    token = web.token("analyst")
    path = "/monitoring/lines.xlsx?indicator=appointments"
    answer = web.call("GET", path, token=token)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "too_many_rows")
    assert str(many) in answer.get_json()["detail"]
    assert len(rows_of(ask(web, "lines.csv?indicator=appointments"), "csv")) == many
    page = staff_browser(web.app, "analyst").get(path)
    assert page.status_code == 422
    assert "Descarga el CSV" in page.text


def test_what_cant_be_asked_is_refused_in_words(web: Web) -> None:
    token = web.token("analyst")
    for path, status in (
        ("export.pdf?indicator=appointments", 404),
        ("export.csv?indicator=nothing", 404),
        ("export.csv", 422),
        ("export.csv?indicator=appointments&compare=previous", 422),
    ):
        assert web.call("GET", f"/monitoring/{path}", token=token).status_code == status, path
    officer = web.token("officer", "losangeles")
    path = "/monitoring/lines.csv?indicator=appointments"
    assert web.call("GET", path, token=officer).status_code == 403
    browser = staff_browser(web.app, "officer", "losangeles")
    assert browser.get(path).status_code == 403
    page = staff_browser(web.app, "analyst").get("/monitoring/export.csv?indicator=&by=program")
    assert page.status_code == 422
    assert 'href="#f-indicator"' in page.text


def test_the_overview_leads_to_its_tables_as_files(web: Web) -> None:
    fill(web, 20)
    analyst = staff_browser(web.app, "analyst")
    page = analyst.get("/monitoring/figures?consulate=losangeles").text
    [address] = re.findall(r'href="(/monitoring/export\.xlsx\?indicator=appointments[^"]*)"', page)
    file = analyst.get(address.replace("&amp;", "&"))
    rows = rows_of(file, "xlsx")
    assert {row["Programa o trámite (clave)"] for row in rows} == {"PAS10"}
    [asks] = re.findall(r'href="(/monitoring/downloads[^"]*)"', page)
    form = analyst.get(asks.replace("&amp;", "&")).text
    assert 'value="losangeles" selected' in form
    assert 'name="as_of"' in form


def test_lines_are_narrowed_by_whatever_their_figure_is(web: Web) -> None:
    fill(web, 30)
    narrowed = {
        "consulate": "losangeles", "country": "US", "status": "booked", "program": "PAS10",
        "sex": "M", "age_band": "30-44",
    }  # fmt: skip
    for code, indicator in INDICATORS.items():
        for dimension in {*indicator.dimensions} - {Dimension.DAY}:
            value = narrowed.get(dimension.value, "none")
            query = f"{dimension}={value}"
            figure = ask(web, f"indicators/{code}?{query}").get_json()
            lines = ask(web, f"lines.json?indicator={code}&{query}").get_json()
            assert lines["total"] == sum(row["value"] for row in figure["rows"])
            assert lines["total"] == sum(row["value"] for row in lines["rows"]), (code, query)
