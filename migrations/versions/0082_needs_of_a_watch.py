"""Who waits for a place says what they need of a window, and whose kept places they may use."""

from __future__ import annotations

from alembic import op

revision = "0082"
down_revision = "0081"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE place_watches
            ADD COLUMN skills text[] NOT NULL DEFAULT '{}',
            ADD COLUMN share text NOT NULL DEFAULT ''
        """
    )
