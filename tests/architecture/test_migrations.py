"""Migrations follow one another, and what they make is what the models say, name by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import CheckConstraint, Connection, text
from sqlalchemy.dialects import postgresql

from consular import migrations
from services.metadata import metadata
from tests.architecture.source import ROOT

VERSIONS = ROOT / "migrations" / "versions"


def _revisions() -> list[Script]:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return list(ScriptDirectory.from_config(config).walk_revisions())[::-1]


def test_migrations_are_numbered_in_order_without_gaps() -> None:
    files = sorted(file.stem for file in VERSIONS.glob("[!_]*.py"))
    assert all(re.fullmatch(r"\d{4}_[a-z_]+", name) for name in files)
    assert [name[:4] for name in files] == [f"{n:04d}" for n in range(1, len(files) + 1)]


def test_each_migration_follows_the_one_before() -> None:
    revisions = _revisions()
    numbers = [script.revision for script in revisions]
    assert [script.down_revision for script in revisions] == [None, *numbers[:-1]]
    assert numbers == [script.path.rsplit("/", 1)[-1][:4] for script in revisions]


def test_each_migration_says_what_it_does() -> None:
    assert [script.revision for script in _revisions() if len(script.doc) < 10] == []


def test_the_last_migration_is_what_the_application_waits_for(migrated: Connection) -> None:
    reached = migrated.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    assert reached == migrations.head() == _revisions()[-1].revision


@pytest.mark.filterwarnings("ignore:Did not recognize type:sqlalchemy.exc.SAWarning")
def test_models_equal_what_the_migrations_made(migrated: Connection) -> None:
    def differs(_context: Any, column: Any, _model: Any, there: Any, ours: Any) -> bool | None:
        # SQLAlchemy reads the types it doesn't know (xid8, pg_snapshot) as NULL.
        if str(there) == "NULL":
            return (
                _type_in_database(migrated, column) != str(ours.compile(migrated.dialect)).lower()
            )
        return None

    context = MigrationContext.configure(
        migrated, opts={"compare_type": differs, "compare_server_default": False}
    )
    differences = [
        step for step in compare_metadata(context, metadata) if not _is_bookkeeping(step)
    ]
    assert differences == []


def test_constraints_bear_the_names_that_the_models_give_them(migrated: Connection) -> None:
    rows = migrated.execute(
        text(
            """
            SELECT t.relname, c.conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid
            WHERE t.relnamespace = 'public'::regnamespace AND c.contype IN ('p', 'u', 'f', 'c', 'x')
              AND t.relname <> 'alembic_version'
            """
        )
    )
    there = {(table, name) for table, name in rows}
    said = {
        (table.name, str(migrated.dialect.identifier_preparer.format_constraint(constraint)))
        for table in metadata.sorted_tables
        for constraint in table.constraints
    }
    assert there ^ said == set()


def test_indexes_bear_the_names_that_the_models_give_them(migrated: Connection) -> None:
    rows = migrated.execute(
        text(
            """
            SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'public'
              AND tablename <> 'alembic_version'
              AND indexname NOT IN (SELECT conname FROM pg_constraint)
            """
        )
    )
    there = {(table, name) for table, name in rows}
    said = {(t.name, str(index.name)) for t in metadata.sorted_tables for index in t.indexes}
    assert there ^ said == set()


def test_conditions_are_those_of_the_models(migrated: Connection) -> None:
    """Of constraints and of partial indexes, as PostgreSQL writes them: a status that was added to
    the rules alone would be refused by the database, or be missing from an index."""
    differing = {
        name
        for table, name, condition in _conditions()
        if _as_written(migrated, table, condition) != _condition_in_database(migrated, name)
    }
    migrated.rollback()
    assert differing == set()


def test_every_foreign_key_of_a_growing_table_is_indexed_or_points_to_reference_data(
    migrated: Connection,
) -> None:
    """Without one, deleting or re-keying the row it points to would read the whole table."""
    reference = {
        "consulates", "services", "staff_accounts", "ledger_accounts", "slots", "sessions",
        "people", "accounts", "collection_places",
    }  # fmt: skip
    rows = migrated.execute(
        text(
            """
            SELECT c.conname FROM pg_constraint c
            WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace
              AND c.confrelid::regclass::text <> ALL (:reference)
              AND NOT EXISTS (
                  SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid
                  AND (i.indkey::smallint[])[0:cardinality(c.conkey) - 1] @> c.conkey)
            """
        ),
        {"reference": list(reference)},
    )
    assert [row.conname for row in rows] == []


def _is_bookkeeping(step: Any) -> bool:
    """Alembic's own table isn't ours to describe."""
    return bool(step[0] == "remove_table" and step[1].name == "alembic_version")


def _type_in_database(connection: Connection, column: Any) -> str:
    row = connection.execute(
        text(
            "SELECT data_type FROM information_schema.columns"
            " WHERE table_name = :table AND column_name = :column"
        ),
        {"table": column.table.name, "column": column.name},
    )
    return str(row.scalar_one())


def _conditions() -> Iterator[tuple[str, str, str]]:
    """(table, name, condition) of the models' checks and partial indexes."""
    dialect = postgresql.dialect()
    for table in metadata.sorted_tables:
        for check in table.constraints:
            if isinstance(check, CheckConstraint):
                name = str(dialect.identifier_preparer.format_constraint(check))
                yield table.name, name, str(check.sqltext)
        for index in table.indexes:
            condition = index.dialect_options["postgresql"]["where"]
            if condition is not None:
                yield table.name, str(index.name), str(condition.compile(dialect=dialect))


def _as_written(connection: Connection, table: str, condition: str) -> str:
    """The condition as PostgreSQL writes it, by a constraint that is taken back."""
    probe = text(f"ALTER TABLE {table} ADD CONSTRAINT probe CHECK ({condition}) NOT VALID")
    with connection.begin_nested() as point:
        connection.execute(probe)
        written = _condition_in_database(connection, "probe")
        point.rollback()
    return written


def _condition_in_database(connection: Connection, name: str) -> str:
    return str(
        connection.execute(
            text(
                """
                SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conname = :name
                UNION ALL SELECT pg_get_expr(i.indpred, i.indrelid) FROM pg_index i
                JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname = :name
                """
            ),
            {"name": name},
        ).scalar_one()
    )
