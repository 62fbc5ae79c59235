"""Under which names somebody was booked, however often an officer corrects how they are written."""

from __future__ import annotations

from alembic import op

from migrations.support import WEB, grant

revision = "0073"
down_revision = "0072"


def upgrade() -> None:
    op.execute("ALTER TABLE attendees ADD COLUMN booked_as uuid")
    grant("attendees", "UPDATE (booked_as)", to=WEB)
