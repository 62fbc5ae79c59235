"""An order reads the agency's answer about the recipient's account with what else decides it."""

from __future__ import annotations

from migrations.support import drop_function, install

revision = "0122"
down_revision = "0121"


def upgrade() -> None:
    install("remittances", begin_order_v3="330297b1", begin_order_v2="44ce7830")
    drop_function("begin_order_v1(uuid, uuid, text, date, date, text[])")
