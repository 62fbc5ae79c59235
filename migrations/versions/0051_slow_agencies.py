"""Until when an agency counts as slow."""

from __future__ import annotations

from alembic import op

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    op.execute("ALTER TABLE agency_states ADD COLUMN slow_until timestamptz")
