"""A comparison of the books keeps a mark, from which the next one goes on."""

from __future__ import annotations

from alembic import op

revision = "0133"
down_revision = "0132"


def upgrade() -> None:
    op.execute("ALTER TABLE ledger_comparisons ADD COLUMN mark bigint")
