"""A correction may explain what is odd about the new number."""

from __future__ import annotations

from migrations.support import WEB, grant

revision = "0086"
down_revision = "0085"


def upgrade() -> None:
    grant("vote_counts", "UPDATE (note)", to=WEB)
