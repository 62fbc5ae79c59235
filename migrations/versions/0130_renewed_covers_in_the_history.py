"""The history of an enrollment notes when its cover became longer, once for each last day."""

from __future__ import annotations

from alembic import op

revision = "0130"
down_revision = "0129"


def upgrade() -> None:
    op.execute("ALTER TABLE enrollment_events ADD COLUMN IF NOT EXISTS covered_to date")
    with op.get_context().autocommit_block():
        # One that was given up half way stays behind without being of use.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_enrollment_events_covered_to")
        op.execute(
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS uq_enrollment_events_covered_to"
            " ON enrollment_events (enrollment_id, covered_to) WHERE covered_to IS NOT NULL"
        )
