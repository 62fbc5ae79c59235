"""A callback about a payment that has only the provider's own number finds its charge by it."""

from __future__ import annotations

from alembic import op

revision = "0123"
down_revision = "0122"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_charges_provider_reference")
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_charges_provider_reference"
            " ON charges (provider_reference) WHERE provider_reference IS NOT NULL"
        )
