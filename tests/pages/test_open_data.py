"""A published version stays as it is, byte for byte; a correction is another version."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime
from hashlib import sha256
from html import unescape
from io import StringIO
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from services.kernel.db import NETWORK_SCOPE, Database
from services.open_data import leaving_out, preparing
from services.open_data.datasets import DATASETS
from services.open_data.leaving_out import TOPIC, keep_left_out, ref_of, work_out
from services.open_data.preparing import prepare
from services.open_data.suppression import Table, list_unsafe
from tests.factories.staff import Browser, staff_browser
from tests.factories.web import Web

SET = "appointments-attended"
PAGE = f"/monitoring/open-data/{SET}"
FACT = """
INSERT INTO facts (kind, subject_id, consulate_code, service_code, program, status, day, quantity,
    occurred_at) VALUES ('appointment', gen_random_uuid(), %s, %s, %s, 'completed', %s, %s, now())
"""
JULY = [
    ("losangeles", "PAS10", 3), ("losangeles", "MAT", 40), ("chicago", "PAS10", 50),
    ("chicago", "MAT", 60), ("milan", "PAS10", 12), ("milan", "MAT", 2), ("hongkong", "PAS10", 30),
    ("hongkong", "MAT", 31),
]  # fmt: skip
CHANGES = {"changes_es": "Julio, por primera vez.", "changes_en": "July, for the first time."}


def add(web: Web, *lines: tuple[str, str, int], day: str = "2026-07-15") -> None:
    with psycopg.connect(web.settings.worker_database_url) as connection:
        for office, service, count in lines:
            connection.execute(FACT, (office, service, service, day, count))


@pytest.fixture
def analyst(web: Web) -> Browser:
    web.travel(datetime(2026, 11, 26, 18, tzinfo=UTC))
    add(web, *JULY)
    return staff_browser(web.app, "analyst")


def publish(analyst: Browser, **changes: str) -> Any:
    page = analyst.get(PAGE).text
    as_of = re.search(r'name="as_of" value="([^"]+)"', page)
    values = {**CHANGES, "as_of": unescape(as_of[1]) if as_of else "2026-08-20T00:00:00+00:00"}
    return analyst.send(PAGE, **{**values, **changes})


def file(web: Web, name: str, number: int = 1) -> bytes:
    answer = web.call("GET", f"/open-data/{SET}/versions/{number}/{name}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["ETag"] == f'"{sha256(answer.data).hexdigest()}"'
    return answer.data


def rows(web: Web, number: int = 1) -> dict[tuple[str, str, str, str], dict[str, Any]]:
    data = json.loads(file(web, "data.json", number))
    return {
        (r["period"], r["level"], r["consulate"] or r["country"] or "", r["category"]): r
        for r in data["rows"]
    }


def test_anyone_downloads_what_was_published_with_its_hash_and_dictionary(
    web: Web, analyst: Browser
) -> None:
    assert "Todavía no hay una versión publicada" in web.client.get(f"/open-data/{SET}").text
    page = publish(analyst).text
    assert "Julio, por primera vez." in page
    public = web.client.get(f"/open-data/{SET}").text
    files = {name: file(web, name) for name in ("data.csv", "data.json", "metadata.json")}
    for data in files.values():
        assert sha256(data).hexdigest() in public
    metadata = json.loads(files["metadata.json"])
    for each in metadata["distribution"]:
        assert each["checksum"]["value"] == sha256(files[each["title"]]).hexdigest()
        assert web.client.get(each["downloadURL"]).data == files[each["title"]]
    assert metadata["license"].startswith("https://creativecommons.org/licenses/by/4.0")
    table = list(csv.DictReader(StringIO(files["data.csv"].decode("utf-8-sig"))))
    assert list(table[0]) == [column["name"] for column in metadata["columns"]]
    assert len(table) == metadata["rowCount"] == len(json.loads(files["data.json"])["rows"])
    shown = web.call("GET", f"/open-data/{SET}").get_json()
    assert [f["sha256"] for f in shown["versions"][0]["files"]] == [
        sha256(files[name]).hexdigest() for name in sorted(files)
    ]
    assert "July, for the first time." in web.client.get(f"/open-data/{SET}?lang=en").text
    assert web.call("GET", f"/open-data/{SET}/versions/2/data.csv").status_code == 404
    assert SET in {i["dataset"] for i in web.call("GET", "/open-data").get_json()["items"]}


def test_small_counts_are_left_out_and_totals_are_exact(web: Web, analyst: Browser) -> None:
    publish(analyst)
    told = rows(web)
    everything = told["2026-07", "world", "", "all"]
    assert everything["value"] == sum(count for _o, _s, count in JULY)
    assert told["2026-07", "office", "losangeles", "PAS10"]["suppressed"]
    assert told["2026-07", "office", "milan", "MAT"]["suppressed"]
    table = Table({(o, s): n for o, s, n in JULY}, _countries(web))
    named = {
        preparing._name(row): cell
        for cell in table.cells
        for row in preparing.rows_of("2026-07", table, {cell})
        if row["suppressed"]
    }
    hidden = {named[name[1:]] for name, row in told.items() if row["suppressed"]}
    assert list_unsafe(table, hidden, 5) == []
    for name, row in told.items():
        assert row["suppressed"] or table.cells[named[name[1:]]] == row["value"], name


def _countries(web: Web) -> dict[str, str]:
    with psycopg.connect(web.settings.worker_database_url) as connection:
        return dict(connection.execute("SELECT code, country FROM consulates").fetchall())


def test_a_correction_is_a_new_version_and_little_is_held_back(web: Web, analyst: Browser) -> None:
    publish(analyst)
    before = {name: file(web, name) for name in ("data.csv", "data.json", "metadata.json")}
    first = rows(web)
    add(web, ("chicago", "PAS10", 2))
    page = analyst.get(PAGE).text
    assert "No hay nada nuevo que publicar." in page, "two more would be told by subtraction"
    assert "2026-07" in page
    add(web, ("chicago", "MAT", 9), day="2026-08-10")
    publish(analyst, changes_es="Agosto.", changes_en="August.")
    second = rows(web, 2)
    assert {name: row for name, row in second.items() if name[0] == "2026-07"} == first
    add(web, ("hongkong", "MAT", 20), ("hongkong", "PAS10", 9), ("chicago", "PAS10", 4))
    publish(analyst, changes_es="Corrección de julio.", changes_en="Correction of July.")
    third = rows(web, 3)
    for name, row in third.items():
        if name in second and not row["suppressed"]:
            change = abs(row["value"] - second[name]["value"])
            assert change == 0 or change >= 5, name
    assert third["2026-07", "world", "", "all"]["value"] == first[
        "2026-07", "world", "", "all"
    ]["value"] + 35  # fmt: skip
    for name, data in before.items():
        assert file(web, name) == data, "the first version is what it was"
    page = web.client.get(f"/open-data/{SET}").text
    assert page.index("Corrección de julio.") < page.index("Julio, por primera vez.")


def _new_months(page: str) -> tuple[int, int]:
    """How many of them are ready, and all."""
    found = re.search(r"Meses nuevos listos: (\d+) de (\d+)\.", page)
    assert found, page
    return int(found[1]), int(found[2])


def test_what_takes_long_is_worked_out_by_a_job_while_the_page_says_how_far_it_is(
    web: Web, analyst: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    for more, day in ((1, "2026-08-15"), (2, "2026-09-15")):
        add(web, *JULY, ("chicago", "MAT", more), day=day)
    with web.database.transaction(NETWORK_SCOPE) as session:
        at_once = prepare(session, SET)
    monkeypatch.setattr(preparing, "AT_ONCE", 0)
    page = analyst.get(PAGE).text
    ready, months = _new_months(page)
    assert months - ready == 3, "those that have small numbers"
    assert "changes_es" not in page, "nothing can be published before"
    refused = analyst.send(PAGE, **CHANGES, as_of=at_once.as_of.isoformat())
    assert "Todavía se está preparando" in refused.text
    assert "<progress" not in page
    for _ in range(2):
        assert analyst.post(f"{PAGE}/prepare").location.endswith(PAGE)
    worker = Database(web.settings.worker_database_url)
    with worker.transaction(NETWORK_SCOPE) as session:
        asked = session.execute(text("SELECT ref FROM outbox WHERE topic = :t"), {"t": TOPIC})
        assert asked.scalars().all() == [ref_of(SET)], "asked twice, it is done once"
        tables = prepare(session, SET).waiting
    page = analyst.get(PAGE).text
    assert "<progress" in page
    assert "Actualizar" in page, "by hand where there is no script"
    for number, table in enumerate(tables):
        assert _new_months(analyst.get(PAGE).text) == (ready + number, months)
        with worker.transaction(NETWORK_SCOPE) as session:
            keep_left_out(session, table, 5, work_out(table, 5))
    worker.dispose()
    with web.database.transaction(NETWORK_SCOPE) as session:
        ahead = prepare(session, SET, at_once.as_of)
    assert (ahead.rows, ahead.unsafe) == (at_once.rows, at_once.unsafe)
    publish(analyst)
    assert len(rows(web)) == len(at_once.rows)


def test_nobody_changes_or_deletes_what_was_published(web: Web, analyst: Browser) -> None:
    publish(analyst)
    for url in (web.settings.worker_database_url, web.settings.values["DATABASE_OWNER_URL"]):
        for statement in (
            "UPDATE dataset_files SET content = ''",
            "DELETE FROM dataset_files",
            "UPDATE dataset_versions SET number = 9",
        ):
            with psycopg.connect(url) as connection, pytest.raises(psycopg.Error):
                connection.execute(statement.encode())


def test_what_somebody_could_find_is_refused(
    web: Web, analyst: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        leaving_out, "suppress", lambda table, threshold: frozenset(table.small(threshold))
    )
    assert "No se puede publicar así" in analyst.get(PAGE).text
    page = publish(analyst, as_of=datetime.now(UTC).isoformat()).text
    assert "Con lo que se publicaría, alguien podría conocer un número pequeño." in page
    assert "Todavía no hay una versión publicada" in web.client.get(f"/open-data/{SET}").text


def test_a_version_of_what_was_looked_at_goes_out_once(web: Web, analyst: Browser) -> None:
    page = analyst.get(PAGE).text
    [as_of] = re.findall(r'name="as_of" value="([^"]+)"', page)
    add(web, ("chicago", "PAS10", 100))
    publish(analyst, as_of=unescape(as_of))
    assert rows(web)["2026-07", "world", "", "all"]["value"] == sum(n for _o, _s, n in JULY)
    assert 'href="#f-changes_es"' in publish(analyst, changes_es="").text
    for role in ("auditor", "admin"):
        assert staff_browser(web.app, role).get(PAGE).status_code == 403


def test_no_two_data_sets_count_the_same_facts() -> None:
    """Else the one less the other could tell a small count."""
    kinds = [dataset.indicator for dataset in DATASETS.values()]
    assert len(kinds) == len(set(kinds))
    assert not {"people", "services"} & set(kinds), "of the same appointments"
