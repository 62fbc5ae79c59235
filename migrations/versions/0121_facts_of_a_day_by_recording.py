"""Lines of a day are found by when they were recorded: of long ago, few are read for a figure.

The index takes the place of the one on the day alone, by whose columns it begins.
"""

from __future__ import annotations

from alembic import op

revision = "0121"
down_revision = "0120"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        # One that was interrupted before would be there without being usable.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_facts_kind_day_recorded_at")
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_facts_kind_day_recorded_at ON facts"
            " (kind, day, recorded_at)"
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_facts_kind_day")
