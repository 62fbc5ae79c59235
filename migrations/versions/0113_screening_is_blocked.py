"""What was found when somebody was compared with lists goes with them when they are erased."""

from __future__ import annotations

from migrations.support import WORKER, grant

revision = "0113"
down_revision = "0112"


def upgrade() -> None:
    grant("screening_hits", "DELETE", to=WORKER)
