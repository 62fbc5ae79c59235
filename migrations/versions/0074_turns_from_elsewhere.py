"""Who wants a message when they are next, and when they came to the window that called them."""

from __future__ import annotations

from alembic import op

revision = "0074"
down_revision = "0073"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE visits ADD COLUMN wants_message boolean NOT NULL DEFAULT false,"
        " ADD COLUMN notified_at timestamptz, ADD COLUMN at_desk_at timestamptz"
    )
