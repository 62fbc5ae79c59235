"""A database function stands once, and its slice's file says what a migrated database holds."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text

from migrations.support import definitions, digest
from tests.architecture.source import ROOT, literal, written

FILES = {file.parent.name: file for file in sorted(ROOT.glob("services/*/functions.sql"))}
WRITTEN = {name: definition for slice_ in FILES for name, definition in definitions(slice_)}
# Name, arguments, what it returns, body, volatility, options and whose rights it has.
HELD = text(
    """
    SELECT p.proname, pg_get_functiondef(p.oid) FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    ORDER BY p.oid
    """
)
MIGRATIONS = sorted((ROOT / "migrations" / "versions").glob("[0-9]*.py"))


def _installed() -> Iterator[tuple[str, str, str]]:
    """(migration, function, digest) of each ``install``, in order."""
    for file in MIGRATIONS:
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and written(call.func) == "install":
                for function in call.keywords:
                    yield file.stem, function.arg or "", literal(function.value) or ""


def test_every_function_has_one_definition_in_one_file() -> None:
    named = Counter(
        name
        for file in FILES.values()
        for name in re.findall(r"FUNCTION (\w+)\s*\(", file.read_text(encoding="utf-8"))
    )
    assert named == Counter(list(WRITTEN))


def test_a_migrated_database_holds_what_the_files_say(migrated: Connection) -> None:
    before = [tuple(row) for row in migrated.execute(HELD)]
    assert sorted(name for name, _ in before) == sorted(WRITTEN)
    for definition in WRITTEN.values():
        migrated.exec_driver_sql(definition.replace("%", "%%"))
    assert [tuple(row) for row in migrated.execute(HELD)] == before


def test_a_function_that_was_changed_is_installed_again() -> None:
    """A new database gets the file's text from every migration; one that exists, from a new one."""
    newest = {name: (migration, expected) for migration, name, expected in _installed()}
    changed = {
        name: f"{migration} installed another text: add a migration that installs {digest(now)}"
        for name, (migration, expected) in newest.items()
        if (now := WRITTEN.get(name)) and digest(now) != expected
    }
    assert changed == {}


def test_a_function_that_has_left_its_file_is_dropped_by_a_later_migration() -> None:
    left = {(name, migration) for migration, name, _ in _installed() if name not in WRITTEN}
    assert [
        (migration, name)
        for name, migration in left
        if not any(
            re.search(rf'"{name}\(', file.read_text(encoding="utf-8"))
            for file in MIGRATIONS
            if file.stem > migration and "drop_function(" in file.read_text(encoding="utf-8")
        )
    ] == []


@pytest.mark.parametrize("table", ["facts", "audit_entries", "outbox", "idempotency_keys"])
def test_a_row_of_what_happened_is_written_in_one_place_in_sql_and_in_one_in_python(
    table: str,
) -> None:
    model = {
        "facts": "Fact",
        "audit_entries": "AuditEntry",
        "outbox": "OutboxItem",
        "idempotency_keys": "IdempotencyKey",
    }[table]
    places = _places(rf"INSERT INTO {table}\b|\binsert\(\s*{model}\b")
    # Lines of a party that was booked, beside those of anything else.
    party = ["sql"] if table == "facts" else []
    assert sorted(place.rpartition(".")[2] for place in places) == ["py", "sql", *party]
    assert _places(rf"(?<!class )\b{model}\((?!Base)\w+=") == []


def test_how_many_places_are_free_is_counted_in_one_place() -> None:
    assert _places(r"capacity\s*-\s*(\w+\.)?taken") == ["services/appointments/functions.sql"]


def _places(pattern: str) -> list[str]:
    """The file of each match in our source and its database functions."""
    folders = ("services", "consular", "workers")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py")]
    return [
        str(file.relative_to(ROOT))
        for file in [*files, *FILES.values()]
        for _ in re.findall(pattern, file.read_text(encoding="utf-8"))
    ]
