"""Whether a transfer pays the dues of an enrollment, for offices too, which see no transfer."""

from __future__ import annotations

from migrations.support import install

revision = "0134"
down_revision = "0133"


def upgrade() -> None:
    install("remittances", dues_are_paid_v1="c1e57815")
