"""An appointment knows how often it changed, so that calendars take the newest of its files."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, grant

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    op.execute("ALTER TABLE appointments ADD COLUMN sequence smallint NOT NULL DEFAULT 0")
    grant("appointments", "UPDATE (sequence)", to=WEB)
