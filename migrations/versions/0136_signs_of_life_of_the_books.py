"""The process that compares the books gives signs of life, and its outages are told."""

from __future__ import annotations

from alembic import op

from migrations.support import replace_constraint, validate

revision = "0136"
down_revision = "0135"

KINDS = "process IN ('relay', 'worker', 'schedule', 'books')"


def upgrade() -> None:
    for table in ("heartbeats", "outages"):
        replace_constraint(table, f"ck_{table}_process")
        op.execute(
            f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_process CHECK ({KINDS}) NOT VALID"
        )
        validate(table, f"ck_{table}_process")
