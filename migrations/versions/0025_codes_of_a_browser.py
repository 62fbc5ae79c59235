"""A code belongs to the browser that asked for it: nobody else's tries or requests use it up.

Codes of before have no browser; they are good for ten minutes and are asked for again.
"""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.execute("ALTER TABLE login_codes ADD COLUMN asked_by bytea")
