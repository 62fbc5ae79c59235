"""Why a job failed last, and what was done lately, by topic."""

from __future__ import annotations

from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.execute("ALTER TABLE outbox ADD COLUMN last_error text")
    with op.get_context().autocommit_block():
        # One that was given up half way stays behind without being of use.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_outbox_done_at")
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_outbox_done_at ON outbox (done_at)"
            " WHERE done_at IS NOT NULL"
        )
