"""Telephones whose owners want no messages about money sent to them."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, WORKER, grant

revision = "0105"
down_revision = "0104"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE stopped_phones (
            phone_index bytea CONSTRAINT pk_stopped_phones PRIMARY KEY,
            stopped_at timestamptz NOT NULL
        )
        """
    )
    grant("stopped_phones", "SELECT, INSERT, DELETE", to=WEB)
    grant("stopped_phones", "SELECT", to=WORKER)
