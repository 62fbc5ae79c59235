"""What an order is decided by is read in one call."""

from __future__ import annotations

from migrations.support import install

revision = "0112"
down_revision = "0111"


def upgrade() -> None:
    install("remittances", remittance_rules_v1="f4ad7ae0", begin_order_v1="db0bcb9e")
