"""An active enrollment has a last day to pay where something is to be paid for what follows its
cover, and nowhere else: the line by which it became active is paid."""

from __future__ import annotations

from alembic import op

revision = "0127"
down_revision = "0126"


def upgrade() -> None:
    op.execute("SELECT set_config('app.consulate', '*', true)")
    op.execute(
        "UPDATE enrollments SET pay_by = NULL WHERE status = 'active' AND pay_by IS NOT NULL"
    )
