"""Items of the outbox about a row are found by row and topic together, and the table is cleaned up
and counted early: its rows change four times each, and few of them are open.

By the row alone, a plan made while the table was thought to be empty also read the whole index of
what is due, with all that had been due and was done: the longer, the more was done since.
"""

from __future__ import annotations

from alembic import op

revision = "0126"
down_revision = "0125"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.01,"
        " autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.01,"
        " autovacuum_analyze_threshold = 1000)"
    )
    with op.get_context().autocommit_block():
        # One that was interrupted before would be there without being usable.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_outbox_ref_topic")
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_outbox_ref_topic ON outbox (ref, topic)"
        )
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_outbox_ref")
