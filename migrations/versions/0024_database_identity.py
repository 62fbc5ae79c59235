"""A database knows its cluster: one that was restored elsewhere starts only once it is adopted."""

from __future__ import annotations

from alembic import op

from migrations.support import grant

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE database_identity (
            single boolean CONSTRAINT pk_database_identity PRIMARY KEY DEFAULT true
                CONSTRAINT ck_database_identity_single CHECK (single),
            system_identifier bigint NOT NULL,
            adopted_at timestamptz NOT NULL
        )
        """
    )
    op.execute(
        "INSERT INTO database_identity (system_identifier, adopted_at)"
        " SELECT system_identifier, clock_timestamp() FROM pg_control_system()"
    )
    grant("database_identity", "SELECT")
