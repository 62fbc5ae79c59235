"""The web reads payout attempts after all: an order that may be on its way isn't cancelled."""

from __future__ import annotations

from migrations.support import WEB, grant

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    grant("payout_attempts", "SELECT", to=WEB)
