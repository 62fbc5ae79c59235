"""Whoever corrects a spelling at a window may say of a place whose it is."""

from __future__ import annotations

from migrations.support import WEB, grant

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    grant("attendees", "UPDATE (person_id)", to=WEB)
    grant("seats", "UPDATE (person_id)", to=WEB)
