"""A check of identity may have been asked for to correct the data of the account's holder."""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.execute("ALTER TABLE identity_checks ADD COLUMN corrects boolean NOT NULL DEFAULT false")
