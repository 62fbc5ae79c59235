"""The steps that the database allows are read from the rules, and stand in no text of SQL."""

from __future__ import annotations

from migrations.support import install

revision = "0125"
down_revision = "0124"


def upgrade() -> None:
    install("enrollments", enrollment_step_allowed="3489a953")
    install("remittances", remittance_step_allowed="18990dc3")
