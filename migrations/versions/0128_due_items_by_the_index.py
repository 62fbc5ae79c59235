"""What is due is taken by a function that reads the index in its order."""

from __future__ import annotations

from alembic import op

from migrations.support import WORKER, install

revision = "0128"
down_revision = "0127"

_TAKE = "take_due_v1(int, double precision, text[], text[])"


def upgrade() -> None:
    install("outbox", take_due_v1="c6323f65")
    op.execute(f"REVOKE EXECUTE ON FUNCTION {_TAKE} FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {_TAKE} TO {WORKER}")
