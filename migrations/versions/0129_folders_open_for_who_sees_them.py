"""Whoever sees a folder gets its key: an office does where the folder's person is another's row."""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, install

revision = "0129"
down_revision = "0128"


def upgrade() -> None:
    install("folders", folder_key_v1="67ed6d26")
    op.execute("REVOKE EXECUTE ON FUNCTION folder_key_v1(uuid) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION folder_key_v1(uuid) TO {APPLICATION}")
