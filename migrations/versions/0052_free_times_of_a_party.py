"""Free times of several offices at which a party fits, by one function."""

from __future__ import annotations

from migrations.support import install

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    install("appointments", free_times="bb771056")
