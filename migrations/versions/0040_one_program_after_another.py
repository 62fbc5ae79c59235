"""Whether a person is enrolled in the program that comes before another, whoever asked for it."""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, install

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    install("enrollments", is_enrolled="af59ae71")
    op.execute("REVOKE EXECUTE ON FUNCTION is_enrolled(bytea, text) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION is_enrolled(bytea, text) TO {APPLICATION}")
