"""Entries of a database that was adopted by another cluster come after those of the one before."""

from __future__ import annotations

from alembic import op

from migrations.support import install

revision = "0095"
down_revision = "0094"


def upgrade() -> None:
    op.execute("ALTER TABLE database_identity ADD COLUMN adoptions smallint NOT NULL DEFAULT 0")
    install("ledger", check_postings="e41c3d4b")
