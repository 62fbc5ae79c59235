"""Compliance's page says which lists names are compared with, and since when."""

from __future__ import annotations

from migrations.support import WEB, grant

revision = "0109"
down_revision = "0108"


def upgrade() -> None:
    grant("screening_lists", "SELECT", to=WEB)
