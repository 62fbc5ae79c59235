"""What was posted about a thing, for treasury's pages as well."""

from __future__ import annotations

from alembic import op

from migrations.support import APPLICATION, install

revision = "0139"
down_revision = "0138"


def upgrade() -> None:
    install("ledger", ledger_thread_v1="4132691c")
    function = "ledger_thread_v1(uuid)"
    op.execute(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {function} TO {APPLICATION}")
