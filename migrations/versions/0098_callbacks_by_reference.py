"""A callback that has only the agency's own number is kept, and its remittance found by it."""

from __future__ import annotations

from alembic import op

from migrations.support import validate

revision = "0098"
down_revision = "0097"


def upgrade() -> None:
    op.execute("ALTER TABLE agency_messages ADD COLUMN reference text")
    # The version before finds no order for such a message, and asks about it when it is due.
    op.execute(
        "-- squawk-ignore ban-drop-not-null\n"
        "ALTER TABLE agency_messages ALTER COLUMN folio DROP NOT NULL"
    )
    op.execute(
        "ALTER TABLE agency_messages ADD CONSTRAINT ck_agency_messages_about"
        " CHECK (num_nonnulls(folio, reference) = 1) NOT VALID"
    )
    validate("agency_messages", "ck_agency_messages_about")
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_remittances_agency_reference")
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_remittances_agency_reference"
            " ON remittances (agency_reference) WHERE agency_reference IS NOT NULL"
        )
